"""The mass of a quasar's black hole from its light curve: what chapter 36 learns from Stripe 82, kept for other quasars.

Two regressions of `mass.PREDICTORS`: variability alone, and with redshift and absolute magnitude. Both are of second order
with a ridge penalty; what the mass scatters about them is the answer's standard deviation.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from agnbook import committed, weights
from agnbook.quasars import mass, relation

WEIGHTS = "weights/quasar_mass.safetensors"
#: Name of an answer -> predictors.
PREDICTORS = {"log_mass": mass.PREDICTORS["variability alone"], "log_mass_with_luminosity": mass.PREDICTORS["+ all"]}
#: What a reader calls the predictors.
WORDS = {
    "redshift": "redshift", "M_i": "absolute magnitude", "log_tau_rest": "log time-scale (rest frame)",
    "log_sf_rest": "log amplitude (rest frame)", "tau_slope": "slope of the time-scale", "sigma_slope": "slope of the amplitude",
    "logit_rho": "ln rho / (1 - rho)",
}  # fmt: skip
#: Share of the training quasars at either end that counts as outside the training range.
EDGE = 0.001
#: How far a quasar's redshift may be from the one that it was learnt with: catalogues round.
SAME_REDSHIFT = 0.01
#: A quasar's number in the archive of Stripe 82, with or without what people write before it.
_NUMBER = re.compile(r"(?:(?:sdss|s82|stripe[ _-]?82|dbid|qso)[ _:-]*)*(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Polynomial:
    """A second-order polynomial of standardised predictors.

    Attributes
    ----------
    centre, scale : (p,) of the predictors.
    low, high : (p,) ends of the training range; values outside are moved to them.
    powers : (t, p) of each term.
    coefficients : (t,) of the terms.
    intercept, sd : (1,) dex.
    """

    centre: np.ndarray
    scale: np.ndarray
    low: np.ndarray
    high: np.ndarray
    powers: np.ndarray
    coefficients: np.ndarray
    intercept: np.ndarray
    sd: np.ndarray

    def __call__(self, values) -> np.ndarray:
        """Log mass (n,) of predictors (n, p)."""
        z = (np.clip(values, self.low, self.high) - self.centre) / self.scale
        return np.prod(z[:, None, :] ** self.powers, axis=2) @ self.coefficients + self.intercept


_SHAPES = {
    "centre": ("p",), "scale": ("p",), "low": ("p",), "high": ("p",), "powers": ("t", "p"), "coefficients": ("t",),
    "intercept": (1,), "sd": (1,),
}  # fmt: skip


@dataclass(frozen=True)
class MassModel:
    """Regressions of log mass, and the population that measured time-scales and amplitudes are weighed against.

    Attributes
    ----------
    population : a `relation.Relation` without covariates: what a quasar of known redshift is like before it is watched.
    polynomials : name of an answer (a key of `PREDICTORS`) -> `Polynomial`.
    numbers, redshifts : (n,) of the quasars that taught it, their dbID in the archive of Stripe 82 ascending.
    sha256 : of the file; empty for a model that comes from none.
    """

    population: relation.Relation
    polynomials: dict[str, Polynomial]
    numbers: np.ndarray
    redshifts: np.ndarray
    sha256: str = ""

    @classmethod
    def learn(cls, fits: pd.DataFrame, objects: pd.DataFrame) -> "MassModel":
        """Learn from `sample.table` and redshift, M_i and log_mass of the same objects, none missing, indexed by dbID."""
        population = relation.fit_relation(relation.measured(fits), objects, ())
        columns = mass.predictors(population, fits, objects)
        polynomials = {}
        for name, seen in PREDICTORS.items():
            values = columns[list(seen)].to_numpy(float)
            model, sd = mass.regression(values, objects["log_mass"])
            scaler, terms, second, ridge = (step for _, step in model.steps)
            coefficients = ridge.coef_ / second.scale_
            low, high = np.quantile(values, [EDGE, 1 - EDGE], axis=0)
            polynomials[name] = Polynomial(
                scaler.mean_, scaler.scale_, low, high, terms.powers_, coefficients,
                np.atleast_1d(ridge.intercept_ - second.mean_ @ coefficients), np.atleast_1d(sd),
            )  # fmt: skip
        known = objects["redshift"].sort_index()
        return cls(population, polynomials, known.index.to_numpy(np.int64), known.to_numpy(float))

    def taught(self, name: str, redshift: float) -> bool:
        """Whether a quasar is one that the model learnt from: its name is the dbID, as people write it, and its redshift fits."""
        number = _NUMBER.fullmatch(name.strip())
        at = np.searchsorted(self.numbers, int(number[1])) if number and len(number[1]) < 19 else len(self.numbers)
        same = at < len(self.numbers) and self.numbers[at] == int(number[1])
        return bool(same and abs(self.redshifts[at] - redshift) < SAME_REDSHIFT)

    def answer(self, fits: pd.DataFrame, objects: pd.DataFrame) -> tuple[dict[str, np.ndarray], list[list[str]]]:
        """Weigh objects.

        Parameters
        ----------
        fits : (n rows) what `sample.shape` gives of each fit.
        objects : redshift, and M_i (NaN where unknown).

        Returns
        -------
        masses : name of an answer -> (n, 2), mean and standard deviation of log10 of the mass in solar masses; NaN where a
            predictor is missing.
        outside : for each object, what lies outside the training range, in words.
        """
        columns = mass.predictors(self.population, fits, objects)
        found, outside = {}, [[] for _ in range(len(fits))]
        for name, polynomial in self.polynomials.items():
            seen = PREDICTORS[name]
            values = columns[list(seen)].to_numpy(float)
            found[name] = np.column_stack([polynomial(values), np.full(len(values), polynomial.sd[0])])
            found[name][~np.isfinite(values).all(axis=1)] = np.nan
            for i, j in np.argwhere((values < polynomial.low) | (values > polynomial.high)):
                text = f"{WORDS[seen[j]]} {values[i, j]:.3g}, learnt from {polynomial.low[j]:.3g} to {polynomial.high[j]:.3g}"
                if text not in outside[i]:
                    outside[i].append(text)
        return found, outside

    def save(self, path: Path | str) -> None:
        """Write the model; see `agnbook.weights`."""
        arrays = {"population.coefficients": self.population.coefficients, "population.scatter": self.population.scatter}
        for name, polynomial in self.polynomials.items():
            arrays |= {f"{name}.{key}": np.asarray(getattr(polynomial, key), float) for key in _SHAPES}
        arrays |= {"numbers": self.numbers, "redshifts": self.redshifts}
        weights.save(path, arrays, {name: list(seen) for name, seen in PREDICTORS.items()})

    @classmethod
    def load(cls, path: Path | str | None = None) -> "MassModel":
        """Read what `save` wrote; by default the committed model."""
        path = committed.verify(WEIGHTS) if path is None else path
        shapes = {"population.coefficients": (2, 2), "population.scatter": (4, 4)}
        shapes |= {"numbers": ("quasars",), "redshifts": ("quasars",)}
        for name, seen in PREDICTORS.items():
            own = {"p": len(seen), "t": f"{name} terms"}
            shapes |= {f"{name}.{key}": tuple(own.get(n, n) for n in shape) for key, shape in _SHAPES.items()}
        read = weights.load(path, shapes)
        population = read.group("population")
        return cls(
            relation.Relation(population["coefficients"], population["scatter"], ()),
            {name: Polynomial(**read.group(name)) for name in PREDICTORS},
            read.arrays["numbers"], read.arrays["redshifts"], read.sha256,
        )  # fmt: skip
