"""The neural process examined: how many passes a test needs, figure 4 as it was drawn, dropout, and the times it is asked for.

`sizes` is the chapter's mapping of sizes (`chapter.sizes.Settings`); each function names the ones it reads.
"""

import numpy as np
import pandas as pd
import torch

from agnbook.banp import diagnostics, models, train
from agnbook.banp.passes import Mixture, at_rate, batches, scaled
from agnbook.judge import calibration, scores
from agnbook.lightcurves import cadence

#: Seeds of the curves: those of the study of passes, of dropout, of the times asked for.
PASSES_CURVES, DROPOUT_CURVES, TIMES_CURVES = 348, 345, 349
#: Draws from one pass in the recipe that shares passes, and passes that are put in the truth's place.
SHARED_DRAWS, INNOCENT = 8, 8


def passes(sizes, profile: str, seed: int) -> pd.DataFrame:
    """Put draws in the truth's place: how far are their ranks from uniform when passes are shared, and when they are not?

    Reads `passes_curves` and `pass_counts`. ``recipe``: "shared" ranks a draw among other draws of the same passes;
    "own pass" ranks a draw of a pass that gave no other among the same draws; "by formula" ranks it among draws of as many passes
    again, one each, with the mixture's moments by formula. Of all ranks, `INNOCENT` a curve: the largest deviations
    ``from_diagonal`` and ``from_staircase`` (see `calibration.staircase`), and the ``standard_error`` of the latter over curves.
    """
    process = models.neural_process(profile)
    curves = train.CurveSet(sizes["passes_curves"], PASSES_CURVES, scales=process.scales)
    torch.manual_seed(seed)
    generator, most = torch.Generator().manual_seed(seed), max(sizes["pass_counts"])
    found = {(recipe, n): [] for n in sizes["pass_counts"] for recipe in ("shared", "own pass", "by formula")}
    for _, cx, cy, tx in batches(process, curves, seed):
        mixture = Mixture.ask(process, cx, cy, tx, 2 * most + INNOCENT)
        newcomers = mixture[-INNOCENT:].draws(1, generator)
        for n in sizes["pass_counts"]:
            drawn, half = mixture[:n].draws(SHARED_DRAWS, generator), n * SHARED_DRAWS // 2
            other, again = drawn[:, half:], mixture[most : most + n].draws(1, generator)
            whole, exact = [calibration.moments(drawn[:, :half])] * INNOCENT, [mixture[:n].moments()] * INNOCENT
            # a draw whose pass also gives moments, by its other draws
            without = [calibration.moments(np.delete(drawn[:, :half], k, axis=1)) for k in range(INNOCENT)]
            for name, draws, ranked, moments in (
                ("shared", drawn, other, without), ("own pass", newcomers, other, whole), ("by formula", newcomers, again, exact),
            ):  # fmt: skip
                ranks = [calibration.distance_ranks(draws[:, k], ranked, *moments[k]) for k in range(INNOCENT)]
                found[name, n].append(np.stack(ranks, axis=1))
    rows = []
    for (recipe, n), parts in found.items():
        ranks = np.concatenate(parts)
        levels, fraction = calibration.curve(ranks.ravel(), diagnostics.LEVELS)
        off = np.abs(fraction - calibration.staircase(levels, n if recipe == "by formula" else n * SHARED_DRAWS // 2))
        worst = np.argmax(off)
        error = (ranks <= levels[worst]).mean(axis=1).std() / np.sqrt(len(ranks))
        row = {"recipe": recipe, "passes": n, "from_diagonal": np.abs(fraction - levels).max(), "from_staircase": off[worst]}
        rows.append(row | {"standard_error": error, "n": len(ranks)})
    return pd.DataFrame(rows)


def jackknife_over_samples(truth, samples, levels) -> tuple[np.ndarray, np.ndarray]:
    """Return the supplement's calibration curve (its eq. 7) of few objects and its error from leaving out posterior samples.

    Mean, covariance and ranks come from the same samples, as the supplement writes it; one sample of every object is left out
    at a time.

    Parameters
    ----------
    truth, samples : (n, d), (n, m, d)
    levels : (k,) posterior volumes p_X

    Returns
    -------
    p_Y and its standard error, each (k,)
    """

    def volume(kept):
        ranks = calibration.distance_ranks(truth, kept, *calibration.moments(kept))
        return (ranks[:, None] < levels).mean(axis=0)

    m = samples.shape[1]
    left_out = np.array([volume(np.delete(samples, k, axis=1)) for k in range(m)])
    return volume(samples), np.sqrt((m - 1) / m * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))


def figure4(sizes, profile: str, seed: int) -> pd.DataFrame:
    """Return the curve of the paper's figure 4 for as few objects, and its error, both as the supplement writes it.

    Reads `validation_objects`, `drawn` (samples of each, one a pass) and `neural`. The objects are the first of the test curves;
    their truths have the noise of the training.

    Returns
    -------
    pandas.DataFrame
        ``level`` (p_X), ``fraction`` (p_Y) and its jackknife standard error ``over_samples``; ``n``, the objects.
    """
    process, few, levels = models.neural_process(profile), sizes["validation_objects"], diagnostics.LEVELS
    curves = train.CurveSet(sizes["neural"], diagnostics.TEST_CURVES, scales=process.scales)
    torch.manual_seed(seed)
    _, cx, cy, tx = next(batches(process, curves, seed))
    mixture = Mixture.ask(process, cx[:few], cy[:few], tx[:few], sizes["drawn"])
    truth = diagnostics.noised(process, curves.targets, seed)[:few]
    fraction, error = jackknife_over_samples(truth, mixture.draws(1, torch.Generator().manual_seed(seed)), levels)
    return pd.DataFrame({"level": levels, "fraction": fraction, "over_samples": error, "n": few})


def _scores(mixture: Mixture, truth, noised, generator) -> dict[str, np.ndarray]:
    """Error, width (prior standard deviations, mean over targets) and distance rank (of noised truths) of each curve, (n,)."""
    half, scale = len(mixture.raw) // 2, mixture.whiten.standard.scale
    mean, covariance = mixture.moments()
    ranked = mixture[half:].draws(4, generator)
    return {
        "mae": (np.abs(mean - truth) / scale).mean(axis=1),
        "sigma": (np.sqrt(np.einsum("nii->ni", covariance)) / scale).mean(axis=1),
        "calibration": calibration.distance_ranks(noised, ranked, *mixture[:half].moments()),
    }


def _paired(first: dict, other: dict) -> dict[str, float]:
    """Scores of `first`, and first minus other on the same curves with 95 % intervals; `calibration` is the largest deviation."""
    row = {"n": len(first["mae"])}
    for name, statistic in (("mae", np.mean), ("sigma", np.mean), ("calibration", calibration.largest_deviation)):
        row[name] = statistic(first[name])
        change = scores.paired(statistic, first[name], other[name], n_resamples=500)
        row |= dict(zip((f"{name}_change", f"{name}_low", f"{name}_high"), change, strict=True))
    return row


def changes(table: pd.DataFrame, names) -> pd.DataFrame:
    """Return the paired differences of `_paired` as text, such as ``+0.011 (+0.008 to +0.014)``, a column a score."""
    ends = ("change", "low", "high")
    text = {name: [table[f"{name}_{end}"].map("{:+.3f}".format) for end in ends] for name in names}
    return pd.DataFrame({name: value + " (" + low + " to " + high + ")" for name, (value, low, high) in text.items()})


def dropout(sizes, profile: str, seed: int) -> pd.DataFrame:
    """Score the neural process predicting with several dropout rates, and its paired differences from the trained rate.

    Reads `dropout_curves`, `rates` and `few_passes`.
    """
    process = models.neural_process(profile)
    curves = train.CurveSet(sizes["dropout_curves"], DROPOUT_CURVES, scales=process.scales)
    trained, found = process.network.config.dropout, {}
    noised = diagnostics.noised(process, curves.targets, seed)
    for rate in sorted({trained, *sizes["rates"]}):
        torch.manual_seed(seed)
        generator, changed, parts = torch.Generator().manual_seed(seed), at_rate(process, rate), []
        for rows, cx, cy, tx in batches(process, curves, seed):
            mixture = Mixture.ask(changed, cx, cy, tx, sizes["few_passes"])
            parts.append(_scores(mixture, curves.targets[rows], noised[rows], generator))
        found[rate] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return pd.DataFrame([{"dropout": rate} | _paired(found[rate], found[trained]) for rate in found])


def _asked(cx, tx, rng: np.random.Generator) -> dict[str, torch.Tensor]:
    """Return sets of query times for curves with context times `cx`; `tx` are the times as in training."""
    n, grid = len(cx), cadence.GRID

    def with_visits(count):
        picked = np.sort(rng.choice(grid, count, replace=False))
        return torch.cat([cx, scaled(picked).expand(n, -1, -1)], dim=1).sort(dim=1).values

    return {
        "as trained": tx,
        "as trained, again": tx,
        "visits, other 32 grid times": with_visits(tx.shape[1] - cx.shape[1]),
        "visits, 200 grid times": with_visits(200),
        "visits only": cx,
        "200 grid times": scaled(np.sort(rng.choice(grid, 200, replace=False))).expand(n, -1, -1),
        "first year": scaled(grid[grid < 365]).expand(n, -1, -1),
        "last year": scaled(grid[grid > cadence.DURATION - 365]).expand(n, -1, -1),
    }


def query_times(sizes, profile: str, seed: int) -> pd.DataFrame:
    """Ask for the same quasars' posterior with different query times: how far does its mean move?

    Reads `times_curves` and `few_passes`.

    Returns
    -------
    pandas.DataFrame
        A row a set of times: ``q05`` to ``q95``, quantiles over curves of the shift of the posterior mean against "as trained",
        rms over the 21 targets, in posterior standard deviations ("as trained, again" differs in its random passes alone); and
        scores with paired differences, see `_paired`.
    """
    process = models.neural_process(profile)
    curves = train.CurveSet(sizes["times_curves"], TIMES_CURVES, scales=process.scales)
    rng, parts, noised = np.random.default_rng(seed), {}, diagnostics.noised(process, curves.targets, seed)
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    for rows, cx, cy, tx in batches(process, curves, seed):
        for k, (name, times) in enumerate(_asked(cx, tx, rng).items()):
            mixture = Mixture.ask(process, cx, cy, times, sizes["few_passes"])
            mean, covariance = mixture.moments()
            if k == 0:
                home, sd = mean, np.sqrt(np.einsum("nii->ni", covariance))
            shift = np.sqrt((((mean - home) / sd) ** 2).mean(axis=1))
            part = _scores(mixture, curves.targets[rows], noised[rows], generator) | {"shift": shift}
            parts.setdefault(name, []).append(part)
    found = {name: {key: np.concatenate([p[key] for p in some]) for key in some[0]} for name, some in parts.items()}
    rows = []
    for name, values in found.items():
        quantiles = {f"q{round(100 * q):02d}": np.quantile(values["shift"], q) for q in (0.05, 0.25, 0.5, 0.75, 0.95)}
        rows.append({"times": name} | quantiles | _paired(values, found["as trained"]))
    return pd.DataFrame(rows)
