"""How time-scale and amplitude depend on wavelength, luminosity and mass: a population fitted to many light curves at once.

For each quasar the four numbers of `sample.SHAPE` follow, in the form of MacLeod et al. (2010, their equation 7),

    log f = A + B log(wavelength_rest / 4000 A) + C (M_i + 23) + D log(M / 10^9)

once for the rest-frame time-scale (days) and once for SF_inf (mag), with an intrinsic scatter of all four (4 x 4
covariance). A light curve gives them as a Gaussian; its fit's own prior is divided out, so that a curve that says
nothing about the time-scale weighs nothing. Coefficients and scatter are found by expectation and maximisation.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from agnbook.quasars.model import PIVOT_ANGSTROM, PRIORS
from agnbook.quasars.sample import SHAPE

#: MacLeod et al. (2010), table 2: A, B, C, D; the law that this book's simulators use.
MACLEOD = {"tau": (2.4, 0.17, 0.03, 0.21), "sf": (-0.51, -0.479, 0.131, 0.18)}
#: ... and their standard errors.
MACLEOD_ERRORS = {"tau": (0.2, 0.02, 0.04, 0.07), "sf": (0.02, 0.005, 0.008, 0.03)}
COEFFICIENTS = ("A", "B", "C", "D")


@dataclass(frozen=True)
class Measured:
    """What light curves say about the four numbers of each object, the fit's prior divided out.

    Attributes
    ----------
    precision : (n, 4, 4), zero where a curve says nothing.
    score : (n, 4), precision times the most likely value.
    """

    precision: np.ndarray
    score: np.ndarray


def measured(fits: pd.DataFrame, prior: str = "broad") -> Measured:
    """Turn a table of `sample.table` into Gaussian likelihoods of (log tau, its slope, log sigma, its slope)."""
    mean, sd = fits[list(SHAPE)].to_numpy(float), fits[[f"{name}_sd" for name in SHAPE]].to_numpy(float)
    correlation = np.tile(np.eye(4), (len(fits), 1, 1))
    for i in range(4):
        for j in range(i):
            correlation[:, i, j] = correlation[:, j, i] = fits[f"corr_{j}{i}"]
    total = np.linalg.inv(correlation * sd[:, :, None] * sd[:, None, :])
    prior_mean, prior_sd = np.array([PRIORS[prior][name] for name in SHAPE]).T
    # a curve cannot know less than nothing: eigenvalues in units of the prior's precision stay above zero
    values, vectors = np.linalg.eigh(total * np.outer(prior_sd, prior_sd) - np.eye(4))
    root = vectors * np.sqrt(np.maximum(values, 0))[:, None, :]
    precision = root @ np.swapaxes(root, 1, 2) / np.outer(prior_sd, prior_sd)
    kept = np.einsum("nij,nj->ni", total, mean) - prior_mean / prior_sd**2
    centre = np.linalg.solve(precision + 1e-6 * np.eye(4), kept[..., None])[..., 0]
    return Measured(precision, np.einsum("nij,nj->ni", precision, centre))


@dataclass(frozen=True)
class Relation:
    """Coefficients and intrinsic scatter of a population.

    Attributes
    ----------
    coefficients : (2, k) rows tau and SF; columns A, B and one for each of `covariates`.
    scatter : (4, 4) covariance of the four numbers at fixed covariates.
    covariates : names of the columns after A and B.
    """

    coefficients: np.ndarray
    scatter: np.ndarray
    covariates: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Coefficients as a table, rows tau and sf."""
        return pd.DataFrame(self.coefficients, ["tau", "sf"], ["A", "B", *self.covariates])


def design(objects: pd.DataFrame, covariates: tuple[str, ...]) -> np.ndarray:
    """Matrix (n, 4, 2 k) that turns coefficients into the four expected numbers.

    `objects` has redshift and the covariates: M_i as "C" (M_i + 23), log_mass as "D" (log_mass - 9).
    """
    stretch = np.log10(1 + objects["redshift"].to_numpy(float))
    x = np.log10(PIVOT_ANGSTROM / 4000) - stretch
    columns = {"C": "M_i", "D": "log_mass"}
    zero = {"C": -23.0, "D": 9.0}
    given = [objects[columns[name]].to_numpy(float) - zero[name] for name in covariates]
    k = 2 + len(covariates)
    out = np.zeros((len(objects), 4, 2 * k))
    for level, slope, first in ((0, 1, 0), (2, 3, k)):
        out[:, level, first : first + k] = np.stack([np.ones_like(x), x, *given], axis=1)
        out[:, slope, first + 1] = 1.0
    return out


def _offset(objects: pd.DataFrame) -> np.ndarray:
    """What turns the rest-frame law into the fits' numbers, (n, 4): log(1 + z) for tau, sigma = SF / sqrt(2)."""
    out = np.zeros((len(objects), 4))
    out[:, 0] = np.log10(1 + objects["redshift"].to_numpy(float))
    out[:, 2] = -0.5 * np.log10(2)
    return out


def fit_relation(
    data: Measured,
    objects: pd.DataFrame,
    covariates: tuple[str, ...] = ("C", "D"),
    *,
    start: Relation | None = None,
    rounds: int = 200,
) -> Relation:
    """Fit the laws by expectation and maximisation; rows of `objects` go with those of `data`."""
    matrix, offset = design(objects, covariates), _offset(objects)
    beta = np.zeros(matrix.shape[2]) if start is None else start.coefficients.ravel()
    if start is None:
        beta[: 2 + len(covariates)][:2], beta[2 + len(covariates) :][:2] = MACLEOD["tau"][:2], MACLEOD["sf"][:2]
    scatter = np.diag([0.3, 0.1, 0.15, 0.1]) ** 2 if start is None else start.scatter
    for _ in range(rounds):
        inverse = np.linalg.inv(scatter)
        expected = matrix @ beta + offset
        spread = np.linalg.inv(inverse + data.precision)
        value = np.einsum("nij,nj->ni", spread, expected @ inverse + data.score)
        weighted = np.einsum("nia,ij->naj", matrix, inverse)
        new = np.linalg.solve(np.einsum("naj,njb->ab", weighted, matrix), np.einsum("naj,nj->a", weighted, value - offset))
        residual = value - matrix @ new - offset
        scatter = (residual.T @ residual + spread.sum(axis=0)) / len(objects)
        moved, beta = np.abs(new - beta).max(), new
        if moved < 1e-6:
            break
    return Relation(beta.reshape(2, -1), scatter, covariates)


def with_errors(
    data: Measured, objects: pd.DataFrame, covariates: tuple[str, ...] = ("C", "D"), *, groups: int = 20, rng: np.random.Generator
) -> tuple[Relation, np.ndarray]:
    """Fit, and standard errors (2, k) of the coefficients by the jackknife over `groups` random groups of objects."""
    full = fit_relation(data, objects, covariates)
    group = rng.integers(0, groups, len(objects))
    found = []
    for g in range(groups):
        kept = group != g
        part = Measured(data.precision[kept], data.score[kept])
        found.append(fit_relation(part, objects[kept], covariates, start=full, rounds=100).coefficients)
    found = np.array(found)
    return full, np.sqrt((groups - 1) / groups * np.sum((found - found.mean(axis=0)) ** 2, axis=0))


def expected_values(relation: Relation, data: Measured, objects: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Each object's four numbers given its curve and the population, (n, 4), in the rest frame, and their variances.

    With covariates () the population knows nothing but redshift: that is what a quasar of unknown mass has.
    """
    inverse = np.linalg.inv(relation.scatter)
    offset = _offset(objects)
    expected = design(objects, relation.covariates) @ relation.coefficients.ravel() + offset
    spread = np.linalg.inv(inverse + data.precision)
    value = np.einsum("nij,nj->ni", spread, expected @ inverse + data.score)
    return value - offset, np.einsum("nii->ni", spread)


def simulate(relation: Relation, data: Measured, objects: pd.DataFrame, rng: np.random.Generator) -> Measured:
    """What the same curves would have said if the population were `relation`: a test of the fit."""
    expected = design(objects, relation.covariates) @ relation.coefficients.ravel() + _offset(objects)
    truth = expected + rng.multivariate_normal(np.zeros(4), relation.scatter, len(objects))
    values, vectors = np.linalg.eigh(data.precision)
    noise = np.einsum("nij,nj->ni", vectors, np.sqrt(np.maximum(values, 0)) * rng.standard_normal(truth.shape))
    return Measured(data.precision, np.einsum("nij,nj->ni", data.precision, truth) + noise)
