"""Tables to look at: rounded, with units in their heads and the best value of a column in bold.

marks.best(scores, {"logloss": "min", "auc": "max"}, names={"logloss": "log-loss (nats)"})
"""

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from agnbook.errors import SettingsError

#: What "best" may be; a number stands for "the nearest to it".
_BEST = {"min": lambda values: values.min(), "max": lambda values: values.max()}


def _text(name) -> str:
    return escape(str(name))


@dataclass(frozen=True)
class Marked:
    """A rounded table and which of its cells are the best of their column.

    Attributes
    ----------
    text : pandas.DataFrame of str
    best : pandas.DataFrame of bool, same shape
    """

    text: pd.DataFrame
    best: pd.DataFrame

    def _repr_html_(self) -> str:
        cells = self.text.map(escape).rename(index=_text, columns=_text)
        return cells.mask(self.best.to_numpy(), "<strong>" + cells + "</strong>").to_html(escape=False)

    def __repr__(self) -> str:
        return self.text.mask(self.best, "*" + self.text).to_string()


def best(
    table: pd.DataFrame,
    aims: dict[str, str | float],
    *,
    digits: int | dict[str, int] = 3,
    names: dict[str, str] | None = None,
) -> Marked:
    """Return `table` for display.

    Parameters
    ----------
    aims : column -> what the best of its values is: ``"min"``, ``"max"``, or a number that they should be near. Values that
        round to the same text as the best one are best too; missing ones never are.
    digits : decimals, of all columns or column -> decimals (3 where a column is not named). Whole numbers stay whole.
    names : column -> its head, with the unit.

    Raises
    ------
    SettingsError
        If `aims` names a column that is not there, or something else than ``"min"``, ``"max"`` or a number.
    """
    if missing := [column for column in aims if column not in table]:
        raise SettingsError(f"No column {', '.join(map(repr, missing))} to mark; the table has {', '.join(map(str, table))}.")
    if odd := [rule for rule in aims.values() if isinstance(rule, str) and rule not in _BEST]:
        raise SettingsError(f"The best value is 'min', 'max' or a number, not {odd[0]!r}.")

    def word(value, column):
        if not isinstance(value, str) and pd.isna(value):
            return "–"
        if not isinstance(value, float | np.floating):
            return str(value)
        return f"{value:.{digits.get(column, 3) if isinstance(digits, dict) else digits}f}".replace("-", "−")

    text = pd.DataFrame({column: [word(value, column) for value in table[column]] for column in table}, table.index)
    flags = pd.DataFrame(False, table.index, table.columns)
    for column, rule in aims.items():
        values = table[column].astype(float)
        aim = _BEST[rule](values) if isinstance(rule, str) else rule
        flags[column] = text[column].eq(text[column].iloc[int((values - aim).abs().argmin())]) & values.notna()
    return Marked(text.rename(columns=names or {}), flags.rename(columns=names or {}))
