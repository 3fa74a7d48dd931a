"""Score a file of predictions on an exam; the work behind ``agnbook score``."""

from pathlib import Path

import pandas as pd

from agnbook.ask import tables
from agnbook.errors import FeatureError
from agnbook.judge import exams


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


def score(
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
    chosen = exams.get_exam(exam)
    table = exams.class_columns(read_predictions(path, columns), chosen.classes, normalise)
    releases = [None if name is None else exams.read_release(name) for name in (older, newer)]
    return exams.score_predictions(table, exams.answers(chosen, *releases)["answer"], n_resamples=n_resamples)
