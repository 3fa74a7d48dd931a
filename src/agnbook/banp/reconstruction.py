"""Who reconstructs a light curve how well: at visits and where nobody looked, in six bands, from the same visits.

`sizes` is the chapter's mapping of sizes (`chapter.sizes.Settings`); each function names the ones it reads.
"""

import math

import numpy as np
import pandas as pd

from agnbook.banp import models, process_seeds, summary, train
from agnbook.banp.table1 import LONG, over_seeds
from agnbook.lightcurves import cadence, dataset, kalman, population

#: Seeds of the curves of either table.
ALL_VISITS, FEW_VISITS = 330, 331


def straight_lines(times, values, known) -> np.ndarray:
    """Return straight lines through the known points, shape (n, T, 6), of values (n, T, 6) at times (n, T)."""
    lines = np.empty_like(values)
    for row, (t, seen) in enumerate(zip(times, known, strict=True)):
        for band in range(values.shape[2]):
            lines[row, :, band] = np.interp(t, t[seen], values[row, seen, band])
    return lines


def bridges(curves: dataset.Curves, separate: bool = True) -> dict[str, tuple]:
    """Return the bridges of light curves, with true and with fitted parameters: name -> mean and deviation, (n, T, 6)."""
    true, means = kalman.parameters(curves.latents), curves.targets[:, 15:]
    found = {}
    for name, shared in {"one-band bridge": False, "joint bridge": True}.items():
        if shared or separate:
            fitted = kalman.fit(curves, shared)
            found[f"{name}, true parameters"] = kalman.reconstruct(curves, true, means, shared)
            found[f"{name}, fitted"] = kalman.reconstruct(curves, fitted[:, :4], fitted[:, 10:16], shared)
    return found


def errors(centre, sd, truth, seen, unseen) -> dict[str, np.ndarray]:
    """Return each object's scores in six bands, (n, 6), of a reconstruction and its deviation, (n, T, 6) or None.

    With several reconstructions and deviations, (seeds, n, T, 6), the scores are (seeds, n, 6).

    Parameters
    ----------
    truth : (n, T, 6) magnitudes; seen, unseen : (n, T), the visits, and the times that nobody observed.

    Returns
    -------
    dict
        ``context`` and ``held_out``: mean absolute error (mag) there; ``all``: at all those times; ``sigma``: mean deviation
        at all those times; ``covered``: part of the unseen times at which the truth lies within one deviation.
    """

    def mean(values, mask):
        return np.where(mask[..., None], values, 0).sum(axis=-2) / mask.sum(axis=1)[:, None]

    error = np.abs(centre - truth)
    found = {"context": mean(error, seen), "held_out": mean(error, unseen), "all": mean(error, seen | unseen)}
    missing = np.full(found["all"].shape, np.nan)
    found["sigma"] = missing if sd is None else mean(sd, seen | unseen)
    found["covered"] = missing if sd is None else mean(error < sd, unseen)
    return found


def from_all_visits(sizes, profile: str, seed: int) -> dict[str, dict]:
    """Return `errors` of the lines and bridges through every visit, by method. Reads `reconstructed` (curves)."""
    rng = np.random.default_rng([seed, ALL_VISITS])
    curves = dataset.simulate(sizes["reconstructed"], rng, cadence.pool(sizes["reconstructed"], rng))
    latents = models.own("dc2_like", profile, seed).sample(summary.features(curves), 100, seed).mean(axis=1)
    inferred = kalman.parameters(latents), population.targets_from_latents(latents)[:, 15:]
    methods = bridges(curves) | {"joint bridge, own model's parameters": kalman.reconstruct(curves, *inferred)}
    return _scored(curves, methods)


def from_few_visits(sizes, profile: str, seed: int) -> dict[str, dict]:
    """Return `errors` of neural processes and of their rivals from as few visits as they were trained on, by method.

    Each curve has that many visits, all of which every method sees; a cadence of few visits is distributed as a random part
    of one with many. Reads `sparse` (curves), `passes`, and what `process_seeds.trained` reads: the row "neural process" has
    its seeds, `table1.LONG` is the committed one.
    """
    long = models.neural_process(profile)
    rng = np.random.default_rng([seed, FEW_VISITS])
    visits = long.notes["context"]
    curves = dataset.simulate(sizes["sparse"], rng, cadence.pool(sizes["sparse"], rng, visits))
    found = {}
    for name, processes in {"neural process": process_seeds.trained(sizes, profile, seed)[1], LONG: [long]}.items():
        out = [
            each.answer(
                train.CurveSet.of(curves, each.scales), passes=sizes["passes"], n_context=visits, n_extra=len(cadence.GRID),
                seed=seed,
            )
            for each in processes
        ]  # fmt: skip
        # visits and grid stand in time order in both, and no curve is padded, for all have equally many visits
        found[name] = tuple(np.stack([one[key] for one in out]) for key in ("mean", "sd"))
    return _scored(curves, bridges(curves, separate=False) | found)


def _scored(curves: dataset.Curves, methods: dict[str, tuple]) -> dict[str, dict]:
    seen, observed = curves.is_visit, curves.observed
    unseen = ~seen & (np.arange(seen.shape[1]) < curves.length[:, None])
    constant = np.broadcast_to(np.nanmean(observed, axis=1, keepdims=True), curves.truth.shape)
    trivial = {"constant": (constant, None), "straight line": (straight_lines(curves.times, observed, seen), None)}
    return {name: errors(*both, curves.truth, seen, unseen) for name, both in (trivial | methods).items()}


#: Where the tables of `reconstruction` are kept.
TABLES = ("results/light_curve_reconstruction.csv", "results/light_curve_reconstruction_differences.csv")
#: Each band, and the mean over all six.
BANDS = (*population.BANDS, "all")
#: Methods whose held-out error is compared, the first less the second, where both have the same visits.
QUESTIONS = (
    ("neural process", "straight line"), ("neural process", "constant"), ("neural process", "joint bridge, fitted"),
    (LONG, "neural process"), (LONG, "straight line"),
    ("joint bridge, fitted", "straight line"), ("joint bridge, own model's parameters", "joint bridge, fitted"),
)  # fmt: skip


def reconstruction(sizes, profile: str, seed: int) -> list[pd.DataFrame]:
    """Compare all methods; see `from_all_visits` and `from_few_visits` for the sizes.

    Returns
    -------
    list of pandas.DataFrame
        A row a number of visits, method and one of `BANDS`: the means of `errors` over objects and seeds, their standard
        errors (``held_out_error`` ...) and scatters over seeds (``held_out_spread`` ...), ``n`` and ``seeds``. A row a number
        of visits, question and band: ``row``, ``less``, ``difference`` of the held-out error (mag) and its 95 % interval over
        objects and seeds, ``low`` and ``high``.
    """
    table, differences = [], []
    for visits, rows in (("all", from_all_visits(sizes, profile, seed)), ("few", from_few_visits(sizes, profile, seed))):
        for name, found in rows.items():
            for band in BANDS:
                seeds, n = _of_band(found["all"], band).shape
                entry = {"visits": visits, "method": name, "band": band, "n": n, "seeds": seeds}
                for key, values in found.items():
                    each = _of_band(values, band)
                    spread = each.mean(axis=1).std(ddof=1) if seeds > 1 else np.nan
                    error = math.hypot(each.mean(axis=0).std() / np.sqrt(n), np.nan_to_num(spread) / np.sqrt(seeds))
                    entry |= {key: each.mean(), f"{key}_error": error, f"{key}_spread": spread}
                table.append(entry)
        for ours, other in QUESTIONS:
            if not {ours, other} <= rows.keys():
                continue
            for band in BANDS:
                gap, low, high = over_seeds(np.mean, _of_band(rows[ours]["held_out"] - rows[other]["held_out"], band))
                entry = {"visits": visits, "row": ours, "less": other, "band": band, "difference": gap}
                differences.append(entry | {"low": low, "high": high})
    return [pd.DataFrame(table), pd.DataFrame(differences)]


def _of_band(values: np.ndarray, band: str) -> np.ndarray:
    """One band's values (seeds, n) of (n, 6) or (seeds, n, 6), or the mean over all six."""
    return np.atleast_2d(values.mean(axis=-1) if band == "all" else values[..., population.BANDS.index(band)])
