"""Later labels as an exam: who was right, by how much, and how sure that is."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from agnbook.errors import FeatureError, SettingsError
from agnbook.judge import scores
from agnbook.sky import catalogs, crossmatch, registry, source_classes


@dataclass(frozen=True)
class Exam:
    """What is asked, of which sources.

    Attributes
    ----------
    name, title : for the command line and for readers.
    older, newer : names of catalogues (see ``data/catalogs.toml``); "4lac-dr3" means both its files.
    before : classes of the candidates in the older release, "" for unassociated.
    classes : class of the exam -> physical classes of the newer release.
    """

    name: str
    title: str
    older: str
    newer: str
    before: tuple[str, ...]
    classes: dict[str, tuple[str, ...]]


_GALACTIC = tuple(name for name in source_classes.PAPER_CLASSES if name not in source_classes.AGN_CLASSES)


EXAMS = {
    exam.name: exam
    for exam in (
        Exam(
            "agn-galactic", "Unassociated sources of 4FGL-DR4: active galaxy or not", "4fgl-dr4", "fl16y", ("",),
            {"agn": source_classes.AGN_CLASSES, "galactic": _GALACTIC},
        ),
        Exam(
            "agn-pulsar", "Unassociated sources of 4FGL-DR4: active galaxy or pulsar", "4fgl-dr4", "fl16y", ("",),
            {"agn": source_classes.AGN_CLASSES, "psr": ("psr", "msp")},
        ),
        Exam(
            "six-groups", "Unassociated sources of 4FGL-DR4: the six groups of paper 2", "4fgl-dr4", "fl16y", ("",),
            source_classes.GROUPS,
        ),
        Exam(
            "bll-fsrq", "Blazar candidates of 4LAC-DR3: BL Lac or FSRQ", "4lac-dr3", "fl16y", ("bcu",),
            {"bll": ("bll",), "fsrq": ("fsrq",)},
        ),
    )
}  # fmt: skip


def get_exam(name: str) -> Exam:
    """Return an exam by name; a `SettingsError` lists the names that exist."""
    if name not in EXAMS:
        raise SettingsError(f"Unknown exam {name!r}; choose one of {', '.join(EXAMS)}.")
    return EXAMS[name]


def read_release(name: str | Path) -> pd.DataFrame:
    """Read a registered catalogue, "4lac-dr3" (both files), or a FITS file that is not registered yet."""
    if name == "4lac-dr3":
        return catalogs.read_4lac()
    return catalogs.read(str(name)) if str(name) in registry.entries() else catalogs.read_fits(name)


def answers(exam: Exam, older: pd.DataFrame | None = None, newer: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return what became of an exam's candidates.

    Returns
    -------
    pandas.DataFrame, indexed by ``Source_Name`` of the older release
        The columns of `crossmatch.Crossmatch.sources` and ``answer``: a class of the exam, or "" where
        the newer release gives none of them (no association, another class, or no such source).
    """
    older = read_release(exam.older) if older is None else older
    newer = read_release(exam.newer) if newer is None else newer
    table = crossmatch.compare(older, newer).sources
    table = table[table["class_before"].isin(exam.before)].set_index("source").rename_axis("Source_Name")
    lookup = {member: name for name, members in exam.classes.items() for member in members}
    return table.assign(answer=table["class_after"].map(lookup).fillna("").astype(object))


def class_columns(table: pd.DataFrame, names, normalise: bool = False) -> pd.DataFrame:
    """Return the probabilities of these classes, checked; of two classes one may be missing (1 - the other).

    Rows without any probability are left out.

    Raises
    ------
    FeatureError
        For missing columns, values outside 0 to 1, a row with some values missing, or rows that do not add up
        to 1 (unless `normalise`).
    """
    names = list(names)
    missing = [name for name in names if name not in table]
    if len(names) == 2 and len(missing) == 1:
        (other,) = [name for name in names if name not in missing]
        table = table.assign(**{missing[0]: 1 - table[other].astype(float)})
    elif missing:
        raise FeatureError(f"The table lacks probabilities of {', '.join(missing)}; name their columns (class=column).")
    values = table[names].apply(pd.to_numeric, errors="coerce")
    values = values[values.notna().any(axis=1)]  # a table may list sources that it does not answer for
    bad = ~((values >= 0) & (values <= 1)).all(axis=1)
    if bad.any():
        raise FeatureError(f"{bad.sum()} rows have probabilities outside 0 to 1 or none, such as {values.index[bad][0]}.")
    total = values.sum(axis=1)
    if normalise and (total > 0).all():
        return values.div(total, axis=0)
    off = (total - 1).abs() > 0.02
    if off.any():
        first = values.index[off][0]
        raise FeatureError(
            f"{off.sum()} rows do not add up to 1 (such as {first}: {total[first]:.3g}); "
            "name all classes, or ask for normalisation if the others were left out on purpose."
        )
    return values.div(total, axis=0)


def score_predictions(
    table: pd.DataFrame, labels: pd.Series, weight: pd.Series | None = None, *, n_resamples: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Score class probabilities against labels.

    Parameters
    ----------
    table : pandas.DataFrame, indexed by source name, one column a class; see `class_columns`.
    labels : pandas.Series, indexed by source name, values among the columns of `table`; others ("") are not scored.
    weight : pandas.Series, optional
        Importance weights by source name.

    Returns
    -------
    pandas.DataFrame
        Rows ``logloss``, ``brier``, ``auc``, ``accuracy`` and, for each class, ``count <class>`` (predicted minus
        true number); columns ``value``, ``low``, ``high`` (95 %, sources resampled) and ``constant``, the same
        score of the best constant forecast in hindsight. ``attrs["n"]`` is the number of sources scored,
        ``attrs["unanswered"]`` of labelled sources that the table lacks.

    Raises
    ------
    FeatureError
        When no labelled source is in the table.
    """
    labels = labels[labels.isin(table.columns)]
    common = labels.index.intersection(table.index, sort=False)
    if not len(common):
        raise FeatureError(
            "No labelled source is in the table. Names must be those of the older release, such as '4FGL J0000.5+0743'."
        )
    probability = table.loc[common].to_numpy(float)
    codes = table.columns.get_indexer(labels[common])
    w = np.ones(len(common)) if weight is None else weight[common].to_numpy(float)
    truth = np.eye(len(table.columns))[codes]
    shares = np.average(truth, axis=0, weights=w)
    ours = scores.class_scores(codes, probability, w, n_resamples=n_resamples, seed=seed)
    constant = scores.class_scores(codes, np.broadcast_to(shares, probability.shape), w, n_resamples=1)
    rows = {name: (*value, constant[name][0]) for name, value in ours.items()}
    # A forecast that is right in every probability still misses a count by sampling: that is the interval.
    for k, name in enumerate(table.columns):
        excess = (probability[:, k] - truth[:, k]) * w
        half = 1.96 * excess.std() * np.sqrt(len(excess))
        rows[f"count {name}"] = (excess.sum(), excess.sum() - half, excess.sum() + half, 0.0)
    result = pd.DataFrame.from_dict(rows, orient="index", columns=["value", "low", "high", "constant"])
    result.attrs |= {"n": len(common), "unanswered": len(labels) - len(common)}
    return result


def paired_gain(first: pd.DataFrame, second: pd.DataFrame, labels: pd.Series, *, n_resamples: int = 1000, seed: int = 0):
    """How much smaller the second table's log-loss is on the sources that both answer for.

    Parameters
    ----------
    first, second : tables as in `score_predictions`, with the same columns.
    labels : pandas.Series, indexed by source name.

    Returns
    -------
    tuple of float
        (gain, low, high) in nats a source; sources are resampled in pairs, so that a source which is hard for
        both does not widen the interval.
    """
    labels = labels[labels.isin(first.columns)]
    common = labels.index.intersection(first.index).intersection(second.index)
    codes = first.columns.get_indexer(labels[common])
    loss = [-np.log(np.maximum(table.loc[common, first.columns].to_numpy(float)[np.arange(len(codes)), codes],
                               scores.PROBABILITY_FLOOR)) for table in (first, second)]  # fmt: skip
    gain = loss[0] - loss[1]
    return float(gain.mean()), *scores.bootstrap(np.mean, gain, n_resamples=n_resamples, seed=seed)
