"""Redshifts of the sources of a table."""

from functools import cache, cached_property

import numpy as np
import pandas as pd

from agnbook import committed
from agnbook.ask import answer_columns, join_4lac, progress, source_names, user_columns
from agnbook.redshifts import fewer_columns, shipped_redshift
from agnbook.sky import features

#: How a redshift is answered: by the model of all columns, by that of 4FGL's, not at all.
_ALL, _FROM_4FGL, _NOT = 0, 1, -1
#: Numbers and texts that are looked for.
_COLUMNS = features.EXTENDED_NUMBERS, features.EXTENDED_TEXTS
#: Columns that redshifts are estimated from, beside names and positions; 4FGL's ``CLASS1`` may stand for ``CLASS``.
COLUMNS = (*features.EXTENDED_NUMBERS, *features.EXTENDED_TEXTS, "CLASS1")
_ADVICE = (
    " Where nothing is known, leave the cells empty; what a table of 4FGL sources lacks is taken from 4LAC-DR3, where that is "
    "there and knows a source."
)


class _Redshifts:
    """A table's rows as the shipped redshift models want them, and which of the two answers each."""

    def __init__(self, table, strict: bool = False):
        self.full = shipped_redshift.ShippedRedshift.load()
        table, joined = join_4lac.joined(table, [*_COLUMNS[0], *_COLUMNS[1]])
        table = _with_classes(table, "CLASS" in joined)
        own = user_columns.spelt(table)
        lacking = [name for name in features.ONLY_IN_4LAC if user_columns.key(name) not in own]
        numbers, texts = ([name for name in names if name not in lacking] for names in _COLUMNS)
        given = user_columns.read_rows(table, numbers, texts, strict=strict, advice=_ADVICE)
        self.name, self.names, self.problem = given.name, given.names, given.problem
        values = given.values.assign(**{name: "" if name in _COLUMNS[1] else np.nan for name in lacking})
        numbers = values[features.EXTENDED_NUMBERS]
        no_photon = np.isneginf(numbers["Highest_energy"])  # none above 10 GeV; the low-latitude file of 4LAC says 0
        values[features.EXTENDED_NUMBERS] = numbers.where(np.isfinite(numbers))
        values.loc[no_photon, "Highest_energy"] = 0.0
        self.values, self.no_sed = values, ~(values["nu_syn"].to_numpy() > 0)
        self._choose(bool(lacking))
        told = f", {len(joined)} columns joined from 4LAC-DR3" if joined else ""
        text = f"boosted trees and forest on {len(self.full.model.columns)} features of 4LAC{told}"
        few = f"boosted trees and forest on {len(features.FEATURES_FROM_4FGL)} features of 4FGL"
        self.model = np.where(self.asked == _ALL, text, few)
        self.sources = source_names.identify(self.names, user_columns.positions(table))
        self.taught = np.array(source_names.match(self.names, self.sources, self.full.names), dtype=object)

    def _choose(self, lacking: bool) -> None:
        """Find the model that each row is `asked` of, which it is `answered` by, and what that cannot do without.

        The model of all columns is never asked where the table is `lacking` some: "not there" is not "not measured".
        """
        dispensable = set(self.full.model.columns) - set(self.full.always)  # some training sources lacked these, too
        needed = [name for name in features.EXTENDED_NUMBERS if name not in dispensable]
        marks = self.values[needed].isna().assign(**{name: self.values[name] == "" for name in ("CLASS", "SpectrumType")})
        only_in_4lac = [name for name in marks if name in features.ONLY_IN_4LAC]
        self.asked = np.where(marks[only_in_4lac].any(axis=1) | lacking, _FROM_4FGL, _ALL)
        marks = marks.drop(columns=only_in_4lac)
        self.not_given = user_columns.join_names(marks.columns, marks.to_numpy())
        self.answered = np.where(self.not_given == "", self.asked, _NOT)
        self.without = np.where(self.answered == _FROM_4FGL, ", ".join(features.ONLY_IN_4LAC), "")

    @cached_property
    def from_4fgl(self):
        return shipped_redshift.ShippedRedshift.load(committed.verify(shipped_redshift.REDSHIFT_4FGL))

    def shipped(self, which: int):
        """The model of that number."""
        return self.from_4fgl if which == _FROM_4FGL else self.full

    def forecasts(self):
        """Yield rows, features, predictive distributions and the model behind them, block by block."""
        for which in (_ALL, _FROM_4FGL):
            mine = np.flatnonzero(self.answered == which)
            for block in progress.blocks(len(mine), "redshifts"):
                rows, shipped = mine[block], self.shipped(which)
                X = features.extended_redshift_matrix(self.values.iloc[rows])[shipped.model.columns]
                yield rows, X, shipped.answer(X, self.taught[rows])[0], shipped


def _with_classes(table, joined: bool):
    """Return a table whose ``CLASS`` is 4FGL's ``CLASS1`` where nothing else gives one."""
    spelt = user_columns.spelt(table)
    if "class1" not in spelt or ("class" in spelt and not joined):
        return table
    own = user_columns.texts(table, spelt["class1"][0])
    if joined:
        known = user_columns.texts(table, "CLASS")
        own = known.where(known != "", own)
    table = table.copy(copy_data=False)
    table["CLASS"] = own.to_numpy(str)
    return table


@cache
def cost() -> pd.DataFrame:
    """What fewer columns cost, as it was measured: `fewer_columns.cost`, a row a way to answer."""
    return committed.load_table(fewer_columns.COST).set_index("columns")


def cost_in_words() -> str:
    """Say in a sentence what 4FGL's columns alone cost."""
    few = cost().loc[fewer_columns.FITTED]
    both = (f"{name.upper()} {few[name]:.3f} instead of {cost().loc[fewer_columns.ALL, name]:.3f} "
            f"({few[f'{name}_more']:+.3f}, {few[f'{name}_more_low']:+.3f} to {few[f'{name}_more_high']:+.3f})"
            for name in ("rmse", "crps"))  # fmt: skip
    return f"on {few['n']:.0f} known redshifts, each answered by parts of the models that had not seen it: {', '.join(both)}"


#: What is published of a redshift: column -> name of the answer.
_PUBLISHED = {name: f"published_{name}" for name in ("z_q500", "z_low68", "z_high68")}
#: Intervals of `redshift`: suffix of the columns and position among `calibration.SIGMA_LEVELS`.
INTERVALS = {"68": 0, "95": 1}


def redshift(table, strict: bool = False):
    """Estimate redshifts with the shipped model of chapter 17.

    Parameters
    ----------
    table : astropy.table.Table
        A column of names (`inputs.NAME_COLUMNS`) and the columns `features.EXTENDED_NUMBERS` and `EXTENDED_TEXTS` of
        4LAC; capitals do not matter. Empty cells mean "not measured". What a table of 4FGL sources lacks of them is taken
        from 4LAC-DR3, where that is there, by the sources' names; `model` then says so.
    strict : refuse a table with a row that cannot be used, instead of answering the others.

    Returns
    -------
    astropy.table.Table
        One row for each of the input, in its order: the name; the median ``z_q500`` and the ends of the intervals
        of 68.3 and 95.4 %, calibrated by class (``z_low68``, ``z_high68``, ``z_low95``, ``z_high95``), NaN where
        ``not_given`` names columns that the model cannot do without; ``no_sed``, without a synchrotron fit;
        ``out_of_range``, names of features outside the training range; ``extrapolated``, whether the 95.4 % interval
        goes beyond the highest redshift in training; ``in_training``, whether the source, by any of its names or else its
        position (see `source_names.identify`), is one that the model learned from: it is then answered by the part of
        the model that was fitted without it; ``published_z_q500``, ``published_z_low68`` and ``published_z_high68``, what the
        book has published from all columns of 4LAC-DR3, NaN where it has nothing; ``model``, which model answered, and
        ``model_sha256``. A row without what 4LAC alone has (`features.ONLY_IN_4LAC`), in the table or joined, is answered by a
        second model from the columns of 4FGL: ``without`` names what it does not see, and ``expected_rmse`` says for every
        row what its model's medians are worth, see `cost`.

    Raises
    ------
    FeatureError
        As for `classify`.
    """
    from astropy.table import Table

    asked = _Redshifts(table, strict)
    n = len(asked.names)
    columns = ["z_q500", *(f"z_{side}{level}" for level in INTERVALS for side in ("low", "high"))]
    values = np.full((n, len(columns)), np.nan)
    out_of_range = np.full(n, "", dtype=object)
    for rows, X, forecast, model in asked.forecasts():
        values[rows, 0] = forecast.quantile(0.5)
        intervals = model.model.intervals(forecast, X)
        values[rows, 1:] = intervals[:, list(INTERVALS.values())].reshape(len(rows), -1)
        slack = 1e-6 * (model.highest - model.lowest)  # a training source must not fall out by rounding
        outside = (X < model.lowest - slack) | (X > model.highest + slack)
        out_of_range[rows] = user_columns.join_names(X.columns, outside.to_numpy())
    answer = Table(
        {asked.name: asked.names.to_numpy(str)}
        | dict(zip(columns, values.T.round(5), strict=True))
        | {
            "problem": asked.problem,
            "not_given": asked.not_given,
            "without": asked.without,
            "expected_rmse": _expected(asked.answered),
            "no_sed": asked.no_sed,
            "out_of_range": out_of_range.astype(str),
            "extrapolated": values[:, -1] > asked.full.highest_redshift,
            "in_training": asked.taught != "",
            **source_names.beside(asked.sources, "agn_redshifts", _PUBLISHED),
            "model": asked.model,
            "model_sha256": np.array([asked.shipped(which).sha256 for which in asked.asked]),
        }
    )
    return answer_columns.describe(answer, answer_columns.REDSHIFT)


def _expected(answered) -> np.ndarray:
    """Root mean square error to expect of each row's median; NaN where there is none."""
    known = {_ALL: fewer_columns.ALL, _FROM_4FGL: fewer_columns.FITTED}
    return np.array([cost().loc[known[which], "rmse"] if which in known else np.nan for which in answered]).round(3)


def redshift_posterior(table) -> tuple[np.ndarray, np.ndarray]:
    """Return the predictive distributions behind `redshift`, before its class-wise calibration, as quantiles.

    Returns
    -------
    levels : numpy.ndarray, shape (L,)
    quantiles : numpy.ndarray, shape (n, L)
        NaN for rows without an answer.
    """
    from agnbook.redshifts.intervals import LEVELS

    asked = _Redshifts(table)
    quantiles = np.full((len(asked.names), len(LEVELS)), np.nan)
    for rows, _, forecast, _ in asked.forecasts():
        quantiles[rows] = forecast.quantiles
    return LEVELS, quantiles
