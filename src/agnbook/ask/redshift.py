"""Redshifts of the sources of a table."""

import numpy as np

from agnbook.ask import answer_columns, join_4lac, progress, source_names, user_columns
from agnbook.sky import features


class _Redshifts:
    """A table's rows as the shipped redshift model wants them."""

    def __init__(self, table, strict: bool = False):
        from agnbook.redshifts import shipped_redshift

        self.shipped = shipped_redshift.ShippedRedshift.load()
        table, self.joined = join_4lac.joined(table, [*features.EXTENDED_NUMBERS, *features.EXTENDED_TEXTS])
        given = user_columns.read_rows(
            table, features.EXTENDED_NUMBERS, features.EXTENDED_TEXTS, strict=strict,
            advice=" Where nothing is known, leave the cells empty; what a table of 4FGL sources lacks is taken from 4LAC-DR3, "
            "where that is there and knows a source.",
        )  # fmt: skip
        self.told = f", {len(self.joined)} columns joined from 4LAC-DR3" if self.joined else ""
        self.name, self.names, self.values, self.problem = given.name, given.names, given.values, given.problem
        values = self.values[features.EXTENDED_NUMBERS]
        no_photon = np.isneginf(values["Highest_energy"])  # none above 10 GeV; the low-latitude file of 4LAC says 0
        self.values[features.EXTENDED_NUMBERS] = values.where(np.isfinite(values))
        self.values.loc[no_photon, "Highest_energy"] = 0.0
        dispensable = set(self.shipped.model.columns) - set(self.shipped.always)  # some training sources lacked these, too
        needed = [column for column in features.EXTENDED_NUMBERS if column not in dispensable]
        marks = self.values[needed].isna().assign(**{column: self.values[column] == "" for column in ("CLASS", "SpectrumType")})
        self.not_given = user_columns.join_names(marks.columns, marks.to_numpy())
        self.answered = np.flatnonzero(self.not_given == "")
        self.sources = source_names.identify(self.names, user_columns.positions(table))
        self.taught = np.array(source_names.match(self.names, self.sources, self.shipped.names), dtype=object)

    def forecasts(self):
        """Yield rows, features and predictive distributions, block by block."""
        for block in progress.blocks(len(self.answered), "redshifts"):
            rows = self.answered[block]
            X = features.extended_redshift_matrix(self.values.iloc[rows])
            yield rows, X, self.shipped.answer(X, self.taught[rows])[0]


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
        ``model_sha256``.

    Raises
    ------
    FeatureError
        As for `classify`.
    """
    from astropy.table import Table

    asked = _Redshifts(table, strict)
    n, model = len(asked.names), asked.shipped
    columns = ["z_q500", *(f"z_{side}{level}" for level in INTERVALS for side in ("low", "high"))]
    values = np.full((n, len(columns)), np.nan)
    out_of_range = np.full(n, "", dtype=object)
    slack = 1e-6 * (model.highest - model.lowest)  # a training source must not fall out by rounding
    for rows, X, forecast in asked.forecasts():
        values[rows, 0] = forecast.quantile(0.5)
        intervals = model.model.intervals(forecast, X)
        values[rows, 1:] = intervals[:, list(INTERVALS.values())].reshape(len(rows), -1)
        outside = (X < model.lowest - slack) | (X > model.highest + slack)
        out_of_range[rows] = user_columns.join_names(X.columns, outside.to_numpy())
    answer = Table(
        {asked.name: asked.names.to_numpy(str)}
        | dict(zip(columns, values.T.round(5), strict=True))
        | {
            "problem": asked.problem,
            "not_given": asked.not_given,
            "no_sed": ~(asked.values["nu_syn"].to_numpy() > 0),
            "out_of_range": out_of_range.astype(str),
            "extrapolated": values[:, -1] > model.highest_redshift,
            "in_training": asked.taught != "",
            **source_names.beside(asked.sources, "agn_redshifts", _PUBLISHED),
            "model": np.full(n, f"boosted trees and forest on {len(model.model.columns)} features of 4LAC" + asked.told),
            "model_sha256": np.full(n, model.sha256),
        }
    )
    return answer_columns.describe(answer, answer_columns.REDSHIFT)


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
    for rows, _, forecast in asked.forecasts():
        quantiles[rows] = forecast.quantiles
    return LEVELS, quantiles
