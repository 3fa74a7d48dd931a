"""When a survey looks: ten years of seasons and weather, with all six bands at the same times or each at its own."""

from dataclasses import dataclass

import numpy as np

from agnbook.errors import BookError

YEARS = 10
DURATION = 3650.0
#: The regular grid at which the paper asks for the light curve (days).
GRID = np.arange(0.0, DURATION, 10.0)
MAX_VISITS = 20_000
#: Visits of one place in the sky over ten years, ugrizY: the requirements of LSST (Ivezic et al. 2019, ApJ 873, 111, Table 1).
LSST_VISITS = np.array([56, 80, 184, 184, 160, 160])
FEWEST_IN_BAND = 5


def visits(rng: np.random.Generator, n: int | None = None) -> np.ndarray:
    """Return the ascending times (days) of one object's visits in [0, 3650).

    One season of 190 to 250 days a year, the same phase and length each year within a few days; runs of
    1 to 8 lost nights cover about a fifth of it; 500 to 1,000 visits, or `n`.
    """
    n = int(rng.integers(500, 1001)) if n is None else n
    if not 1 <= n <= MAX_VISITS:
        raise BookError(f"A cadence of {n} visits; choose 1 to {MAX_VISITS}.")
    return _visits(clear_nights(rng), n, rng)


def each_band(rng: np.random.Generator, visits=LSST_VISITS) -> tuple[np.ndarray, np.ndarray]:
    """Return times (days, ascending) and band (0 to 5) of one object's visits, each band at its own times in common seasons.

    The number of visits of a band is a Poisson number about that of `visits` (6,), and at least `FEWEST_IN_BAND`.
    """
    clear, counts = clear_nights(rng), np.maximum(rng.poisson(visits), FEWEST_IN_BAND)
    times, band = np.concatenate([_visits(clear, n, rng) for n in counts]), np.repeat(np.arange(6), counts)
    order = np.argsort(times, kind="stable")
    return times[order], band[order]


def clear_nights(rng: np.random.Generator) -> np.ndarray:
    """Return the nights, 0 to 3649, on which one object can be seen."""
    length, start = rng.uniform(190, 250), rng.uniform(0, 365)
    clear = np.zeros(int(DURATION), bool)
    for year in range(-1, YEARS):
        first = int(365 * year + start + rng.normal(0, 5))
        clear[max(first, 0) : max(first + int(length + rng.normal(0, 5)), 0)] = True
    bad = np.flatnonzero(rng.random(int(DURATION)) < 0.05)
    for night, run in zip(bad, rng.integers(1, 9, len(bad)), strict=True):
        clear[night : night + run] = False
    return np.flatnonzero(clear)


def _visits(clear, n, rng) -> np.ndarray:
    nights = rng.choice(clear, size=n, replace=True)
    return np.sort(nights + rng.uniform(0.0, 0.4, n))


@dataclass(frozen=True)
class Pool:
    """Cadences to draw from: all times (visits and the 10-day grid together), flattened.

    Attributes
    ----------
    times : (total,) days, ascending within a cadence.
    is_visit : (total,) whether the time is a visit (else a grid time that nobody observed).
    start : (k + 1,) where cadence j begins: ``times[start[j]:start[j + 1]]``.
    """

    times: np.ndarray
    is_visit: np.ndarray
    start: np.ndarray

    def __len__(self) -> int:
        return len(self.start) - 1

    def one(self, j: int) -> tuple[np.ndarray, np.ndarray]:
        """Return times and the visit mask of cadence `j`."""
        return self.times[self.start[j] : self.start[j + 1]], self.is_visit[self.start[j] : self.start[j + 1]]


def pool(k: int, rng: np.random.Generator, n: int | None = None) -> Pool:
    """Draw `k` cadences (of `n` visits each, 500 to 1,000 by default), each merged with the 10-day grid."""
    times, flags, lengths = [], [], []
    for _ in range(k):
        seen = visits(rng, n)
        merged = np.concatenate([seen, GRID])
        order = np.argsort(merged, kind="stable")
        times.append(merged[order])
        flags.append(order < len(seen))
        lengths.append(len(merged))
    return Pool(np.concatenate(times), np.concatenate(flags), np.concatenate([[0], np.cumsum(lengths)]))
