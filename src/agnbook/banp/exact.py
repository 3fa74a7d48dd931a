"""The exact posterior of a light curve whose six bands have a driver each.

With independent drivers the likelihood is that of six one-dimensional filters, and the population's density is known. So the
network need not be believed: its draws are a proposal, and each is given the weight (prior x likelihood) / proposal
(importance sampling). What is left are draws from the exact posterior, and a number that tells how many they are worth.
"""

import numpy as np
import torch

from agnbook.banp import posterior
from agnbook.errors import BookError
from agnbook.lightcurves import dataset, kalman, population

#: Half of the proposals come from the network's Gaussian, half from one this much wider, which covers tails that it lacks.
WIDER = 1.6
#: An answer that rests on fewer effective draws than this is not to be relied on.
FEW_DRAWS = 100


def sample(own: posterior.Posterior, curves: dataset.Curves, features, n: int = 400, proposals: int = 4000, seed: int = 0):
    """Draw from the exact posterior of the eight latents.

    Parameters
    ----------
    own : the network of the setting `independent`.
    curves, features : the observed curves, and their summaries (objects, 58).
    n, proposals : draws to return, and draws of the network to weigh, for each object.

    Returns
    -------
    latents : (objects, n, 8)
        Resampled by weight; a draw may come twice. NaN if no proposal is possible at all.
    effective : (objects,)
        Effective number of proposals, 1 / sum of squared weights. Below `FEW_DRAWS` they are too few to be relied on.

    Raises
    ------
    BookError
        For a network of another setting, whose likelihood this is not.
    """
    if own.config["setting"] != "independent":
        raise BookError(f"Exact posteriors are for independent drivers; the setting is {own.config['setting']!r}.")
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    latents, effective = np.empty((len(curves), n, 8)), np.empty(len(curves))
    for row in range(len(curves)):
        noise = torch.randn((1, own.config["dim"], proposals), generator=generator)
        noise[..., proposals // 2 :] *= WIDER
        drawn = own.draw(features[row : row + 1], noise)[0]
        seen = curves.is_visit[row]
        log_weight = (
            population.log_density(drawn)
            + _log_likelihood(drawn, curves.times[row, seen], curves.observed[row, seen], curves.error[row, seen])
            - _log_proposal(own, noise[0].numpy().astype(float), drawn, features[row, posterior.REDSHIFT])
        )
        if not np.isfinite(log_weight).any():
            latents[row], effective[row] = np.nan, 0.0
            continue
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        effective[row] = 1 / np.sum(weight**2)
        chosen = np.searchsorted(np.cumsum(weight), (rng.random() + np.arange(n)) / n)  # systematic resampling
        latents[row] = drawn[rng.permutation(np.minimum(chosen, proposals - 1))]
    return latents, effective


def sample_targets(own, curves, features, n: int = 400, proposals: int = 4000, seed: int = 0):
    """As `sample`, but return draws of the 21 targets, (objects, n, 21), and the effective numbers."""
    latents, effective = sample(own, curves, features, n, proposals, seed)
    return population.targets_from_latents(latents), effective


def _log_likelihood(latents, times, magnitudes, errors) -> np.ndarray:
    targets = population.targets_from_latents(latents)
    log_tau = targets[:, :6] + np.log10(1 + targets[:, population.REDSHIFT, None])
    return kalman.separate_log_likelihood(log_tau, targets[:, 6:12], targets[:, 15:], times, magnitudes, errors)


def _log_proposal(own, noise, latents, nearest) -> np.ndarray:
    """Log-density (up to a constant) of draws made from `noise` (dim, proposals), an even mixture of both widths."""
    squares = np.sum(noise**2, axis=0)
    value = np.logaddexp(-0.5 * squares, -0.5 * squares / WIDER**2 - len(noise) * np.log(WIDER))
    if scale := own.config["redshift_scale"]:  # the network's redshift coordinate is arcsinh((z - nearest) / scale)
        value -= 0.5 * np.log1p(((latents[:, 6] - nearest) / scale) ** 2)
    return value
