"""The exact posterior of a simulated light curve, for every setting of the simulator.

The likelihood of each setting is that of a Kalman filter without approximations, and the population's density is known. So the
network need not be believed: its draws are a proposal, and each is given the weight (prior x likelihood) / proposal
(importance sampling). What is left are draws from the exact posterior, and a number that tells how many they are worth.
No model can do better on average than this posterior: it is the floor of its setting.
"""

from functools import partial

import numpy as np
import torch

from agnbook.banp import posterior
from agnbook.lightcurves import dataset, kalman, population

#: Half of the proposals come from the network's Gaussian, half from one this much wider, which covers tails that it lacks.
WIDER = 1.6
#: An answer that rests on fewer effective draws than this is not to be relied on.
FEW_DRAWS = 100


def sample(
    own: posterior.Posterior, curves: dataset.Curves, features, n: int = 400, proposals: int = 4000, seed: int = 0,
    stepped: bool = True,
):  # fmt: skip
    """Draw from the exact posterior of the eight latents.

    Parameters
    ----------
    own : the network of the curves' setting.
    curves, features : the observed curves and their summaries (objects, 58).
    n, proposals : draws to return, and draws of the network to weigh, for each object.
    stepped : where all bands share a driver, take that of the simulator, which kicks them at every simulated time; `curves` must
        have them all. False, for visits alone, takes the continuous driver, to which short steps lead: a draw's log-likelihood
        then differs by less than one.

    Returns
    -------
    latents : (objects, n, 8)
        Resampled by weight; a draw may come twice. NaN if no proposal is possible at all.
    effective : (objects,)
        Effective number of proposals, 1 / sum of squared weights. Below `FEW_DRAWS` they are too few to be relied on.
    """
    which_population, _, shared = dataset.SETTINGS[own.config["setting"]]
    log_likelihood = partial(_one_driver, stepped=stepped) if shared else _driver_a_band
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    latents, effective = np.empty((len(curves), n, 8)), np.empty(len(curves))
    for row in range(len(curves)):
        noise = torch.randn((1, own.config["dim"], proposals), generator=generator)
        noise[..., proposals // 2 :] *= WIDER
        drawn = own.draw(features[row : row + 1], noise)[0]
        log_weight = (
            population.log_density(drawn, which_population)
            + log_likelihood(drawn, curves, row)
            - _log_proposal(own, noise[0].numpy().astype(float), drawn, features[row, posterior.REDSHIFT])
        )
        chosen, effective[row] = resample(log_weight, n, rng)
        latents[row] = np.nan if chosen is None else drawn[chosen]
    return latents, effective


def resample(log_weight, n: int, rng: np.random.Generator) -> tuple[np.ndarray | None, float]:
    """Choose `n` draws by weight, in random order (None if none is possible), and tell how many draws the weights are worth."""
    if not np.isfinite(log_weight).any():
        return None, 0.0
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    chosen = np.searchsorted(np.cumsum(weight), (rng.random() + np.arange(n)) / n)  # systematic resampling
    return rng.permutation(np.minimum(chosen, len(weight) - 1)), 1 / np.sum(weight**2)


def sample_targets(own, curves, features, n: int = 400, proposals: int = 4000, seed: int = 0, stepped: bool = True):
    """As `sample`, but return draws of the 21 targets, (objects, n, 21), and the effective numbers."""
    latents, effective = sample(own, curves, features, n, proposals, seed, stepped)
    return population.targets_from_latents(latents), effective


def parameters(latents) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return log observed-frame tau (days), log SF and mean magnitudes, each (draws, 6), of latents (draws, 8)."""
    targets = population.targets_from_latents(latents)
    return targets[:, :6] + np.log10(1 + targets[:, population.REDSHIFT, None]), targets[:, 6:12], targets[:, 15:]


def _driver_a_band(latents, curves, row) -> np.ndarray:
    seen = curves.is_visit[row]
    data = curves.times[row, seen], curves.observed[row, seen], curves.error[row, seen]
    return kalman.separate_log_likelihood(*parameters(latents), *data)


def _one_driver(latents, curves, row, stepped: bool) -> np.ndarray:
    """Of one driver; see `kalman.correlated` for its two kinds."""
    known = np.arange(curves.is_visit.shape[1]) < curves.length[row] if stepped else curves.is_visit[row]
    seen, bands = curves.is_visit[row, known], len(population.BANDS)
    times = np.repeat(curves.times[row, known], bands)
    band = np.where(np.repeat(seen, bands), np.tile(np.arange(bands), len(seen)), kalman.UNSEEN)
    values, errors = curves.observed[row, known].ravel(), curves.error[row, known].ravel()
    return kalman.correlated_log_likelihood(
        *parameters(latents), np.ones(len(latents)), times, band, values, errors, stepped=stepped
    )


def _log_proposal(own, noise, latents, nearest) -> np.ndarray:
    """Log-density (up to a constant) of draws made from `noise` (dim, proposals), an even mixture of both widths."""
    squares = np.sum(noise**2, axis=0)
    value = np.logaddexp(-0.5 * squares, -0.5 * squares / WIDER**2 - len(noise) * np.log(WIDER))
    if scale := own.config["redshift_scale"]:  # the network's redshift coordinate is arcsinh((z - nearest) / scale)
        value -= 0.5 * np.log1p(((latents[:, 6] - nearest) / scale) ** 2)
    return value
