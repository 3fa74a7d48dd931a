"""The exam of redshifts: active galaxies without one in 4LAC-DR3 that have one, or a lower limit, now.

The rule was written and the forecasts were stored before anything was scored:

1. Candidates are all sources of 4LAC-DR3, both files, without a redshift.
2. *Secure*: zflag 1 in 1CGH, or a corrected value of quality 1 or more by Goldoni. 1CGH's value counts where both have one.
3. *Limit*: no secure value, but zflag 3 or a lower limit by Goldoni; the larger of two.
4. Two secure values that differ by more than 0.01, or a secure value below the other file's limit by more than that,
   contradict each other: left out and counted.
5. Everything else (zflag 2: photometric or uncertain) is no answer.
"""

import numpy as np
import pandas as pd

from agnbook.errors import FeatureError
from agnbook.judge import scores
from agnbook.judge.photometric import OUTLIER

#: Two measurements of one redshift agree within this.
TOLERANCE = 0.01
#: Levels of the five quantiles that every contender gives, and the names of their columns.
LEVELS = (0.025, 0.16, 0.5, 0.84, 0.975)
QUANTILES = ("q025", "q160", "q500", "q840", "q975")


def answers(published: pd.DataFrame, candidates) -> pd.DataFrame:
    """Apply the rule.

    Parameters
    ----------
    published : as `peers.published_redshifts` gives it.
    candidates : names of the sources without a redshift.

    Returns
    -------
    pandas.DataFrame, indexed by candidate
        ``status`` ("secure", "limit", "contradictory", "uncertain" or ""), ``z``, ``limit`` (NaN where not given),
        ``file`` and ``origin`` of the value.
    """
    candidates = pd.Index(candidates, name="Source_Name")
    table = pd.DataFrame({"status": "", "z": np.nan, "limit": np.nan, "file": "", "origin": ""}, candidates)
    for name, rows in published[published["Source_Name"].isin(candidates)].groupby("Source_Name", sort=False):
        secure, limits = (rows[rows["kind"] == kind] for kind in ("secure", "limit"))
        if len(secure):
            value = secure.iloc[0]
            apart = secure["z"].max() - secure["z"].min() > TOLERANCE or (limits["z"] > value["z"] + TOLERANCE).any()
            z = np.nan if apart else value["z"]
            table.loc[name] = ["contradictory" if apart else "secure", z, np.nan, value["file"], value["origin"]]
        elif len(limits):
            value = limits.loc[limits["z"].idxmax()]
            table.loc[name] = ["limit", np.nan, value["z"], value["file"], value["origin"]]
        elif (rows["kind"] == "uncertain").any():
            table.loc[name, "status"] = "uncertain"
    return table


def gaussian(mean, sd, index) -> pd.DataFrame:
    """Turn means and standard deviations into a forecast table: the "3-sigma rule" of paper 1."""
    from scipy import stats

    mean, sd = np.asarray(mean, float), np.asarray(sd, float)
    values = mean[:, None] + sd[:, None] * stats.norm.ppf(LEVELS)
    table = pd.DataFrame(values, index, list(QUANTILES)).assign(mean=mean)
    for name, k in {"68": 1, "95": 2, "997": 3}.items():
        table[f"low{name}"], table[f"high{name}"] = mean - k * sd, mean + k * sd
    return table


def _points(table: pd.DataFrame) -> np.ndarray:
    """Knots of the cumulative distributions, shape (n, 7): where it is 0, `LEVELS` and 1, straight lines between them."""
    quantiles = table[list(QUANTILES)].to_numpy(float)
    top = quantiles[:, -1] + np.maximum(quantiles[:, -1] - quantiles[:, -2], 1e-6)
    return np.maximum.accumulate(np.column_stack([np.minimum(quantiles[:, 0], 0.0), quantiles, top]), axis=1)


def cumulative(table: pd.DataFrame, z) -> np.ndarray:
    """P(redshift <= z) from the five quantiles, straight lines between them from (0, 0); shape (n,).

    Above the highest quantile the rest of the probability is spread as far as the two highest quantiles are apart.
    """
    steps = [0.0, *LEVELS, 1.0]
    return np.array([np.interp(value, row, steps) for value, row in zip(np.asarray(z, float), _points(table), strict=True)])


def crps(table: pd.DataFrame, z, limit: bool = False) -> np.ndarray:
    """Continuous ranked probability score of `cumulative`, exactly, shape (n,), in units of redshift.

    Parameters
    ----------
    z : array, shape (n,), redshifts, or lower limits.
    limit : whether `z` are lower limits. Their score is the integral of F^2 up to the limit (the censored CRPS of Avati et
        al. 2020): 0 for a forecast that lies wholly above it, wherever.
    """
    result, steps = [], np.array([0.0, *LEVELS, 1.0])
    for value, row in zip(np.asarray(z, float), _points(table), strict=True):
        place = np.searchsorted(row, value, side="right")
        knots, height = np.insert(row, place, value), np.insert(steps, place, np.interp(value, row, steps))
        below = np.arange(len(row)) < place
        left, right = (np.where(below, side, 1 - side) for side in (height[:-1], height[1:]))
        piece = np.diff(knots) * (left**2 + left * right + right**2) / 3  # a line's square, integrated
        result.append(piece[below].sum() if limit else piece.sum())
    return np.array(result)


def each(table: pd.DataFrame, truth) -> pd.DataFrame:
    """What every score is made of, one row a source: errors, whether inside, CRPS.

    Parameters
    ----------
    table : one row a source: ``mean``, `QUANTILES`, ``low68``, ``high68``, ``low95``, ``high95``.
    truth : array, shape (n,), redshifts.
    """
    truth = np.asarray(truth, float)
    result = pd.DataFrame({"truth": truth, "mean": table["mean"].to_numpy(float)}, table.index)
    result["error"] = result["mean"] - truth
    result["relative"] = result["error"] / (1 + truth)
    for level in [name for name in ("68", "95", "997") if f"low{name}" in table]:
        result[f"inside{level}"] = (truth >= table[f"low{level}"].to_numpy()) & (truth <= table[f"high{level}"].to_numpy())
    result["crps"] = crps(table, truth)
    return result


def _nmad(relative: np.ndarray) -> float:
    return float(1.4826 * np.median(np.abs(relative - np.median(relative))))


#: name -> function of the columns of `each`, as arrays.
SCORES = {
    "rmse": lambda e: np.sqrt(np.mean(e["error"] ** 2)),
    "cc": lambda e: scores.correlation(e["truth"], e["mean"]),
    "bias": lambda e: e["error"].mean(),
    "nmad": lambda e: _nmad(e["relative"]),
    "outliers": lambda e: np.mean(np.abs(e["relative"]) > OUTLIER),
    "coverage68": lambda e: e["inside68"].mean(),
    "coverage95": lambda e: e["inside95"].mean(),
    "crps": lambda e: e["crps"].mean(),
}


def _all_scores(pieces: dict[str, np.ndarray], rows) -> np.ndarray:
    sample = {name: values[rows] for name, values in pieces.items()}
    return np.array([float(function(sample)) for function in SCORES.values()])


def _table(value: np.ndarray, draws: np.ndarray) -> pd.DataFrame:
    """Scores with 95 % intervals; a score that no resample has (the correlation of a constant) gets none."""
    limits = []
    for column in draws.T:
        spread = column[np.isfinite(column)]
        limits.append(np.quantile(spread, [0.025, 0.975]) if len(spread) else (np.nan, np.nan))
    low, high = np.transpose(limits)
    return pd.DataFrame({"value": value, "low": low, "high": high}, list(SCORES))


def score(table: pd.DataFrame, truth: pd.Series, *, n_resamples: int = 500, seed: int = 0) -> pd.DataFrame:
    """Score a forecast table on the sources that have an answer.

    Returns
    -------
    pandas.DataFrame
        Rows of `SCORES`; columns ``value``, ``low``, ``high`` (95 %, sources resampled). ``attrs``: ``n``, ``unanswered``
        (answers that the table lacks) and ``extra`` (rows without an answer).

    Raises
    ------
    FeatureError
        When no answered source is in the table.
    """
    truth = truth.dropna()
    common = truth.index.intersection(table.index, sort=False)
    if not len(common):
        raise FeatureError("No source with an answer is in the table. Names must be those of 4LAC-DR3, '4FGL J0003.1-5248'.")
    pieces = {name: column.to_numpy() for name, column in each(table.loc[common], truth[common]).items()}
    rng, n = np.random.default_rng(seed), len(common)
    draws = np.array([_all_scores(pieces, rng.integers(0, n, n)) for _ in range(n_resamples)])
    result = _table(_all_scores(pieces, slice(None)), draws)
    result.attrs |= {"n": n, "unanswered": len(truth) - n, "extra": len(table) - n}
    return result


def paired(first: pd.DataFrame, second: pd.DataFrame, truth: pd.Series, *, n_resamples: int = 500, seed: int = 0) -> pd.DataFrame:
    """Differences second minus first of every score on the sources that both answer for, resampled in pairs.

    Returns
    -------
    pandas.DataFrame
        Rows of `SCORES`, columns ``value``, ``low``, ``high``; ``attrs["n"]``.
    """
    truth = truth.dropna()
    common = truth.index.intersection(first.index).intersection(second.index)
    both = [
        {name: column.to_numpy() for name, column in each(table.loc[common], truth[common]).items()} for table in (first, second)
    ]

    def difference(rows):
        return _all_scores(both[1], rows) - _all_scores(both[0], rows)

    rng, n = np.random.default_rng(seed), len(common)
    draws = np.array([difference(rng.integers(0, n, n)) for _ in range(n_resamples)])
    result = _table(difference(slice(None)), draws)
    result.attrs["n"] = n
    return result


def limit_scores(table: pd.DataFrame, limit: pd.Series) -> pd.DataFrame:
    """How a forecast stands to lower limits, one row a source.

    Returns
    -------
    pandas.DataFrame
        ``median_below`` and ``interval_below`` (whether the median, the whole 95 % interval lies below the limit),
        ``above`` (probability beyond the limit) and the censored ``crps``.
    """
    limit = limit.dropna()
    common = limit.index.intersection(table.index, sort=False)
    table, limit = table.loc[common], limit[common].to_numpy(float)
    return pd.DataFrame(
        {
            "median_below": table["q500"].to_numpy() < limit, "interval_below": table["high95"].to_numpy() < limit,
            "above": 1 - cumulative(table, limit), "crps": crps(table, limit, limit=True),
        },
        common,
    )  # fmt: skip


def together(tables: dict[str, pd.DataFrame], truth: pd.Series, limit: pd.Series, reference: str, *, n_resamples: int = 500,
             seed: int = 0) -> pd.DataFrame:  # fmt: skip
    """CRPS over secure redshifts and lower limits, each source counted once, beside a reference.

    Parameters
    ----------
    tables : name -> forecast table that answers for all of `truth` and `limit`.

    Returns
    -------
    pandas.DataFrame
        One row a table: ``n``, ``crps``, ``value`` (minus the reference's, paired), ``low``, ``high``.
    """
    truth, limit = truth.dropna(), limit.dropna()
    both = {
        name: np.r_[crps(table.loc[truth.index], truth), crps(table.loc[limit.index], limit, limit=True)]
        for name, table in tables.items()
    }
    rng, n = np.random.default_rng(seed), len(truth) + len(limit)
    draws = rng.integers(0, n, (n_resamples, n))
    rows = {}
    for name, values in both.items():
        gap = values - both[reference]
        rows[name] = (n, values.mean(), gap.mean(), *np.quantile(gap[draws].mean(axis=1), [0.025, 0.975]))
    return pd.DataFrame.from_dict(rows, orient="index", columns=["n", "crps", "value", "low", "high"])


def median_gap(first, second, *, n_resamples: int = 1000, seed: int = 0) -> tuple[float, float, float]:
    """Median of `second` minus that of `first`, with its 95 % bootstrap interval; two samples, resampled apart."""
    first, second, rng = np.asarray(first, float), np.asarray(second, float), np.random.default_rng(seed)
    draws = [np.median(rng.choice(second, len(second))) - np.median(rng.choice(first, len(first))) for _ in range(n_resamples)]
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(np.median(second) - np.median(first)), float(low), float(high)


def audit(published: pd.DataFrame, known: pd.Series) -> pd.DataFrame:
    """What revised lists say about redshifts that a catalogue gives.

    Parameters
    ----------
    published : as `peers.published_redshifts` gives it.
    known : redshifts of the catalogue by name.

    Returns
    -------
    pandas.DataFrame
        One row a source and list: ``Source_Name``, ``file``, ``old``, ``z`` and ``finding``: "secure, same value",
        "secure, other value" (apart by more than `TOLERANCE`), "photometric or uncertain", "only a limit", "no value".
    """
    table = published[published["Source_Name"].isin(known.index)].drop_duplicates(["Source_Name", "file"])
    table = table.assign(old=known[table["Source_Name"]].to_numpy())
    apart = (table["z"] - table["old"]).abs() > TOLERANCE
    names = {"uncertain": "photometric or uncertain", "limit": "only a limit", "withdrawn": "no value"}
    secure = np.where(apart, "secure, other value", "secure, same value")
    return table.assign(finding=table["kind"].map(names).fillna(pd.Series(secure, table.index)))
