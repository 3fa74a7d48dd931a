"""Numbers that summarise a light curve, from the paper's means and deviations to a joint Kalman fit."""

from pathlib import Path

import numpy as np

from agnbook import storage
from agnbook.compiled import compiled
from agnbook.lightcurves import cadence, dataset, kalman, locus, population

#: Visits apart at which the structure function is taken.
LAGS = (1, 8, 64)
GROUPS = {
    "mean_sd": slice(0, 12),  # mean i magnitude, five colours, log standard deviation in six bands
    "structure": slice(12, 33),  # log rms difference in six bands and log time apart, three lags
    "kalman": slice(33, 53),  # kalman.FIT_COLUMNS, means as i magnitude and colours
    "locus": slice(53, 58),  # locus.COLUMNS, of the fit's means
}
WIDTH = 58


@compiled  # pragma: no cover - compiled
def _moments(times, observed, is_visit, lags, out):
    rows, longest = times.shape
    t = np.empty(longest)
    o = np.empty((longest, 6))
    for row in range(rows):
        n = 0
        for k in range(longest):
            if is_visit[row, k]:
                t[n] = times[row, k]
                for b in range(6):
                    o[n, b] = observed[row, k, b]
                n += 1
        for b in range(6):
            out[row, b] = o[:n, b].mean()
            out[row, 6 + b] = np.log10(o[:n, b].std() + 1e-4)
        for j in range(len(lags)):
            lag = min(lags[j], n - 1)
            for b in range(6):
                total = 0.0
                for k in range(n - lag):
                    total += (o[k + lag, b] - o[k, b]) ** 2
                out[row, 12 + 7 * j + b] = 0.5 * np.log10(total / (n - lag) + 1e-8)
            out[row, 12 + 7 * j + 6] = np.log10((t[lag:n] - t[: n - lag]).mean())


def colours(magnitudes) -> np.ndarray:
    """Return (i, u-g, g-r, r-i, i-z, z-Y), shape (..., 6), from ugrizY magnitudes (..., 6)."""
    magnitudes = np.asarray(magnitudes)
    return np.concatenate([magnitudes[..., 3:4], magnitudes[..., :5] - magnitudes[..., 1:]], axis=-1)


def from_colours(values) -> np.ndarray:
    """Invert `colours`."""
    values = np.asarray(values)
    steps = np.concatenate([np.zeros_like(values[..., :1]), -np.cumsum(values[..., 1:], axis=-1)], axis=-1)
    return values[..., :1] + steps - steps[..., 3:4]


def add_locus(measured) -> np.ndarray:
    """Append the group "locus", which follows from the group "kalman": (n, 53) to (n, 58)."""
    means = from_colours(np.asarray(measured, float)[:, 43:49])
    return np.concatenate([measured, locus.nearest(means).astype(np.asarray(measured).dtype)], axis=1)


def features(curves: dataset.Curves, shared: bool = True) -> np.ndarray:
    """Return all summaries of observed curves, shape (n, 58), grouped as `GROUPS` says.

    `shared` tells the Kalman fit whether the six bands have one driver.
    """
    return add_locus(_measured(curves, shared))


def _measured(curves: dataset.Curves, shared: bool) -> np.ndarray:
    """All groups but the last, shape (n, 53): what costs a millisecond a curve."""
    out = np.empty((len(curves), GROUPS["locus"].start))
    _moments(curves.times, curves.observed, curves.is_visit, np.array(LAGS), out)
    out[:, :6] = colours(out[:, :6])
    fit = kalman.fit(curves, shared)
    fit[:, 4:8] = np.log10(fit[:, 4:8])
    fit[:, 10:16] = colours(fit[:, 10:16])
    out[:, GROUPS["kalman"]] = fit
    return out


def simulate_chunk(setting: str, seed: int, k: int, chunk: int) -> dataset.Curves:
    """Simulate the light curves behind chunk `k` of `simulate_features`."""
    rng = np.random.default_rng([seed, list(dataset.SETTINGS).index(setting), k])
    return dataset.simulate(chunk, rng, cadence.pool(max(20, chunk // 10), rng), setting)


def simulate_features(setting: str, n: int, seed: int, chunk: int = 2500, cache: Path | None = None):
    """Simulate `n` fresh objects of a setting, on fresh cadences, and keep only their summaries.

    Chunk `k` depends on `seed`, the setting and `k` alone, so that a longer run extends a shorter one; with a
    `cache` folder each finished chunk is kept there and a stopped run goes on where it was.

    Returns
    -------
    features, latents : (n, 58), (n, 8) float32, float64
    """
    shared = dataset.SETTINGS[setting][2]
    parts, latents = [], []
    for k in range(-(-n // chunk)):
        size = min(chunk, n - k * chunk)
        stored = None if cache is None else cache / f"{setting}_{seed}_{k:04d}.npz"
        if stored is not None and stored.exists():
            with np.load(stored) as file:
                x, y = file["X"], file["L"]
        else:
            curves = simulate_chunk(setting, seed, k, chunk)
            x, y = _measured(curves, shared).astype(np.float32), curves.latents
            if stored is not None:
                with storage.atomic_write(stored) as temporary:
                    np.savez(temporary, X=x, L=y)
        parts.append(x[:size])
        latents.append(y[:size])
    return add_locus(np.concatenate(parts)), np.concatenate(latents)


def target_scale(setting: str, rng: np.random.Generator, n: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of the 21 targets under a setting's population: the prior's scale."""
    targets = population.targets_from_latents(population.sample(n, rng, dataset.SETTINGS[setting][0]))
    return targets.mean(axis=0), targets.std(axis=0)
