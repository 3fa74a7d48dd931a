"""The tables that chapter 45 freezes: one each for classes, blazars and redshifts, of clean candidates only.

A table carries its own baseline, so that whoever scores it later can pair the two. `PLANS` says, before any answer
exists, how each will be scored and what counts as success.
"""

import numpy as np
import pandas as pd

from agnbook import committed
from agnbook.forecasts import candidates, pulsars, redshifts, releases
from agnbook.judge import exams, later_redshifts
from agnbook.sky import features, peers, source_classes

#: Sources below this significance (sigma), or with an analysis flag, often vanish in the next release (chapter 41).
CLEAN_SIGNIFICANCE = 5.0

#: What is preregistered for each table.
PLANS = {
    "clean_unassociated": {
        "metric": "log-loss of active galaxy or Galactic (exam agn-galactic), paired, counterparts resampled",
        "baseline": "latitude alone, column agn_latitude",
        "success": "at 100 or more answers the 95 % interval of ensemble minus baseline lies below 0",
        "supersedes": "sealed_unassociated.csv (flagged and faint candidates among its sources)",
    },
    "clean_bcu": {
        "metric": "log-loss of BL Lac or FSRQ (exam bll-fsrq), paired, counterparts resampled",
        "baseline": "photon index alone, column fsrq_index",
        "success": "at 20 or more FSRQs the 95 % interval of five voters minus baseline lies below 0",
        "supersedes": "sealed_bcu.csv (radio galaxies and vanished sources among its candidates)",
    },
    "clean_redshifts": {
        "metric": "CRPS from five quantiles (exam redshift), paired, sources resampled; coverage of the 68 and 95 % intervals",
        "baseline": "the redshifts of the class, columns class_q025 to class_q975",
        "success": "at 50 or more secure redshifts the 95 % interval of published minus baseline lies below 0, and the Wilson "
        "intervals of both coverages hold .683 and .954",
        "supersedes": "sealed_redshifts.csv (no quantiles; sources answered in the meantime)",
    },
}  # fmt: skip


def clean(release: pd.DataFrame) -> pd.Index:
    """Names of a release's unassociated sources without an analysis flag and with at least `CLEAN_SIGNIFICANCE`."""
    table = release.set_index("Source_Name")
    unassociated = (source_classes.gamma_class(table) == "").to_numpy()
    return table.index[unassociated & (table["Flags"] == 0) & (table["Signif_Avg"] >= CLEAN_SIGNIFICANCE)]


def tables(catalogue: pd.DataFrame, release: pd.DataFrame, sizes, seed: int) -> dict[str, pd.DataFrame]:
    """The three tables of `PLANS`, from the forecasts that chapters 42 to 44 have stored.

    Parameters
    ----------
    catalogue, release : both files of 4LAC-DR3; FL16Y.
    sizes : the chapter's mapping of sizes (`chapter.sizes.Settings`): `every` (rows of the release), `trees`, `folds` and
        `boosting`. At `paper` profile the recipe for pulsars is the one that time travel ranks first, else any.
    """

    def read(name):
        return committed.load_table(f"results/{name}.csv").set_index("Source_Name")

    paper = sizes.profile == "paper"
    recipe = pulsars.ranking(read("later_time_travel")).index[0] if paper else " | ".join(pulsars.RECIPES[0])
    outcome = exams.answers(exams.get_exam("bll-fsrq"), catalogue, release)
    return {
        "clean_unassociated": unassociated(
            release.iloc[:: sizes["every"]], recipe, seed=seed, n_trees=sizes["trees"], n_folds=sizes["folds"],
            n_rounds=sizes["boosting"],
        ),
        "clean_bcu": blazars(catalogue, read("later_forecasts_bcu"), outcome),
        "clean_redshifts": redshift_table(catalogue, peers.published_redshifts(), read("later_forecasts_redshifts")),
    }  # fmt: skip


def unassociated(release: pd.DataFrame, recipe: str, *, seed: int = 0, **sizes) -> pd.DataFrame:
    """Classes of a release's clean unassociated sources.

    Parameters
    ----------
    recipe : of `pulsars.RECIPES`, joined, for active galaxy or pulsar.
    sizes : of `releases.forecast_release`.

    Returns
    -------
    pandas.DataFrame
        ``agn``, ``galactic`` (ensemble), ``agn_low``, ``agn_high`` (range of its members), the six groups, ``agn_or_psr`` and
        ``psr`` (the recipe's probabilities of an active galaxy and a pulsar), and the baseline ``agn_latitude``.
    """
    release = release[release["Variability_Index"] > 0]  # one source of FL16Y has a negative index
    _, future = releases.forecast_release(release, seed=seed, **sizes)
    names = clean(release).intersection(future.index, sort=False)
    future = future.loc[names]
    members = future[[f"{model}: agn" for model in ("forest", "boosted", "quadratic")]]
    table = releases.probabilities(future, "ensemble").assign(agn_low=members.min(axis=1), agn_high=members.max(axis=1))
    table[list(source_classes.NAMES)] = releases.probabilities(future, "ensemble", source_classes.NAMES)
    trees = {"n_trees": sizes.get("n_trees", 500), "n_rounds": sizes.get("n_rounds", 150)}
    pulsar = pulsars.forecast(release, recipe, seed=seed, **trees).reindex(names)
    simple = pulsars.simple_forecasts(release, exams.get_exam("agn-galactic").classes)["abs(b) alone"].reindex(names)
    return table.assign(agn_or_psr=pulsar["agn"], psr=pulsar["psr"], agn_latitude=simple["agn"])


def blazars(catalogue: pd.DataFrame, forecast: pd.DataFrame, outcome: pd.DataFrame) -> pd.DataFrame:
    """BL Lac or FSRQ for the candidates of 4LAC that a newer release still calls candidates.

    Parameters
    ----------
    catalogue : both files of 4LAC-DR3.
    forecast : as `releases.forecast_blazars` gives it.
    outcome : as `exams.answers` gives it for the exam "bll-fsrq".

    Returns
    -------
    pandas.DataFrame
        ``bll``, ``fsrq`` (five voters), ``fsrq_low``, ``fsrq_high`` (range over models) and the baseline ``fsrq_index``.
    """
    still = outcome.index[outcome["class_after"] == "bcu"].intersection(forecast.index, sort=False)
    votes = forecast.loc[still]
    spread = votes.drop(columns="always BL Lac")
    return pd.DataFrame(
        {
            "bll": 1 - votes["five voters"], "fsrq": votes["five voters"], "fsrq_low": spread.min(axis=1),
            "fsrq_high": spread.max(axis=1),
            "fsrq_index": candidates.photon_index_alone(catalogue, still),
        }
    )  # fmt: skip


def redshift_table(catalogue: pd.DataFrame, published: pd.DataFrame, frozen: pd.DataFrame) -> pd.DataFrame:
    """Redshifts of 4LAC's active galaxies that have neither a redshift nor a limit so far, and no analysis flag.

    Parameters
    ----------
    published : `peers.published_redshifts`.
    frozen : the stored forecasts of chapter 44, indexed by ``Source_Name``.

    Returns
    -------
    pandas.DataFrame
        ``mean``, five quantiles and the calibrated 68 and 95 % intervals of the published table; the baseline's ``class_mean``
        and quantiles; ``far_mean``: what the model that learns from limits at their share says instead.
    """
    table = catalogue.set_index("Source_Name")
    unknown = table.index[~np.isfinite(features.known_redshift(table)) & (table["Flags"] == 0)]
    found = later_redshifts.answers(published, unknown)
    names = found.index[found["status"].isin(["", "uncertain"])]
    model = {name: part.drop(columns="model").reindex(names) for name, part in frozen.groupby("model")}
    columns = ["mean", *later_redshifts.QUANTILES]
    return model["published"].assign(
        **{f"class_{name}": model["class mean"][name] for name in columns},
        far_mean=model[redshifts.CENSORED_RECIPES[2]]["mean"],
    )
