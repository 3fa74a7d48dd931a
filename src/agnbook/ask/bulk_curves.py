"""Light curves in Parquet, one row an object, and the posterior of a whole batch of them at once.

Columns: ``object`` (its name), ``time`` (list of days, ascending), ``mag_u`` ... ``mag_Y`` and ``error_u`` ...
``error_Y`` (lists of magnitudes, as long as ``time``). Other columns are left alone; simulated files carry the truth as
``true_<target>``.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from agnbook import storage
from agnbook.banp import summary
from agnbook.banp.posterior import Posterior
from agnbook.errors import BookError, FeatureError
from agnbook.lightcurves import cadence, dataset, population

LISTS = ("time", *(f"{kind}_{band}" for kind in ("mag", "error") for band in population.BANDS))
#: Objects summarised at once: enough that the cost of a call does not show, few enough for 100 MB.
BATCH = 500
#: Draws of each posterior: quasi-random, and the same for all objects, so that an object's answer depends on it alone.
DRAWS = 128
LEVELS = {"low68": 0.1585, "q500": 0.5, "high68": 0.8415}


def to_arrow(curves: dataset.Curves, names) -> pa.Table:
    """Return the visits of `curves` in the layout above, with the true targets where they are known."""
    offsets = pa.array(np.concatenate([[0], np.cumsum(curves.is_visit.sum(axis=1))]), pa.int32())
    seen = curves.is_visit
    flat = {"time": curves.times[seen]}
    for b, band in enumerate(population.BANDS):
        flat[f"mag_{band}"] = curves.observed[..., b][seen].astype(np.float32)
        flat[f"error_{band}"] = curves.error[..., b][seen].astype(np.float32)
    columns = {"object": pa.array(list(names), pa.string())}
    columns |= {name: pa.ListArray.from_arrays(offsets, pa.array(flat[name])) for name in LISTS}
    if np.isfinite(curves.targets).all():
        columns |= {f"true_{t}": curves.targets[:, i].astype(np.float32) for i, t in enumerate(population.TARGETS)}
    return pa.table(columns)


def simulate(folder: Path | str, objects: int, per_partition: int, setting: str = "dc2_like", seed: int = 0) -> list[Path]:
    """Write simulated light curves as partitions ``part-00000.parquet`` ...; partition k depends on `seed` and k alone."""
    paths = []
    for k in range(-(-objects // per_partition)):
        rng = np.random.default_rng([seed, k])
        size = min(per_partition, objects - k * per_partition)
        curves = dataset.simulate(size, rng, cadence.pool(max(20, size // 10), rng), setting)
        names = [f"sim-{k * per_partition + i:09d}" for i in range(size)]
        paths.append(Path(folder) / f"part-{k:05d}.parquet")
        with storage.atomic_write(paths[-1]) as temporary:
            pq.write_table(to_arrow(curves, names), temporary, compression="zstd", write_page_checksum=True)
    return paths


def _flat(batch: pa.RecordBatch, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of a list column one after the other, and how many each row has."""
    column = batch.column(name)
    try:
        column = column.cast(pa.large_list(pa.float64() if name == "time" else pa.float32()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise FeatureError(f"Column {name} is {column.type}; it must hold one list of numbers a row.") from error
    return column.flatten().to_numpy(zero_copy_only=False), pc.list_value_length(column).fill_null(0).to_numpy()


def from_batch(batch: pa.RecordBatch) -> tuple[dataset.Curves, np.ndarray, list[str]]:
    """Check and pad the light curves of a batch.

    Returns
    -------
    curves : the usable objects; their latents, targets and truth are NaN.
    usable : (n,) bool, which rows of the batch they are.
    problems : what is wrong with each row, ``""`` for the usable; the words are those of `dataset.check`.

    Raises
    ------
    FeatureError
        For missing columns (all are named) and columns that are not lists of numbers.
    """
    if missing := [name for name in ("object", *LISTS) if name not in batch.schema.names]:
        raise FeatureError(f"Missing columns: {', '.join(missing)}. A row is one object, its visits are lists.")
    values, lengths = zip(*(_flat(batch, name) for name in LISTS), strict=True)
    n = lengths[0]
    usable = np.all([length == n for length in lengths], axis=0) & (n >= dataset.FEWEST) & (n <= dataset.MOST)
    values_kept = [v[np.repeat(usable, length)] for v, length in zip(values, lengths, strict=True)]
    owner = np.repeat(np.flatnonzero(usable), n[usable])
    bad = np.zeros(len(owner), bool)
    for name, value in zip(LISTS, values_kept, strict=True):
        bad |= ~np.isfinite(value)
        if name.startswith("error"):
            bad |= value <= 0
    bad[1:] |= (np.diff(values_kept[0]) <= 0) & (owner[1:] == owner[:-1])
    usable[owner[bad]] = False
    problems = [""] * len(batch)
    for row in np.flatnonzero(~usable):
        problems[row] = _problem([v[: length[: row + 1].sum()][-length[row] :] if length[row] else v[:0]
                                  for v, length in zip(values, lengths, strict=True)])  # fmt: skip
    kept, count = usable[owner], n[usable]
    seen = np.arange(count.max(initial=1)) < count[:, None]
    times, observed = np.empty(seen.shape), np.full((*seen.shape, 6), np.nan, np.float32)
    error = np.full((*seen.shape, 6), np.inf, np.float32)
    times[seen] = values_kept[0][kept]
    for b in range(6):
        observed[..., b][seen], error[..., b][seen] = values_kept[1 + b][kept], values_kept[7 + b][kept]
    last = np.minimum(np.arange(seen.shape[1]), count[:, None] - 1)
    nothing = np.broadcast_to(np.float32(np.nan), observed.shape)
    curves = dataset.Curves(
        np.full((len(count), 8), np.nan), np.full((len(count), 21), np.nan), np.take_along_axis(times, last, axis=1), seen,
        nothing, observed, error, count,
    )  # fmt: skip
    return curves, usable, problems


def _problem(columns) -> str:
    if len({len(column) for column in columns}) > 1:
        return f"Lists of unequal lengths: {', '.join(f'{n} {len(c)}' for n, c in zip(LISTS, columns, strict=True))}."
    try:
        dataset.check(columns[0], np.stack(columns[1:7], axis=1), np.stack(columns[7:], axis=1))
    except BookError as error:
        return str(error)
    raise AssertionError("a light curve was refused that `dataset.check` accepts")


def draw_targets(model: Posterior, features, draws: int = DRAWS) -> np.ndarray:
    """Draw the 21 targets from each object's posterior, shape (n, draws, 21), with common quasi-random numbers.

    `Posterior.sample` is the same with fresh pseudo-random numbers for every object.
    """
    import torch
    from scipy.stats import norm, qmc

    points = norm.ppf(qmc.Sobol(model.config["dim"], seed=0).random(draws))
    latents = model.draw(features, torch.as_tensor(points.T[None], dtype=torch.float32))
    return population.targets_from_latents(latents)


def columns() -> list[str]:
    """Return the columns of numbers that `score` gives for each object, after its name and the problem."""
    return ["visits", "chi2", *(f"{target}_{level}" for target in population.TARGETS for level in LEVELS)]


def score(batch: pa.RecordBatch, model: Posterior, clock=lambda stage: None) -> pd.DataFrame:
    """Infer the 21 targets of every object of a batch.

    Parameters
    ----------
    batch : rows in the layout above.
    model : see `banp.posterior.shipped`.
    clock : called with the name of a stage (``read``, ``features``, ``network``) when it is over.

    Returns
    -------
    pandas.DataFrame
        ``object``; ``problem``, empty unless the curve cannot be used (its numbers are NaN then); ``unlike_simulator``,
        see `Posterior.warnings`; and `columns`: visits, chi-square per datum of the
        fit (near 1 if the model holds), median and 68.3 % interval of each target.
    """
    curves, usable, problems = from_batch(batch)
    clock("read")
    numbers = np.full((len(usable), len(columns())), np.nan, np.float32)
    unlike = np.full(len(usable), "", object)
    if usable.any():
        features = summary.features(curves, dataset.SETTINGS[model.config["setting"]][2])
        clock("features")
        targets = draw_targets(model, features)
        quantiles = np.quantile(targets, list(LEVELS.values()), axis=1)
        chi2 = features[:, summary.GROUPS["kalman"]][:, summary.kalman.FIT_COLUMNS.index("chi2")]
        numbers[usable] = np.column_stack([curves.length, chi2, np.moveaxis(quantiles, 0, -1).reshape(len(targets), -1)])
        unlike[usable] = model.warnings(features)
        clock("network")
    table = pd.DataFrame(numbers, columns=columns())
    table.insert(0, "object", batch.column("object").to_pandas())
    table.insert(1, "problem", problems)
    table.insert(2, "unlike_simulator", unlike.astype(str))
    return table
