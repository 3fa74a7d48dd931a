"""Active galaxy or pulsar: a recipe chosen on earlier releases, for one answer about the next.

A *step* is one release asked about the next: what became of its unassociated sources, and what class the next release gave
to the sources that appeared in it. Recipes are trained on the older release alone; the best over the steps DR2 to DR3
and DR3 to DR4 is then trained on DR4 and asked once about FL16Y.
"""

import itertools

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from agnbook.forecasts import releases
from agnbook.judge import scores
from agnbook.shift.forest import fit_forest
from agnbook.sky import crossmatch, features, source_classes

PULSARS = ("psr", "msp")
SKY = ["sin(GLAT)", "cos(GLON)", "sin(GLON)"]
#: Columns beside paper 2's ten: steepness, curvature by both models, where the spectrum peaks, relative errors, variability.
WIDE = ["PL_Index", "PLEC_SigCurv", "log_peak_energy", "log_pivot_energy", "relative_flux_error", "Unc_LP_beta",
        "Frac_Variability", "abs(GLAT)"]  # fmt: skip

#: The choices that a recipe combines.
CLASSES = ("two", "three")
GALAXIES = ("all galaxies", "no candidates")
FEATURES = {
    "paper": features.GAMMA_FEATURES,
    "paper, no sky": [name for name in features.GAMMA_FEATURES if name not in SKY],
    "wide": [*features.GAMMA_FEATURES, *WIDE],
    "wide, no sky": [name for name in (*features.GAMMA_FEATURES, *WIDE) if name not in (*SKY, "abs(GLAT)")],
}
MODELS = ("logistic", "quadratic", "forest", "boosted", "mean logit of the four")
RECIPES = tuple(itertools.product(CLASSES, GALAXIES, FEATURES, MODELS))


def design(release: pd.DataFrame) -> pd.DataFrame:
    """Return every column of `FEATURES`, indexed by ``Source_Name``; rows without all of them are left out."""
    table = release.set_index("Source_Name")
    positive = release[(release["Variability_Index"] > 0) & (release["Signif_Avg"] > 0)]
    X = features.gamma_features(positive).X
    table = table.loc[X.index]
    beta = table["LP_beta"].where(table["LP_beta"].abs() > 1e-3, 1e-3)
    peak = np.log10(table["Pivot_Energy"]) + (2 - table["LP_Index"]) / (2 * beta) / np.log(10)
    wide = pd.DataFrame(
        {
            "PL_Index": table["PL_Index"], "PLEC_SigCurv": table["PLEC_SigCurv"].clip(0), "log_peak_energy": peak.clip(1, 6),
            "log_pivot_energy": np.log10(table["Pivot_Energy"]),
            "relative_flux_error": np.log10(table["Unc_Energy_Flux100"] / table["Energy_Flux100"]),
            "Unc_LP_beta": table["Unc_LP_beta"].clip(0, 1), "Frac_Variability": table["Frac_Variability"].clip(0, 3),
            "abs(GLAT)": table["GLAT"].abs(),
        }
    )  # fmt: skip
    X = pd.concat([X, wide.replace(-np.inf, np.nan)], axis=1)
    return X.fillna(X.median())


def kinds(physical, classes: str = "two", galaxies: str = "all galaxies") -> pd.Series:
    """Map physical classes to "agn", "psr" and, for three classes, "other"; "" where a recipe does not train on it."""
    physical = pd.Series(physical)
    agn = [name for name in source_classes.AGN_CLASSES if galaxies == "all galaxies" or name != "bcu"]
    other = ~physical.isin([*source_classes.AGN_CLASSES, *PULSARS, ""]) & (classes == "three")
    result = np.select([physical.isin(agn), physical.isin(PULSARS), other], ["agn", "psr", "other"], "")
    return pd.Series(result, physical.index, dtype=object)


def _members(X, y, target, seed: int, n_trees: int, n_rounds: int) -> dict[str, np.ndarray]:
    logistic = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=2000))
    forest = fit_forest(X, y, seed=seed, n_trees=n_trees, min_samples_leaf=3)
    members = {
        "logistic": logistic.fit(X, y).predict_proba(target),
        "quadratic": releases.quadratic().fit(X, y).predict_proba(target),
        "forest": forest.predict_proba(target),
        "boosted": releases.boosted(seed, n_rounds).fit(X, y).predict_proba(target),
    }
    return members | {MODELS[-1]: releases.pool(list(members.values()))}


def answer(X: pd.DataFrame, physical: pd.Series, target: pd.DataFrame, *, wanted=None, seed: int = 0, n_trees: int = 500,
           n_rounds: int = 150) -> pd.DataFrame:  # fmt: skip
    """Train recipes on associated sources and answer for `target`.

    Parameters
    ----------
    X, target : tables of `design`.
    physical : physical classes of `X` in lower case, "" for unassociated.
    wanted : recipes; all by default.

    Returns
    -------
    pandas.DataFrame
        Probability of an active galaxy among active galaxies and pulsars; one column a recipe, its four choices joined by " | ".
    """
    wanted, result = set(RECIPES if wanted is None else wanted), {}
    for classes, galaxies, columns in itertools.product(CLASSES, GALAXIES, FEATURES):
        if not (here := [model for model in MODELS if (classes, galaxies, columns, model) in wanted]):
            continue
        kind = kinds(physical, classes, galaxies)
        names = ["agn", "psr", "other"][: 2 if classes == "two" else 3]
        rows = (kind != "").to_numpy()
        y = kind[rows].map({name: k for k, name in enumerate(names)}).to_numpy(int)
        members = _members(
            X.loc[rows, FEATURES[columns]].to_numpy(), y, target[FEATURES[columns]].to_numpy(), seed, n_trees, n_rounds
        )
        for model in here:
            p = members[model]
            result[" | ".join((classes, galaxies, columns, model))] = p[:, 0] / (p[:, 0] + p[:, 1])
    return pd.DataFrame(result, target.index)


def step(older: pd.DataFrame, newer: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """The exam of one step.

    Returns
    -------
    (pandas.DataFrame, pandas.Series)
        `design` of the sources to ask about, and their answers "agn" or "psr": unassociated sources of `older` with its
        columns, and sources that appeared in `newer` with that release's columns.
    """
    found = crossmatch.compare(older, newer)
    before = found.newly_associated.set_index("source")["class_after"]
    after = found.appeared.set_index("source")["class"]
    tables, labels = [], []
    for release, physical in ((older, before), (newer, after)):
        label = kinds(physical)
        X = design(release)
        names = label.index[label != ""].intersection(X.index)
        tables.append(X.loc[names])
        labels.append(label[names])
    return pd.concat(tables), pd.concat(labels)


def time_travel(steps: dict, *, seed: int = 0, **sizes) -> pd.DataFrame:
    """Ask every recipe about every step.

    Parameters
    ----------
    steps : name -> (older release, newer release).

    Returns
    -------
    pandas.DataFrame
        Columns ``step``, ``answer`` and one a recipe; indexed by ``Source_Name``.
    """
    parts = []
    for name, (older, newer) in steps.items():
        target, labels = step(older, newer)
        X = design(older)
        physical = source_classes.gamma_class(older.set_index("Source_Name"))[X.index]
        table = answer(X, physical, target, seed=seed, **sizes)
        table.insert(0, "answer", labels)
        table.insert(0, "step", name)
        parts.append(table)
    return pd.concat(parts)


def ranking(travelled: pd.DataFrame) -> pd.DataFrame:
    """Rank the recipes by the sum of their ranks in log-loss and in AUC, over all steps together, best first.

    Parameters
    ----------
    travelled : as `time_travel` gives it.
    """
    is_agn = (travelled["answer"] == "agn").to_numpy()
    rows = {}
    for recipe in travelled.columns.drop(["step", "answer"]):
        p = travelled[recipe].to_numpy()
        right = np.where(is_agn, p, 1 - p)
        loss = -np.log(np.maximum(right, scores.PROBABILITY_FLOOR)).mean()
        rows[recipe] = {"logloss": loss, "auc": float(scores.weighted_auc(is_agn, p, np.ones(len(p))))}
    table = pd.DataFrame(rows).T
    table["rank_sum"] = table["logloss"].rank() + table["auc"].rank(ascending=False)
    return table.sort_values(["rank_sum", "logloss"])


def forecast(release: pd.DataFrame, recipe: str, *, seed: int = 0, **sizes) -> pd.DataFrame:
    """Train one recipe on a release's associated sources and answer for its unassociated ones.

    Returns
    -------
    pandas.DataFrame, indexed by ``Source_Name``, columns ``agn`` and ``psr``
    """
    X = design(release)
    physical = source_classes.gamma_class(release.set_index("Source_Name"))[X.index]
    target = X[physical == ""]
    agn = answer(X, physical, target, wanted=[tuple(recipe.split(" | "))], seed=seed, **sizes)[recipe]
    return pd.DataFrame({"agn": agn, "psr": 1 - agn})


#: Opponents that any classifier must beat: name -> columns of `design` (none: the class fractions alone).
SIMPLE = {"class fractions": [], "abs(b) alone": ["abs(GLAT)"], "abs(b) and curvature": ["abs(GLAT)", "LP_SigCurv"]}


def simple_forecasts(release: pd.DataFrame, classes: dict[str, tuple[str, ...]]) -> dict[str, pd.DataFrame]:
    """Forecast a release's unassociated sources from one or two numbers, trained on its associated ones.

    Parameters
    ----------
    classes : two classes -> physical classes, such as an exam's.

    Returns
    -------
    dict
        Name of `SIMPLE` -> probabilities of the two classes, indexed by ``Source_Name``.
    """
    X = design(release)
    physical = source_classes.gamma_class(release.set_index("Source_Name"))[X.index]
    first, second = classes
    known = physical.isin([*classes[first], *classes[second]]).to_numpy()
    is_first = physical[known].isin(classes[first]).to_numpy()
    target = X[(physical == "").to_numpy()]
    result = {}
    for name, columns in SIMPLE.items():
        p = np.full(len(target), is_first.mean())
        if columns:
            p = releases.quadratic().fit(X.loc[known, columns], is_first).predict_proba(target[columns])[:, 1]
        result[name] = pd.DataFrame({first: p, second: 1 - p}, target.index)
    return result
