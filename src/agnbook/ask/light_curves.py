"""Physical parameters behind the light curves of a table."""

import numpy as np

from agnbook import committed, storage
from agnbook.ask import progress
from agnbook.errors import FeatureError

#: Suffix of a column of `light_curves` -> level of the posterior quantile in it.
QUANTILES = {"q500": 0.5, "low68": 0.1585, "high68": 0.8415, "low95": 0.023, "high95": 0.977}


DRAWS = 2000


def light_curves(table, setting: str = "dc2_like", tolerance: float = 0.5, step: float | None = None, exact: bool = False):
    """Infer 21 parameters of each object's six-band light curve with a shipped posterior of chapter 32.

    Parameters
    ----------
    table : astropy.table.Table
        See `visits.read`.
    setting : the simulated survey that the model was trained on, a key of `dataset.SETTINGS`
    tolerance : days within which the six bands make up a visit
    step : days between the times of the reconstruction; none is made without it
    exact : weigh the network's draws by the exact likelihood (`banp.exact`), for the setting `independent` alone;
        a tenth of a second more for each object

    Returns
    -------
    parameters : astropy.table.Table
        One row an object, in the table's order: ``object``; ``visits``; ``rows_left_out``; ``problem``, why there is no
        answer; ``chi2`` per datum of the Kalman fit; ``unlike_simulator``, what the curve does not share with the training
        set (words of `Posterior.warnings`); ``effective_draws`` if `exact`; the posterior quantiles `QUANTILES` of each of
        `population.TARGETS`; ``setting``; ``model_sha256``.
    reconstruction : astropy.table.Table or None
        Long: ``object``, ``time``, ``band``, ``magnitude`` of the noiseless curve and its ``sd`` at regular times, for the
        fitted parameters.

    Raises
    ------
    FeatureError
        For an unknown setting, `exact` in another setting than `independent`, a step that is no positive number, and what
        `visits.read` refuses.
    """
    from astropy.table import Table, vstack

    from agnbook.ask import visits
    from agnbook.banp import exact as importance
    from agnbook.banp import posterior, summary
    from agnbook.lightcurves import dataset, kalman, population

    if setting not in dataset.SETTINGS:
        raise FeatureError(f"Unknown setting {setting!r}; choose one of {', '.join(dataset.SETTINGS)}.")
    if exact and setting != "independent":
        raise FeatureError(
            f"Exact posteriors are for the setting independent, not {setting}: the likelihood is known there alone."
        )
    if step is not None and not step > 0:
        raise FeatureError(f"The step of the reconstruction must be a positive number of days, not {step}.")
    objects, shared = visits.read(table, tolerance), dataset.SETTINGS[setting][2]
    model, weights = posterior.shipped(setting), committed.verify(f"weights/light_curves_{setting}.safetensors")
    chi2, unlike, effective = np.full(len(objects), np.nan), [""] * len(objects), np.full(len(objects), np.nan)
    problems = [each.problem for each in objects]
    quantiles = np.full((len(objects), len(population.TARGETS), len(QUANTILES)), np.nan)
    parts = []
    for row in (row for block in progress.blocks(len(objects), "light curves", 1) for row in range(len(objects))[block]):
        if objects[row].problem:
            continue
        curves = dataset.from_arrays(objects[row].times, objects[row].magnitudes, objects[row].errors)
        found = summary.features(curves, shared)
        # one object at a time: its answer does not depend on the rest of the table
        fit = kalman.fit(curves, shared)
        chi2[row] = fit[0, kalman.FIT_COLUMNS.index("chi2")]
        unlike[row] = str(model.warnings(found)[0])
        if exact:
            (draws,), effective[row : row + 1] = importance.sample_targets(model, curves, found, DRAWS)
            if not effective[row]:
                problems[row] = "No draw of the network is possible under the simulation's population."
                continue
        else:
            draws = model.sample_targets(found, DRAWS)[0]
        quantiles[row] = np.quantile(draws, list(QUANTILES.values()), axis=0).T
        if step is not None:
            parts.append(_reconstruct(objects[row], fit, step, shared))
    length = np.array([len(each.times) for each in objects])
    parameters = {
        "object": np.array([each.name for each in objects]),
        "visits": length,
        "rows_left_out": np.array([each.left_out for each in objects]),
        "problem": np.array(problems),
        "chi2": chi2.round(4),
        "unlike_simulator": np.array(unlike, dtype=str),
    }
    if exact:
        parameters["effective_draws"] = effective.round(0)
    for position, target in enumerate(population.TARGETS):
        parameters |= {f"{target}_{name}": quantiles[:, position, k].round(4) for k, name in enumerate(QUANTILES)}
    parameters |= {
        "setting": np.full(len(objects), setting), "model_sha256": np.full(len(objects), storage.sha256(weights)),
    }  # fmt: skip
    reconstruction = None
    if step is not None:
        empty = {"object": np.array([], str), "time": np.array([]), "band": np.array([], str), "magnitude": np.array([])}
        reconstruction = vstack(parts) if parts else Table(empty | {"sd": np.array([])})
    return Table(parameters), reconstruction


def _reconstruct(each, fit, step: float, shared: bool):
    """The noiseless curve of one `visits.Object` from its first to its last visit, given the fitted parameters."""
    from astropy.table import Table

    from agnbook.lightcurves import dataset, kalman, population

    grid = np.arange(each.times[0], each.times[-1] + 1e-9, step)
    if len(grid) > dataset.MOST:
        raise FeatureError(f"A step of {step:g} d makes {len(grid)} times for {each.name}; the most is {dataset.MOST}. Widen it.")
    times = np.union1d(each.times, grid)
    seen, wanted = np.isin(times, each.times), np.isin(times, grid)
    observed, error = np.full((1, len(times), 6), np.nan, np.float32), np.full((1, len(times), 6), np.inf, np.float32)
    observed[0, seen], error[0, seen] = each.magnitudes, each.errors
    curves = dataset.Curves(
        np.full((1, 8), np.nan), np.full((1, 21), np.nan), times[None], seen[None], np.full_like(observed, np.nan), observed,
        error, np.array([len(times)]),
    )  # fmt: skip
    mean, sd = kalman.reconstruct(curves, fit[:, :4], fit[:, 10:16], shared)
    n = wanted.sum()
    return Table(
        {
            "object": np.full(6 * n, each.name),
            "time": np.repeat(times[wanted], 6).round(5),
            "band": np.tile(population.BANDS, n),
            "magnitude": mean[0, wanted].ravel().round(5),
            "sd": sd[0, wanted].ravel().round(5),
        }
    )
