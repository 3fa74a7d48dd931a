"""From a population to observed light curves: one call, one seed."""

import time
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from agnbook.errors import BookError
from agnbook.lightcurves import cadence, drw, noise, population

#: The book's three settings: population, noise, driver.
SETTINGS = {
    "dc2_like": ("dc2_like", "constant", True),
    "lsst_bright": ("lsst_bright", "single_visit", True),
    "independent": ("dc2_like", "constant", False),
}


@dataclass(frozen=True)
class Curves:
    """Observed six-band light curves of `n` objects, padded to the longest cadence `T`.

    Attributes
    ----------
    latents, targets : (n, 8), (n, 21); see `population`.
    times : (n, T) days; after an object's `length` they repeat its last time.
    is_visit : (n, T) observed (True) or a grid time only (False).
    truth : (n, T, 6) magnitudes without noise.
    observed, error : (n, T, 6) magnitudes with noise, and its standard deviation; NaN and infinite without a visit.
    length : (n,) number of times of each object.
    """

    latents: np.ndarray
    targets: np.ndarray
    times: np.ndarray
    is_visit: np.ndarray
    truth: np.ndarray
    observed: np.ndarray
    error: np.ndarray
    length: np.ndarray

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows) -> "Curves":
        """Return some objects, `rows` a slice or an index array."""
        return replace(self, **{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


def observed_process(latents) -> tuple[np.ndarray, np.ndarray]:
    """Return sigma (mag) and the observed-frame tau (days), each (n, 6), of latents (n, 8)."""
    targets = population.targets_from_latents(latents)
    redshift = targets[:, population.REDSHIFT, None]
    return 10 ** targets[:, 6:12], 10 ** targets[:, :6] * (1 + redshift)


def simulate(n: int, rng: np.random.Generator, pool: cadence.Pool, setting: str = "dc2_like") -> Curves:
    """Simulate `n` objects of one of `SETTINGS`, each with a cadence drawn from `pool`.

    Raises
    ------
    BookError
        For an unknown setting.
    """
    if setting not in SETTINGS:
        raise BookError(f"Unknown setting {setting!r}; choose one of {', '.join(SETTINGS)}.")
    which_population, noise_kind, shared = SETTINGS[setting]
    return observe(population.sample(n, rng, which_population), rng, pool, noise_kind, shared)


def observe(latents, rng: np.random.Generator, pool: cadence.Pool, noise_kind="constant", shared: float = True) -> Curves:
    """Observe quasars with the given latents (n, 8): a walk about the mean magnitudes, then noise.

    `shared` is the part of a band's variance that the common driver makes: all (True), none (False) or a number between,
    with which the drivers of two bands are then correlated.
    """
    targets = population.targets_from_latents(latents)
    sigma, tau = observed_process(latents)
    which = rng.integers(0, len(pool), len(latents))
    parts = [(common, part) for common, part in ((True, shared), (False, 1 - shared)) if part > 0]
    truth = sum(drw.simulate(pool.times, pool.start, which, np.sqrt(part) * sigma, tau, rng, common) for common, part in parts)
    truth += targets[:, None, 15:].astype(np.float32)
    length = np.diff(pool.start)[which]
    column = np.minimum(np.arange(truth.shape[1]), length[:, None] - 1)
    rows = pool.start[which][:, None] + column
    is_visit = pool.is_visit[rows] & (np.arange(truth.shape[1]) < length[:, None])
    observed, error = noise.add(truth, is_visit, rng, noise_kind)
    return Curves(latents, targets, pool.times[rows], is_visit, truth, observed, error, length)


#: Fewer visits than this hold no time-scale; more than this are not a survey's light curve.
FEWEST, MOST = 20, 20_000


def check(times, magnitudes, errors, bands=population.BANDS) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return one object's times (n,), magnitudes and errors (n, 6) as floats, or say what is wrong with them.

    Raises
    ------
    BookError
        For unknown bands, wrong shapes, too few or too many visits, NaN, an empty band, errors that are not
        positive, and times that are unsorted or repeated.
    """
    if tuple(bands) != population.BANDS:
        raise BookError(f"Bands {', '.join(map(str, bands))}: give magnitudes in the order {', '.join(population.BANDS)}.")
    times, magnitudes, errors = (np.asarray(a, float) for a in (times, magnitudes, errors))
    if times.ndim != 1 or magnitudes.shape != (len(times), 6) or errors.shape != magnitudes.shape:
        raise BookError(
            f"Shapes {times.shape}, {magnitudes.shape}, {errors.shape}: need times (n,), magnitudes and errors (n, 6)."
        )
    if not FEWEST <= len(times) <= MOST:
        raise BookError(f"{len(times)} visits; a light curve needs {FEWEST} to {MOST}. Bin more, or look longer.")
    for b, band in enumerate(population.BANDS):
        if not np.isfinite(magnitudes[:, b]).any():
            raise BookError(f"Band {band} is empty; all six bands must be observed.")
    if not (np.isfinite(times).all() and np.isfinite(magnitudes).all() and np.isfinite(errors).all()):
        raise BookError("NaN or infinite values among times, magnitudes or errors; drop those visits.")
    if (errors <= 0).any():
        raise BookError("Errors must be positive (mag); drop visits without one.")
    if (np.diff(times) <= 0).any():
        raise BookError("Times must ascend without repeats (days); sort them and average visits at the same time.")
    return times, magnitudes, errors


def from_arrays(times, magnitudes, errors, bands=population.BANDS) -> Curves:
    """Make `Curves` of one real object (no truth: latents and targets are NaN); see `check` for what is refused."""
    times, magnitudes, errors = check(times, magnitudes, errors, bands)
    n = len(times)
    return Curves(
        np.full((1, 8), np.nan), np.full((1, 21), np.nan), times[None], np.ones((1, n), bool), np.full((1, n, 6), np.nan),
        magnitudes[None].astype(np.float32), errors[None].astype(np.float32), np.array([n]),
    )  # fmt: skip


def speed(batch: int, batches: int) -> pd.DataFrame:
    """Return how many six-band `dc2_like` curves a second of processor time one core simulates, best of several batches."""
    pool, best = cadence.pool(50, np.random.default_rng(0)), 0.0
    for number in range(batches):
        start = time.process_time()
        simulate(batch, np.random.default_rng(number), pool)
        if number:  # the first batch compiles
            best = max(best, batch / (time.process_time() - start))
    return pd.DataFrame({"curves_per_second": [best]})
