"""Class probabilities of the sources of a table."""

import numpy as np
import pandas as pd

from agnbook.ask import progress, source_names, user_columns
from agnbook.blazars import shipped_blazars
from agnbook.errors import FeatureError
from agnbook.sky import features


def classify(table, groups: str = "blazars"):
    """Return class probabilities of sources.

    Parameters
    ----------
    table : astropy.table.Table
        A column of names (`inputs.NAME_COLUMNS`) and the columns of the question; capitals do not matter.
    groups : {"blazars", "six"}
        "blazars" tells FSRQs from BL Lacs with the committed 7-42-1 network of chapter 14, from the columns
        `features.BLAZAR_FEATURES` of 4LAC, both SED columns 0 where there is no synchrotron fit. "six" tells the groups
        of chapter 25 apart with its 51 networks, from the columns `features.GAMMA_COLUMNS` of 4FGL.

    Returns
    -------
    astropy.table.Table
        One row for each of the input, in its order: the name, the probabilities (NaN where a feature is not given);
        ``not_given`` and ``out_of_range``, names of columns without a number and of features outside the training
        range; ``model_sha256``. Further, for "blazars": ``probability_fsrq`` and ``no_sed``. For "six": the probabilities
        under the groups' names, with ``_sd``, their standard deviation over the networks; ``networks``, how many
        answered: fewer for a source of the training sample, known by its 4FGL-DR4 name, of which those are
        asked that did not train on it; ``density_ratio``, how much denser unassociated sources are there than the
        associated ones that taught the networks, and ``extrapolated``, whether these are rare there (see
        `shipped.ShippedGroups`).

    Raises
    ------
    FeatureError
        For another kind of groups, missing columns (all named), no rows, blank or repeated names, text or units that do
        not fit, values that must be positive and are not, and one SED column without the other.
    """
    if groups not in GROUPS:
        raise FeatureError(f"Unknown groups {groups!r}; choose one of {', '.join(GROUPS)}.")
    return GROUPS[groups](table)


def _classify_blazars(table):
    from astropy.table import Table

    name, columns = user_columns.require(table, features.BLAZAR_FEATURES)
    names = user_columns.names(table, name)
    values = pd.DataFrame({column: user_columns.numbers(table, columns[column], column) for column in features.BLAZAR_FEATURES})
    values = values.where(np.isfinite(values))
    user_columns.refuse_impossible(values, names)
    network = shipped_blazars.BlazarNetwork.load()
    complete = np.flatnonzero(values.notna().all(axis=1))
    probability, no_sed = np.full(len(names), np.nan), np.zeros(len(names), bool)
    out_of_range = np.full(len(names), "", dtype=object)
    for block in progress.blocks(len(complete), "blazars", 20_000):
        rows = complete[block]
        found = network.answer(values.iloc[rows])
        probability[rows], no_sed[rows] = found["probability_fsrq"], found["no_sed"]
        out_of_range[rows] = found["out_of_range"]
    return Table(
        {
            name: names.to_numpy(str),
            "probability_fsrq": probability.round(5),
            "not_given": user_columns.join_names(features.BLAZAR_FEATURES, values.isna().to_numpy()),
            "no_sed": no_sed,
            "out_of_range": out_of_range.astype(str),
            "model_sha256": np.full(len(names), network.sha256),
        }
    )


def _classify_six(table):
    from astropy.table import Table

    from agnbook.shift import shipped_groups
    from agnbook.sky.source_classes import NAMES

    model = shipped_groups.ShippedGroups.load()
    name, columns = user_columns.require(table, features.GAMMA_COLUMNS)
    names = user_columns.names(table, name)
    values = pd.DataFrame({column: user_columns.numbers(table, columns[column], column) for column in features.GAMMA_COLUMNS})
    values = values.where(np.isfinite(values))
    user_columns.refuse_impossible(values, names)
    n, answered = len(names), np.flatnonzero(values.notna().all(axis=1))
    mean, sd = np.full((n, len(NAMES)), np.nan), np.full((n, len(NAMES)), np.nan)
    networks, ratio = np.zeros(n, int), np.full(n, np.nan)
    extrapolated, out_of_range = np.zeros(n, bool), np.full(n, "", dtype=object)
    slack = 1e-6 * (model.highest - model.lowest)  # a training source must not fall out by rounding
    spelt = {source_names.simplified(source): source for source in model.names}
    for block in progress.blocks(len(answered), "six groups", 5_000):
        rows = answered[block]
        X = features.gamma_matrix(values.iloc[rows]).to_numpy()
        mean[rows], sd[rows], networks[rows] = model.answer(
            X, [spelt.get(source_names.simplified(source), "") for source in names[rows]]
        )
        ratio[rows] = model.density_ratio(X)
        extrapolated[rows] = model.extrapolated(X, ratio[rows])
        outside = (X < model.lowest - slack) | (X > model.highest + slack)
        out_of_range[rows] = user_columns.join_names(features.GAMMA_FEATURES, outside)
    answer = {name: names.to_numpy(str)}
    for position, group in enumerate(NAMES):
        answer |= {group: mean[:, position].round(5), f"{group}_sd": sd[:, position].round(5)}
    return Table(
        answer
        | {
            "networks": networks,
            "not_given": user_columns.join_names(features.GAMMA_COLUMNS, values.isna().to_numpy()),
            "out_of_range": out_of_range.astype(str),
            "density_ratio": np.array([float(f"{value:.3g}") for value in ratio]),
            "extrapolated": extrapolated,
            "model_sha256": np.full(n, model.sha256),
        }
    )


#: What `classify` can tell apart.
GROUPS = {"blazars": _classify_blazars, "six": _classify_six}
