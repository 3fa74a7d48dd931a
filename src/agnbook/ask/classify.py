"""Class probabilities of the sources of a table."""

import numpy as np

from agnbook.ask import answer_columns, progress, source_names, user_columns
from agnbook.blazars import shipped_blazars
from agnbook.errors import FeatureError
from agnbook.sky import features, source_classes


def classify(table, groups: str = "blazars", strict: bool = False):
    """Return class probabilities of sources.

    Parameters
    ----------
    table : astropy.table.Table
        A column of names (`inputs.NAME_COLUMNS`) and the columns of the question; capitals do not matter.
    groups : {"blazars", "six"}
        "blazars" tells FSRQs from BL Lacs with the committed 7-42-1 network of chapter 15, from the columns
        `features.BLAZAR_FEATURES` of 4LAC, both SED columns 0 where there is no synchrotron fit. "six" tells the groups
        of chapter 25 apart with its 51 networks, from the columns `features.GAMMA_COLUMNS` of 4FGL.

    strict : refuse a table with a row that cannot be used, instead of answering the others.

    Returns
    -------
    astropy.table.Table
        One row for each of the input, in its order: the name, the probabilities (NaN where a feature is not given);
        ``problem``, why values of a row are not used, in words; ``not_given`` and ``out_of_range``, names of columns
        without a number and of features outside the training
        range; ``in_training``, whether the source, by any of its names or else its position (see
        `source_names.identify`), is one that the model learned from: then only those networks answer that did not;
        ``model``, which model answered from which columns, and ``model_sha256``. What the book has published for the
        source stands beside the answer, ``published_...``, NaN where it has nothing, with ``published_model``.
        Further, for "blazars": ``probability_fsrq`` and ``no_sed``; published is the probability of five voters that see
        more columns, with the ends of its 95 % interval. For "six": the probabilities under the groups' names, with
        ``_sd``, their standard deviation over the networks; ``networks``, how many answered; ``density_ratio``, how much
        denser unassociated sources are there than the associated ones that taught the networks, and ``extrapolated``,
        whether these are rare there (see `shipped_groups.ShippedGroups`).

    Raises
    ------
    FeatureError
        For another kind of groups, and for what concerns the whole table: missing columns (all named), two columns for one
        question, no rows, columns of texts where numbers should be, units that do not fit. With `strict` also for
        values that a quantity cannot have, and for blank or repeated names; see `user_columns.read_rows`.
    """
    if groups not in GROUPS:
        raise FeatureError(f"Unknown groups {groups!r}; choose one of {', '.join(GROUPS)}.")
    compute, meanings = GROUPS[groups]
    return answer_columns.describe(compute(table, strict), meanings)


def _classify_blazars(table, strict: bool):
    from astropy.table import Table

    rows_given = user_columns.read_rows(table, features.BLAZAR_FEATURES, strict=strict)
    name, names, values = rows_given.name, rows_given.names, rows_given.values
    values = values.where(np.isfinite(values))
    network = shipped_blazars.BlazarNetwork.load()
    sources = source_names.identify(names, user_columns.positions(table))
    taught = np.array(source_names.match(names, sources, network.names), dtype=object)
    complete = np.flatnonzero(values.notna().all(axis=1))
    probability, no_sed = np.full(len(names), np.nan), np.zeros(len(names), bool)
    out_of_range = np.full(len(names), "", dtype=object)
    for block in progress.blocks(len(complete), "blazars", 20_000):
        rows = complete[block]
        found = network.answer(values.iloc[rows], taught[rows])
        probability[rows], no_sed[rows] = found["probability_fsrq"], found["no_sed"]
        out_of_range[rows] = found["out_of_range"]
    return Table(
        {
            name: names.to_numpy(str),
            "probability_fsrq": probability.round(5),
            **_published(sources, "blazar_classes", _FIVE_VOTERS, FIVE_VOTERS),
            "problem": rows_given.problem,
            "not_given": user_columns.join_names(features.BLAZAR_FEATURES, values.isna().to_numpy()),
            "no_sed": no_sed,
            "out_of_range": out_of_range.astype(str),
            "in_training": taught != "",
            "model": np.full(len(names), f"7-42-1 network on {len(features.BLAZAR_FEATURES)} columns of 4LAC"),
            "model_sha256": np.full(len(names), network.sha256),
        }
    )


#: The model that is published for blazars.
FIVE_VOTERS = f"five voters on {len(features.EXTENDED_BLAZAR_FEATURES)} features of 4LAC"
#: What is published of a blazar: column -> name of the answer.
_FIVE_VOTERS = {f"probability_{name}": f"published_{long}" for name, long in
                {"fsrq": "probability_fsrq", "low": "low", "high": "high"}.items()}  # fmt: skip


def _published(sources, stem: str, columns: dict[str, str], model: str) -> dict:
    """What the book has published, and by which model, which is empty where there is nothing."""
    found = source_names.beside(sources, stem, columns)
    known = np.isfinite(next(iter(found.values())))
    return found | {"published_model": np.where(known, model, "")}


def _classify_six(table, strict: bool):
    from astropy.table import Table

    from agnbook.shift import shipped_groups

    model = shipped_groups.ShippedGroups.load()
    rows_given = user_columns.read_rows(table, features.GAMMA_COLUMNS, strict=strict)
    name, names, values = rows_given.name, rows_given.names, rows_given.values
    values = values.where(np.isfinite(values))
    n, answered = len(names), np.flatnonzero(values.notna().all(axis=1))
    mean, sd = np.full((n, len(source_classes.NAMES)), np.nan), np.full((n, len(source_classes.NAMES)), np.nan)
    networks, ratio = np.zeros(n, int), np.full(n, np.nan)
    extrapolated, out_of_range = np.zeros(n, bool), np.full(n, "", dtype=object)
    slack = 1e-6 * (model.highest - model.lowest)  # a training source must not fall out by rounding
    sources = source_names.identify(names, user_columns.positions(table))
    taught = np.array(source_names.match(names, sources, model.names), dtype=object)
    for block in progress.blocks(len(answered), "six groups", 5_000):
        rows = answered[block]
        X = features.gamma_matrix(values.iloc[rows]).to_numpy()
        mean[rows], sd[rows], networks[rows] = model.answer(X, taught[rows])
        ratio[rows] = model.density_ratio(X)
        extrapolated[rows] = model.extrapolated(X, ratio[rows])
        outside = (X < model.lowest - slack) | (X > model.highest + slack)
        out_of_range[rows] = user_columns.join_names(features.GAMMA_FEATURES, outside)
    answer = {name: names.to_numpy(str)}
    for position, group in enumerate(source_classes.NAMES):
        answer |= {group: mean[:, position].round(5), f"{group}_sd": sd[:, position].round(5)}
    return Table(
        answer
        | {
            "networks": networks,
            "problem": rows_given.problem,
            "not_given": user_columns.join_names(features.GAMMA_COLUMNS, values.isna().to_numpy()),
            "out_of_range": out_of_range.astype(str),
            "density_ratio": np.array([float(f"{value:.3g}") for value in ratio]),
            "extrapolated": extrapolated,
            "in_training": taught != "",
            **_published(sources, "shift_catalogue_unweighted", _SAME_NETWORKS, "the same on columns of 4FGL-DR4"),
            "model": np.full(n, f"{len(model.mean)} networks on {len(features.GAMMA_COLUMNS)} columns of 4FGL"),
            "model_sha256": np.full(n, model.sha256),
        }
    )


#: What is published of the six groups: column -> name of the answer.
_SAME_NETWORKS = {f"NN_{name.rstrip('+')}": f"published_{name}" for name in source_classes.NAMES}
#: Columns that each of `GROUPS` is told apart by, beside names and positions.
COLUMNS = {"blazars": features.BLAZAR_FEATURES, "six": features.GAMMA_COLUMNS}
#: What `classify` can tell apart: function, and meanings of its columns.
GROUPS = {"blazars": (_classify_blazars, answer_columns.BLAZARS), "six": (_classify_six, answer_columns.SIX)}
