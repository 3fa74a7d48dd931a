"""Later labels as an exam: who was right, by how much, and how sure that is.

An exam compares two releases. Its candidates are sources whose class the older release did not know;
its answers are the classes that the newer one gives. Any table of class probabilities can sit it.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from agnbook import artifacts, catalogs, crossmatch, files, scores, tables
from agnbook.errors import FeatureError, SettingsError
from agnbook.profiles import Settings
from agnbook.shift import classes


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


_GALACTIC = tuple(name for name in classes.PAPER_CLASSES if name not in classes.AGN_CLASSES)
EXAMS = {
    exam.name: exam
    for exam in (
        Exam(
            "agn-galactic", "Unassociated sources of 4FGL-DR4: active galaxy or not", "4fgl-dr4", "fl16y", ("",),
            {"agn": classes.AGN_CLASSES, "galactic": _GALACTIC},
        ),
        Exam(
            "agn-pulsar", "Unassociated sources of 4FGL-DR4: active galaxy or pulsar", "4fgl-dr4", "fl16y", ("",),
            {"agn": classes.AGN_CLASSES, "psr": ("psr", "msp")},
        ),
        Exam(
            "six-groups", "Unassociated sources of 4FGL-DR4: the six groups of paper 2", "4fgl-dr4", "fl16y", ("",),
            classes.GROUPS,
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
    return catalogs.read(str(name)) if str(name) in catalogs.registry() else catalogs.read_fits(name)


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


def read_predictions(path: str | Path, columns: dict[str, str] | None = None) -> pd.DataFrame:
    """Read a table of class probabilities, indexed by source name.

    Parameters
    ----------
    path : file of a kind that `tables.read` knows, or ``"-"`` for CSV from standard input, with a column ``Source_Name``
        (or ``Name``, ``Source``) and one column a class, called like the class or ``p_`` and the class; capitals do
        not matter.
    columns : class -> column, for tables that use other names.

    Raises
    ------
    FeatureError
        For an unreadable file, no name column, repeated names, or columns that are not there.
    """
    table = tables.read(path).to_pandas()
    lower = {column.lower(): column for column in table.columns}
    name = next((lower[key] for key in ("source_name", "name", "source") if key in lower), None)
    if name is None:
        raise FeatureError(f"{path} has no column Source_Name; it has {', '.join(map(str, table.columns))}.")
    names = table[name].astype(str).str.strip()
    if (repeated := names.duplicated()).any():
        raise FeatureError(
            f"{path} names {repeated.sum()} sources twice, such as {names[repeated].iloc[0]}; give one row a source."
        )
    if absent := [column for column in (columns or {}).values() if column not in table]:
        raise FeatureError(f"{path} lacks the columns {', '.join(absent)}; it has {', '.join(map(str, table.columns))}.")
    named = {column: kind for kind, column in (columns or {}).items()}
    values = table.drop(columns=name).rename(columns=lambda column: named.get(column, column.lower().removeprefix("p_")))
    return values.set_axis(pd.Index(names, name="Source_Name"))


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


def score_file(
    path: str | Path, exam: str, *, older: str | Path | None = None, newer: str | Path | None = None,
    columns: dict[str, str] | None = None, normalise: bool = False, n_resamples: int = 1000,
) -> pd.DataFrame:  # fmt: skip
    """Score a file of predictions on an exam; the work behind ``agnbook score``.

    Parameters
    ----------
    path : see `read_predictions`.
    exam : a name in `EXAMS`.
    older, newer : registered names or FITS files of other releases than the exam's.
    columns, normalise : see `read_predictions`, `class_columns`.

    Returns
    -------
    pandas.DataFrame
        As `score_predictions`.
    """
    chosen = get_exam(exam)
    table = class_columns(read_predictions(path, columns), chosen.classes, normalise)
    releases = [None if name is None else read_release(name) for name in (older, newer)]
    return score_predictions(table, answers(chosen, *releases)["answer"], n_resamples=n_resamples)


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


def seal(name: str, table: pd.DataFrame, *, settings: Settings, seed: int, model: str, date: str) -> float | None:
    """Freeze a table of predictions as ``data/results/sealed_<name>.csv`` for a catalogue that does not exist yet.

    Parameters
    ----------
    table : indexed by ``Source_Name``; written with four decimals.
    model : fingerprint of what the predictions were made with.
    date : day of sealing, ``YYYY-MM-DD``.

    Returns
    -------
    float
        Largest difference from the table that is sealed; None where none is. A sealed file is never
        overwritten: nobody improves a prediction after the fact. Only a publishing `paper` run seals.
    """
    path = f"results/sealed_{name}.csv"
    target = files.DATA / path
    if target.exists():
        old = artifacts.load_table(path).set_index("Source_Name")
        old, new = old.align(table, join="inner")
        return float((old - new).abs().max().max())
    if settings.profile == "paper" and artifacts.publishing():
        files.write_text(target, table.round(4).reset_index().to_csv(index=False, lineterminator="\n"))
        artifacts.record(path, chapter=settings.chapter, profile="paper", seed=seed, wall_seconds=0.0, model=model, sealed=date)
    return None


def sealed(name: str) -> tuple[pd.DataFrame, dict]:
    """Return a sealed table, indexed by ``Source_Name``, and its record (``sha256``, ``model``, ``sealed``) after checking it."""
    path = f"results/sealed_{name}.csv"
    table = artifacts.load_table(path).set_index("Source_Name")
    return table, json.loads((files.DATA / "results" / "artifacts.json").read_text(encoding="utf-8"))[path]
