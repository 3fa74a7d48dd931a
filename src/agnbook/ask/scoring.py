"""Score a file of predictions on an exam; the work behind ``agnbook score``."""

from pathlib import Path

import numpy as np
import pandas as pd

from agnbook.ask import seals, source_names, tables, terminal, user_columns
from agnbook.errors import FeatureError, SettingsError
from agnbook.judge import exams, later_redshifts
from agnbook.sky import features, peers

#: The exam whose answers are numbers; the others are `exams.EXAMS`.
REDSHIFT = "redshift"
NAMES = (*exams.EXAMS, REDSHIFT)
#: Columns of redshift predictions, without the prefix ``z_``: centres, best first, and ends of calibrated intervals; all of them.
_CENTRES, _LIMITS = ("mean", "median", "q500", "z", "redshift"), ("low68", "high68", "low95", "high95")
_REDSHIFT_COLUMNS = tuple(dict.fromkeys((*_CENTRES, "sd", *later_redshifts.QUANTILES, *_LIMITS)))
#: What the counts of a result mean.
COUNTS = {
    "n": "sources scored", "unanswered": "answers that the table lacks", "no_answer": "rows of candidates without an answer yet",
    "not_candidates": "rows with other names", "without_probabilities": "rows without a prediction", "twins": "repeated rows",
}  # fmt: skip


def read_predictions(path: str | Path, columns: dict[str, str] | None = None) -> pd.DataFrame:
    """Read a table of predictions, indexed by source name.

    Parameters
    ----------
    path : file of a kind that `tables.read` knows, or ``"-"`` for CSV from standard input, with a column ``Source_Name``
        (or ``Name``, ``Source``) and one column a class, called like the class or ``p_`` and the class; capitals do
        not matter.
    columns : class -> column, for tables that use other names.

    Returns
    -------
    pandas.DataFrame
        ``attrs["twins"]`` counts rows that repeat another one exactly; they are read once.

    Raises
    ------
    FeatureError
        For an unreadable file, no name column, a source with two different rows, or columns that are not there.
    """
    given = tables.read(path)
    table = given[[name for name in given.colnames if _one_value_a_row(given[name])]].to_pandas()
    lower = {str(column).lower(): column for column in table.columns}
    name = next((lower[key] for key in ("source_name", "name", "source") if key in lower), None)
    if name is None:
        raise FeatureError(f"{path} has no column Source_Name; it has {terminal.listed(table.columns)}.")
    table[name] = user_columns.names(given, name)
    twins = table.duplicated()
    table = table[~twins]
    if (repeated := table[name].duplicated()).any():
        raise FeatureError(
            f"{path} names {repeated.sum()} sources twice with different values, such as {table[name][repeated].iloc[0]}; "
            "give one row a source."
        )
    if absent := [column for column in (columns or {}).values() if column not in table]:
        raise FeatureError(f"{path} lacks the columns {', '.join(absent)}; it has {terminal.listed(table.columns)}.")
    if len(set((columns or {}).values())) < len(columns or {}):
        raise FeatureError("One column is named for two classes; each class has its own.")
    named = {column: kind for kind, column in (columns or {}).items()}
    values = table.drop(columns=name).rename(columns=lambda column: named.get(column, str(column).lower().removeprefix("p_")))
    if (twice := values.columns.duplicated()).any():
        raise FeatureError(f"{path} has two columns for {values.columns[twice][0]}; keep the one that is meant.")
    for column, own in zip(values, table.columns.drop(name), strict=True):
        values[column] = _without_unit(values[column], given[own], str(own))
    values = values.set_axis(pd.Index(table[name], name="Source_Name"))
    values.attrs["twins"] = int(twins.sum())
    return values


def _without_unit(values: pd.Series, column, name: str) -> pd.Series:
    """Return predictions as plain numbers: probabilities may be stated in %.

    Raises
    ------
    FeatureError
        For any other unit.
    """
    stated = str(getattr(column, "unit", None) or user_columns.unit_in_name(name) or "")
    if stated.lower() in user_columns.NO_UNIT or not pd.api.types.is_numeric_dtype(values):
        return values
    try:
        return values * float(user_columns.parse_unit(stated).to(""))
    except (ValueError, TypeError) as error:  # what astropy raises is both
        raise FeatureError(f"{name} is in {stated}; give predictions as numbers without a unit, or in %.") from error


def redshift_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Return the forecast columns of `later_redshifts.each` from a table of redshift predictions.

    Parameters
    ----------
    table : columns with or without the prefix ``z_``: ``mean`` (else ``median`` or ``q500``) and ``sd``; or the five quantiles
        and, if given, the calibrated intervals ``low68``, ``high68``, ``low95``, ``high95``.

    Raises
    ------
    FeatureError
        For missing columns, texts, or redshifts below 0.
    """
    table = table.rename(columns=lambda name: str(name).removeprefix("z_"))
    quantiles = list(later_redshifts.QUANTILES)
    centre = next((name for name in _CENTRES if name in table), None)
    has_quantiles = all(name in table for name in quantiles)
    if centre is None or not (has_quantiles or "sd" in table):
        raise FeatureError(
            "The table needs a redshift (mean, median or z) and its standard deviation (sd), or the quantiles "
            f"{', '.join(quantiles)}; it has {terminal.listed(table.columns)}."
        )
    limits = [name for name in _LIMITS if name in table]
    wanted = [*dict.fromkeys([centre, *(quantiles if has_quantiles else ["sd"]), *limits])]
    values = exams.numbers(table[wanted])
    empty = values.isna().all(axis=1)
    values = values[~empty]
    bad = ~np.isfinite(values).all(axis=1) | (values[centre] < 0)
    if bad.any():
        raise FeatureError(f"{bad.sum()} rows have no finite redshift of 0 or more, such as {values.index[bad][0]}.")
    if has_quantiles:
        result = values.assign(mean=values[centre])
        for name, source in {"low68": "q160", "high68": "q840", "low95": "q025", "high95": "q975"}.items():
            result[name] = values.get(name, values[source])
    else:
        result = later_redshifts.gaussian(values[centre], values["sd"], values.index)
    result.attrs["without_probabilities"] = int(empty.sum())
    return result


def _later_redshifts(older, newer) -> pd.DataFrame:
    catalogue = exams.read_release("4lac-dr3" if older is None else older)
    unknown = catalogue["Source_Name"][~np.isfinite(features.known_redshift(catalogue))]
    if newer is None:
        return later_redshifts.answers(peers.published_redshifts(), unknown)
    given = read_predictions(newer)
    if "z" not in given and "redshift" not in given:
        raise FeatureError(f"{newer} has no column z; it has {terminal.listed(given.columns)}.")
    z = exams.numbers(given[["z" if "z" in given else "redshift"]]).iloc[:, 0]
    return pd.DataFrame({"z": z.where(z > 0)}).reindex(pd.Index(unknown, name="Source_Name"))


def _one_value_a_row(column) -> bool:
    """Whether a column can hold predictions or names: no vectors, lists, times or positions."""
    if not hasattr(column, "dtype") or column.ndim > 1:
        return False
    cells = np.ma.filled(np.ma.asarray(column), None) if column.dtype.kind == "O" else ()  # "masked" is an array, too
    return not any(isinstance(value, (list, tuple, dict, set, np.ndarray)) for value in cells)


def score(
    path: str | Path, exam: str, *, older: str | Path | None = None, newer: str | Path | None = None,
    columns: dict[str, str] | None = None, normalise: bool = False, weight: str | None = None, n_resamples: int = 1000,
    strict: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Score a file of predictions on an exam; the work behind ``agnbook score``.

    Parameters
    ----------
    path : see `read_predictions`; for redshifts also `redshift_columns`.
    exam : one of `NAMES`.
    older, newer : registered names or FITS files of other releases than the exam's. For ``redshift``, `newer` is a table
        with ``Source_Name`` and ``z``.
    columns, normalise : see `read_predictions`, `exams.class_columns`.
    weight : column of importance weights, not negative; class exams only.
    strict : refuse a table with rows of other names, without a prediction, or that repeat another.

    Returns
    -------
    pandas.DataFrame
        As `exams.score_predictions` or `later_redshifts.score`; ``attrs`` counts every row of the table (see `COUNTS`).
    """
    for file in (older, newer):
        tables.refuse_address(file or "")
        tables.check_input(file or tables.PIPE)
    if exam not in NAMES:
        raise SettingsError(f"Unknown exam {exam!r}; choose one of {', '.join(NAMES)}.")
    known = _REDSHIFT_COLUMNS if exam == REDSHIFT else exams.get_exam(exam).classes
    if vain := [name for name in columns or {} if name.removeprefix("z_" if exam == REDSHIFT else "") not in known]:
        raise SettingsError(f"The exam {exam} asks for no {vain[0]!r}; name columns for {', '.join(known)}.")
    seals.check(*seals.REGISTRIES)
    read = read_predictions(path, columns)
    if exam == REDSHIFT:
        if weight is not None:
            raise SettingsError("Redshifts are scored without weights; leave out the weight column.")
        found = _later_redshifts(older, newer)
        table = redshift_columns(_by_exam_names(read, found.index))
        result = later_redshifts.score(table, found["z"], n_resamples=min(n_resamples, 500))
        known = int(table.index.isin(found.index).sum())
        result.attrs |= {"no_answer": known - result.attrs["n"], "not_candidates": len(table) - known}
        del result.attrs["extra"]
    else:
        chosen = exams.get_exam(exam)
        releases = [None if name is None else exams.read_release(name) for name in (older, newer)]
        outcome = exams.answers(chosen, *releases)
        read = _by_exam_names(read, outcome.index)
        table = exams.class_columns(read, chosen.classes, normalise)
        result = exams.score_predictions(
            table, outcome["answer"], _weights(read, table, weight), clusters=exams.clusters(outcome), n_resamples=n_resamples
        )
    result.attrs |= {"without_probabilities": table.attrs["without_probabilities"], "twins": read.attrs["twins"]}
    useless = {key: result.attrs.get(key, 0) for key in ("not_candidates", "without_probabilities", "twins")}
    if strict and any(useless.values()):
        told = ", ".join(f"{count} {COUNTS[key]}" for key, count in useless.items() if count)
        raise FeatureError(f"{path} has {told}; remove these, or leave out --strict.")
    return result


def _by_exam_names(read: pd.DataFrame, known: pd.Index) -> pd.DataFrame:
    """Return a table with the exam's own names of its sources, which it may call by any name; see `source_names`."""
    found = source_names.match(read.index, source_names.identify(read.index), known)
    names = pd.Index([new or old for new, old in zip(found, read.index, strict=True)], name="Source_Name")
    if (repeated := names.duplicated()).any():
        both = read.index[names == names[repeated][0]]
        raise FeatureError(f"{' and '.join(both)} are one source; give one row a source.")
    renamed = read.set_axis(names)
    renamed.attrs = dict(read.attrs)
    return renamed


def _weights(read: pd.DataFrame, table: pd.DataFrame, column: str | None) -> pd.Series | None:
    if column is None:
        return None
    if column.lower() not in read:
        raise FeatureError(f"The table has no column {column} of weights; it has {terminal.listed(read.columns)}.")
    weight = exams.numbers(read[[column.lower()]]).iloc[:, 0][table.index]
    bad = ~(np.isfinite(weight) & (weight >= 0))
    if bad.any() or not weight.sum() > 0:
        raise FeatureError(f"{bad.sum()} weights are negative or missing (or all are 0); give a number of 0 or more a row.")
    return weight


def counts_text(result: pd.DataFrame) -> str:
    """One line that accounts for every row of the scored table."""
    return "; ".join(f"{result.attrs.get(key, 0)} {text}" for key, text in COUNTS.items())
