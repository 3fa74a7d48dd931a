"""The floor of each setting: how well its exact posterior does, beside the network on the same curves.

`sizes` is the chapter's mapping of sizes (`chapter.sizes.Settings`); each function names the ones it reads.
"""

import numpy as np
import pandas as pd

from agnbook.banp import exact, posterior, summary
from agnbook.banp.training_runs import SCALE, TEST
from agnbook.judge import scores
from agnbook.lightcurves import dataset, population

#: Curves whose proposals were worth too few draws get this many times as many, once.
MORE = 4
#: Index of the target: the time-scale in the i band.
LOG_TAU_I = population.TARGETS.index("log_tau_i")


def floors(sizes, seed: int) -> pd.DataFrame:
    """Score the committed network and the exact posterior of each of `dataset.SETTINGS` on the same test curves; see `compare`.

    Reads `floor_curves`, `floor_draws` and `floor_proposals`.
    """
    parts = []
    for setting, (_, _, shared) in dataset.SETTINGS.items():
        own, n = posterior.shipped(setting), sizes["floor_curves"]
        _, scale = summary.target_scale(setting, np.random.default_rng(SCALE))
        curves = summary.simulate_chunk(setting, TEST, 0, n)
        features = summary.features(curves, shared).astype(np.float32)

        def draw(rows, proposals, own=own, curves=curves, features=features):
            return exact.sample_targets(own, curves.take(rows), features[rows], sizes["floor_draws"], proposals, seed)

        samples, effective = patiently(draw, n, sizes["floor_proposals"])
        network = own.sample_targets(features, sizes["floor_draws"], seed)
        parts.append(compare(curves.targets, network, samples, effective, scale).assign(setting=setting))
    return pd.concat(parts)


def patiently(draw, n: int, proposals: int):
    """Return exact draws and effective numbers of `n` curves; the few that need more proposals get `MORE` times as many.

    Parameters
    ----------
    draw : called with rows (an index array) and a number of proposals; returns draws (rows, m, 21) and effective numbers.
    """
    samples, effective = draw(np.arange(n), proposals)
    poor = np.flatnonzero(effective < exact.FEW_DRAWS)
    if len(poor):
        samples[poor], effective[poor] = draw(poor, MORE * proposals)
    return samples, effective


def compare(truth, network, samples, effective, scale) -> pd.DataFrame:
    """Compare posterior means of the network and of the exact posterior, on curves whose exact answer can be relied on.

    Parameters
    ----------
    truth : (n, 21); network, samples : (n, m, 21); effective : (n,); scale : (21,), prior standard deviations.

    Returns
    -------
    pandas.DataFrame
        A row a ``quantity`` (``mae``, mean over the targets in prior standard deviations; ``logm_rms`` and ``log_tau_rms``,
        dex): ``network``, ``exact``, ``difference`` with its 95 % interval ``low``, ``high``; ``n`` curves, ``left_out``
        others for which `exact.FEW_DRAWS` were not reached, and ``effective``, the median number of draws.
    """
    relied = effective >= exact.FEW_DRAWS
    errors = [np.mean(each[relied], axis=1) - truth[relied] for each in (network, samples)]
    kinds = {
        "mae": (lambda e: np.mean(np.abs(e) / scale, axis=1), np.mean),
        "logm_rms": (lambda e: e[:, population.LOG_MASS] ** 2, _root_mean),
        "log_tau_rms": (lambda e: e[:, LOG_TAU_I] ** 2, _root_mean),
    }
    rows = []
    for name, (reduce, statistic) in kinds.items():
        both = [reduce(e) for e in errors]
        difference, low, high = scores.paired(statistic, *both)
        values = {"network": statistic(both[0]), "exact": statistic(both[1]), "difference": difference, "low": low, "high": high}
        counts = {"n": relied.sum(), "left_out": np.sum(~relied), "effective": np.median(effective)}
        rows.append({"quantity": name} | values | counts)
    return pd.DataFrame(rows)


def _root_mean(squares) -> float:
    return float(np.sqrt(np.mean(squares)))
