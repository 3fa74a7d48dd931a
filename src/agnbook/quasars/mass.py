"""Black-hole masses from luminosity and variability: several predictors, judged on objects they have not seen.

A prediction is a Gaussian in log mass: mean and standard deviation.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from agnbook.judge.cross_validation import repeated_folds
from agnbook.quasars import relation

#: What each predictor may see.
PREDICTORS = {
    "prior": (),
    "redshift, M_i": ("redshift", "M_i"),
    "+ time-scale": ("redshift", "M_i", "log_tau_rest"),
    "+ amplitude": ("redshift", "M_i", "log_sf_rest"),
    "+ all": ("redshift", "M_i", "log_tau_rest", "log_sf_rest", "tau_slope", "sigma_slope", "logit_rho"),
    "time-scale alone": ("log_tau_rest",),
    "variability alone": ("log_tau_rest", "log_sf_rest", "tau_slope", "sigma_slope", "logit_rho"),
}
#: Burke et al. (2021), their equation 2: rest-frame damping time-scale against mass, log M = 7.97 + 2.54 log(tau / 100 d).
BURKE = (7.97, 2.54)


def features(fits: pd.DataFrame, objects: pd.DataFrame, rows=None) -> pd.DataFrame:
    """Columns that predictors may use, without a look at any mass.

    Time-scale and amplitude are each object's expectation given its curve and the population of quasars of its redshift
    (`relation` without luminosity and mass), in the rest frame at 6000 A observed: a poorly measured value shrinks to
    the population's. `rows` are those that may shape the population; by default all.
    """
    data = relation.measured(fits)
    rows = np.arange(len(fits)) if rows is None else rows
    population = relation.fit_relation(relation.Measured(data.precision[rows], data.score[rows]), objects.iloc[rows], ())
    return predictors(population, fits, objects)


def predictors(population: relation.Relation, fits: pd.DataFrame, objects: pd.DataFrame) -> pd.DataFrame:
    """Columns of `features`, under a `population` that is known."""
    value, _ = relation.expected_values(population, relation.measured(fits), objects)
    out = pd.DataFrame(value, columns=["log_tau_rest", "tau_slope", "log_sf_rest", "sigma_slope"], index=fits.index)
    out["logit_rho"] = np.log(fits["rho"] / (1 - fits["rho"])).clip(-3, 8)
    return out.assign(redshift=objects["redshift"].to_numpy(), M_i=objects["M_i"].to_numpy())


def regression(values, log_mass):
    """Fit a second-order polynomial with ridge penalty (chosen by leave-one-out), and the standard deviation about it.

    Returns
    -------
    sklearn.pipeline.Pipeline, float
        The standard deviation (dex) is that of the residuals by leave-one-out.
    """
    ridge = RidgeCV(np.logspace(-3, 3, 13), store_cv_results=True)
    model = make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False), StandardScaler(), ridge)
    model.fit(np.asarray(values, float), np.asarray(log_mass, float))
    squared = ridge.cv_results_[:, list(ridge.alphas).index(ridge.alpha_)]
    return model, float(np.sqrt(squared.mean()))


def cross_validated(columns: pd.DataFrame, log_mass, names: tuple[str, ...], folds: np.ndarray) -> np.ndarray:
    """Predict each object's log mass from the other folds, (n, 2): mean and standard deviation.

    Second-order polynomial with ridge penalty (chosen within the training folds); the standard deviation is that of the
    training residuals, by leave-one-out.
    """
    log_mass = np.asarray(log_mass, float)
    out = np.empty((len(log_mass), 2))
    for fold in np.unique(folds):
        test = folds == fold
        if not names:
            out[test] = log_mass[~test].mean(), log_mass[~test].std()
            continue
        values = columns[list(names)].to_numpy(float)
        model, out[test, 1] = regression(values[~test], log_mass[~test])
        out[test, 0] = model.predict(values[test])
    return out


def burke(log_tau_rest) -> np.ndarray:
    """Log mass by the relation of Burke et al. (2021), from the rest-frame damping time-scale."""
    return BURKE[0] + BURKE[1] * (np.asarray(log_tau_rest, float) - 2)


@dataclass(frozen=True)
class Score:
    """Root mean square and mean absolute error (dex), with 95 % intervals over objects, and coverage of 68.3 % and 95.4 %."""

    rms: float
    rms_interval: tuple[float, float]
    mae: float
    coverage68: float
    coverage95: float
    n: int


def score(log_mass, prediction, *, seed: int = 0) -> Score:
    """Score predictions (n, 2) of `log_mass` (n,)."""
    error = np.asarray(log_mass) - prediction[:, 0]
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(error), (1000, len(error)))
    rms = np.sqrt(np.mean(error[draws] ** 2, axis=1))
    z = np.abs(error) / prediction[:, 1]
    return Score(
        float(np.sqrt(np.mean(error**2))), tuple(np.quantile(rms, [0.025, 0.975])), float(np.abs(error).mean()),
        float(np.mean(z < 1)), float(np.mean(z < 2)), len(error),
    )  # fmt: skip


def gain(log_mass, prediction, reference, *, seed: int = 0) -> tuple[float, tuple[float, float]]:
    """Rms of `reference` minus rms of `prediction` (dex) on the same objects, with its paired 95 % interval."""
    a, b = (np.asarray(log_mass) - np.asarray(p)[:, 0] for p in (reference, prediction))
    draws = np.random.default_rng(seed).integers(0, len(a), (1000, len(a)))
    difference = np.sqrt(np.mean(a[draws] ** 2, axis=1)) - np.sqrt(np.mean(b[draws] ** 2, axis=1))
    return float(np.sqrt(np.mean(a**2)) - np.sqrt(np.mean(b**2))), tuple(np.quantile(difference, [0.025, 0.975]))


def folds(n: int, seed: int = 0) -> np.ndarray:
    """Fold number 0 to 9 of each object."""
    return repeated_folds(n, 10, 1, seed)[0]


def borrowed_width(objects: pd.DataFrame, log_mass, rng: np.random.Generator) -> np.ndarray:
    """Masses with the luminosity of each object and the line width of another: what luminosity alone puts into a mass.

    A single-epoch mass is a log L + 2 log(width) + constant. The part that `M_i` and redshift explain is kept, the rest
    goes to a random other object.
    """
    columns = objects[["redshift", "M_i"]].to_numpy(float)
    model = make_pipeline(StandardScaler(), PolynomialFeatures(2), RidgeCV(np.logspace(-3, 3, 13)))
    explained = model.fit(columns, log_mass).predict(columns)
    return explained + rng.permutation(np.asarray(log_mass) - explained)
