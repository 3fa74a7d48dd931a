"""The best model's redshifts of sources without one, with and without being told the class (chapter 17)."""

import numpy as np
import pandas as pd

from agnbook.redshifts import boosted

#: Column -> level of the quantile it holds.
QUANTILES = {"z_q025": 0.025, "z_q160": 0.16, "z_q500": 0.5, "z_q840": 0.84, "z_q975": 0.975}


def without_class(X: pd.DataFrame) -> pd.DataFrame:
    """Return the features with every class indicator at 0, so that no model can learn from it."""
    return X.assign(**dict.fromkeys([name for name in X if name.startswith("CLASS_")], 0.0))


def in_blocks(X: pd.DataFrame, blocks: int) -> list[pd.DataFrame]:
    """Return blocks of rows: a distribution weighs all training residuals, which is too wide for all sources at once."""
    return [X.iloc[rows] for rows in np.array_split(np.arange(len(X)), blocks)]


def predict(sample: boosted.RedshiftSample, X: pd.DataFrame, *, blocks: int, seed: int = 0, **sizes) -> pd.DataFrame:
    """Train the best model on `sample`, once more without the class, and predict the sources of `X`.

    Parameters
    ----------
    blocks : number of blocks in which X is predicted.
    sizes : of `boosted.fit_best`.

    Returns
    -------
    pandas.DataFrame
        ``Source_Name``, ``z_mean``, ``z_sd``, the columns of `QUANTILES`, the calibrated intervals ``z_low68`` to
        ``z_high95``, and ``z_mean_no_class``; five digits.
    """
    model = boosted.fit_best(sample, seed=seed, **sizes)
    parts = []
    for block in in_blocks(X, blocks):
        forecast = model.predict(block)
        limits = model.intervals(forecast, block)
        part = {"Source_Name": block.index, "z_mean": forecast.mean, "z_sd": forecast.sd}
        part |= {name: forecast.quantile(level) for name, level in QUANTILES.items()}
        part |= {"z_low68": limits[:, 0, 0], "z_high68": limits[:, 0, 1]}
        parts.append(pd.DataFrame(part | {"z_low95": limits[:, 1, 0], "z_high95": limits[:, 1, 1]}))
    blind = boosted.fit_best(boosted.RedshiftSample(without_class(sample.X), sample.z, sample.kept), seed=seed, **sizes)
    means = [blind.predict(block).mean for block in in_blocks(without_class(X), blocks)]
    return pd.concat(parts, ignore_index=True).assign(z_mean_no_class=np.concatenate(means)).round(5)


def draws(quantiles, n: int = 50) -> np.ndarray:
    """Points of each source's distribution, evenly spaced in probability, all sources in one array.

    Parameters
    ----------
    quantiles : array (sources, 5), the columns of `QUANTILES`
        Straight lines join them, from 0 to 1.3 times the largest.
    """
    levels = [0, *QUANTILES.values(), 1]
    at = np.linspace(0.01, 0.99, n)
    return np.concatenate([np.interp(at, levels, [0, *row, row[-1] * 1.3]) for row in np.asarray(quantiles, float)])
