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


def clusters(outcome: pd.DataFrame) -> pd.Series:
    """Return what each answered source shares with others: its later counterpart, or else only its own name.

    Parameters
    ----------
    outcome : as `answers` gives it. Several excesses around one supernova remnant are one piece of evidence, not several.
    """
    key = outcome["counterpart_after"].astype(str).str.upper().str.replace(" ", "", regex=False)
    return key.where(key != "", outcome.index.to_series())


def numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Return the cells as numbers; empty ones become NaN, texts raise a `FeatureError` that names the first."""
    values = table.apply(pd.to_numeric, errors="coerce")
    filled = table.notna() & table.astype(str).apply(lambda column: column.str.strip().str.lower()).ne("").astype(bool)
    filled &= ~table.astype(str).isin(["nan", "--", "masked", "None"])
    if (texts := (values.isna() & filled)).any(axis=None):
        row, column = np.argwhere(texts.to_numpy())[0]
        raise FeatureError(
            f"{int(texts.sum().sum())} cells are texts where probabilities should be, such as {table.iloc[row, column]!r} of "
            f"{table.index[row]} in {table.columns[column]!r}; give numbers from 0 to 1, or leave the cell empty."
        )
    return values


def class_columns(table: pd.DataFrame, names, normalise: bool = False) -> pd.DataFrame:
    """Return the probabilities of these classes, checked; of two classes one may be missing (1 - the other).

    Rows without any probability are left out; ``attrs["without_probabilities"]`` says how many.

    Raises
    ------
    FeatureError
        For missing columns, texts, percentages, values outside 0 to 1, a row with some values missing, or rows that do not
        add up to 1 (unless `normalise`).
    """
    names = list(names)
    missing = [name for name in names if name not in table]
    if len(names) == 2 and len(missing) == 1:
        (other,) = [name for name in names if name not in missing]
        table = table.assign(**{missing[0]: 1 - numbers(table[[other]])[other]})
    elif missing:
        raise FeatureError(f"The table lacks probabilities of {', '.join(missing)}; name their columns (class=column).")
    values = numbers(table[names])
    empty = values.isna().all(axis=1)  # a table may list sources that it does not answer for
    values = values[~empty]
    if len(values) and values.max(axis=None) > 1.5 and values.min(axis=None) >= 0 and (values.max(axis=1) <= 100).all():
        raise FeatureError(
            f"The probabilities reach {values.max(axis=None):.3g}: they look like percentages. Divide them by 100."
        )
    bad = ~((values >= 0) & (values <= 1)).all(axis=1)
    if bad.any():
        raise FeatureError(f"{bad.sum()} rows have probabilities outside 0 to 1 or none, such as {values.index[bad][0]}.")
    total = values.sum(axis=1)
    off = (total - 1).abs() > 0.02
    if off.any() and not (normalise and (total > 0).all()):
        first = values.index[off][0]
        raise FeatureError(
            f"{off.sum()} rows do not add up to 1 (such as {first}: {total[first]:.3g}); "
            "name all classes, or ask for normalisation if the others were left out on purpose."
        )
    values = values.div(total, axis=0)
    values.attrs["without_probabilities"] = int(empty.sum())
    return values


def score_predictions(
    table: pd.DataFrame, labels: pd.Series, weight: pd.Series | None = None, *, clusters: pd.Series | None = None,
    n_resamples: int = 1000, seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """Score class probabilities against labels.

    Parameters
    ----------
    table : pandas.DataFrame, indexed by source name, one column a class; see `class_columns`.
    labels : pandas.Series, indexed by source name, values among the columns of `table`; others ("") are not scored.
    weight : pandas.Series, optional
        Importance weights by source name.
    clusters : pandas.Series, optional
        Cluster by source name (see `clusters`); whole clusters are resampled.

    Returns
    -------
    pandas.DataFrame
        Rows ``logloss``, ``brier``, ``auc``, ``accuracy`` and, for each class, ``count <class>`` (predicted minus
        true number); columns ``value``, ``low``, ``high`` (95 %, sources resampled) and ``constant``, the same
        score of the best constant forecast in hindsight. ``attrs`` counts every row: ``n`` (scored), ``unanswered``
        (labelled sources that the table lacks), ``no_answer`` (rows of candidates without a label so far) and
        ``not_candidates`` (rows with other names).

    Raises
    ------
    FeatureError
        When no labelled source is in the table.
    """
    candidates = labels.index
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
    groups = None if clusters is None else clusters[common].to_numpy()
    ours = scores.class_scores(codes, probability, w, clusters=groups, n_resamples=n_resamples, seed=seed)
    constant = scores.class_scores(codes, np.broadcast_to(shares, probability.shape), w, n_resamples=1)
    rows = {name: (*value, constant[name][0]) for name, value in ours.items()}
    # A forecast that is right in every probability still misses a count by sampling: that is the interval.
    for k, name in enumerate(table.columns):
        excess = (probability[:, k] - truth[:, k]) * w
        half = 1.96 * excess.std() * np.sqrt(len(excess))
        rows[f"count {name}"] = (excess.sum(), excess.sum() - half, excess.sum() + half, 0.0)
    result = pd.DataFrame.from_dict(rows, orient="index", columns=["value", "low", "high", "constant"])
    known = int(table.index.isin(candidates).sum())
    result.attrs |= {"n": len(common), "unanswered": len(labels) - len(common), "no_answer": known - len(common)}
    result.attrs |= {"not_candidates": len(table) - known}
    return result


def paired_scores(
    first: pd.DataFrame, second: pd.DataFrame, labels: pd.Series, *, clusters: pd.Series | None = None,
    n_resamples: int = 1000, seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """Two tables on the sources that both answer for, and their difference.

    Parameters
    ----------
    first, second : tables as in `score_predictions`, with the same columns.
    labels, clusters : see `score_predictions`.

    Returns
    -------
    pandas.DataFrame
        Rows ``logloss``, ``brier``, ``auc``, ``accuracy``; columns ``first``, ``second``, ``difference`` (first minus
        second), ``low`` and ``high`` (95 %). Both tables are scored on the same resamples, so that a source which is hard
        for both does not widen the interval. ``attrs["n"]``, and ``attrs["count"]``: answers by class.

    Raises
    ------
    FeatureError
        When no labelled source is in both tables.
    """
    labels = labels[labels.isin(first.columns)]
    common = labels.index.intersection(first.index, sort=False).intersection(second.index, sort=False)
    if not len(common):
        raise FeatureError("No labelled source is in both tables; lead the names of one release to the other first.")
    codes = first.columns.get_indexer(labels[common])
    groups = None if clusters is None else clusters[common].to_numpy()
    draws = scores.resample_counts(len(common), n_resamples, np.random.default_rng(seed), groups)
    draws = np.vstack([np.ones(len(common)), draws])
    both = [scores.source_scores(codes, table.loc[common, first.columns].to_numpy(float), draws) for table in (first, second)]
    rows = {}
    for name in both[0]:
        difference = both[0][name] - both[1][name]
        spread = difference[1:][np.isfinite(difference[1:])]
        limits = np.quantile(spread, [0.025, 0.975]) if len(spread) else (np.nan, np.nan)  # one class: no AUC
        rows[name] = (both[0][name][0], both[1][name][0], difference[0], *limits)
    result = pd.DataFrame.from_dict(rows, orient="index", columns=["first", "second", "difference", "low", "high"])
    result.attrs |= {"n": len(common), "count": labels[common].value_counts().to_dict()}
    return result


def one_score(results: dict[str, pd.DataFrame], key: str) -> pd.DataFrame:
    """Take one score from several results: a row each, columns ``value``, ``low``, ``high``."""
    return pd.DataFrame({name: result.loc[key, ["value", "low", "high"]] for name, result in results.items()}).T


def compare(mine: pd.DataFrame, room: dict[str, pd.DataFrame], labels: pd.Series, **options) -> dict[str, pd.DataFrame]:
    """Compare one table with each of others, pair by pair, on the names that the two share.

    Parameters
    ----------
    room : name -> table.
    options : of `paired_scores`.

    Returns
    -------
    dict
        For each score a table with one row a pair: ``n``, ``ours``, ``theirs``, ``value`` (ours minus theirs), ``low``, ``high``.
    """
    pairs = {name: paired_scores(mine, table, labels, **options) for name, table in room.items()}
    columns = {"first": "ours", "second": "theirs", "difference": "value", "low": "low", "high": "high"}
    result = {}
    for key in ("logloss", "brier", "auc", "accuracy"):
        rows = {name: pair.loc[key].rename(columns) for name, pair in pairs.items()}
        result[key] = pd.DataFrame(rows).T
        result[key].insert(0, "n", [pair.attrs["n"] for pair in pairs.values()])
    result["count"] = pd.DataFrame({name: pair.attrs["count"] for name, pair in pairs.items()}).T.fillna(0).astype(int)
    return result


def compare_labels(theirs: pd.Series, ours: pd.Series, labels: pd.Series, rare: str) -> dict[str, float]:
    """Compare two lists of classes without probabilities on the labelled sources that both name.

    Parameters
    ----------
    theirs, ours, labels : classes by source name; "" among the labels for none.
    rare : a class whose finds are counted.

    Returns
    -------
    dict
        ``n``, accuracies ``theirs`` and ``ours``, the number of sources of the class `rare` under its name, and how many of these
        each list finds: ``found`` (theirs) and ``found by ours``.
    """
    known = labels[labels != ""].index.intersection(ours.index)
    common = theirs.index.intersection(known)
    truth = labels[common]
    right, own = theirs[common] == truth, ours[common] == truth
    mine = truth == rare
    return {
        "n": len(common), "theirs": right.mean(), "ours": own.mean(), rare: mine.sum(), "found": (mine & right).sum(),
        "found by ours": (mine & own).sum(),
    }  # fmt: skip


def reestimated_scores(
    table: pd.DataFrame, labels: pd.Series, source: pd.DataFrame, target: pd.DataFrame, ratio, *,
    clusters: pd.Series | None = None, n_resamples: int = 50, seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """Weighted scores whose intervals hold that the weights are estimated, too.

    Every resample draws labelled sources (whole clusters) and target sources anew, estimates the weights on them, and scores.

    Parameters
    ----------
    table, labels, clusters : see `score_predictions`.
    source, target : features of the labelled sources and of the sample that they should look like, by name.
    ratio : function (source, target) -> weights of the source rows.

    Returns
    -------
    pandas.DataFrame
        Rows of `scores.source_scores`; columns ``value``, ``low``, ``high``. ``attrs``: ``n`` and ``n_eff``, the effective
        number of sources (Kish 1965) behind ``value``.
    """
    labels = labels[labels.isin(table.columns)]
    common = labels.index.intersection(table.index, sort=False).intersection(source.index, sort=False)
    codes = table.columns.get_indexer(labels[common])
    probability, X, target = table.loc[common].to_numpy(float), source.loc[common].to_numpy(float), target.to_numpy(float)
    groups = None if clusters is None else clusters[common].to_numpy()
    rng = np.random.default_rng(seed)
    counts = scores.resample_counts(len(common), n_resamples, rng, groups)
    own = ratio(X, target)
    result = scores.source_scores(codes, probability, own[None])
    draws = []
    for count in counts:
        rows = np.repeat(np.arange(len(common)), count)
        weight = ratio(X[rows], target[rng.integers(0, len(target), len(target))])
        one = scores.source_scores(codes[rows], probability[rows], weight[None])
        draws.append([value[0] for value in one.values()])
    low, high = np.nanquantile(draws, [0.025, 0.975], axis=0)
    frame = pd.DataFrame({"value": [value[0] for value in result.values()], "low": low, "high": high}, list(result))
    frame.attrs |= {"n": len(common), "n_eff": float(own.sum() ** 2 / (own**2).sum())}
    return frame
