"""Simple forecasts for blazar candidates: opponents of the networks of Part I."""

import numpy as np
import pandas as pd

from agnbook.blazars import linear
from agnbook.sky import features, source_classes


def two_columns(fsrq: pd.Series) -> pd.DataFrame:
    """Turn probabilities of FSRQ into a table with the columns ``bll`` and ``fsrq``."""
    return pd.DataFrame({"bll": 1 - fsrq, "fsrq": fsrq})


def photon_index_alone(catalogue: pd.DataFrame, names) -> pd.Series:
    """Probability of FSRQ from the photon index alone, trained on the known blazars of 4LAC-DR3.

    Parameters
    ----------
    catalogue : both files of 4LAC-DR3.
    names : sources to answer for.
    """
    table = features.blazar_features(catalogue)
    known = np.isfinite(table.y)
    model = linear.logistic().fit(table.X.loc[known, ["PL_Index"]].to_numpy(), table.y[known])
    return pd.Series(model.predict_proba(table.X.loc[names, ["PL_Index"]].to_numpy())[:, 1], pd.Index(names, name="Source_Name"))


def gamma_logistic(release: pd.DataFrame) -> pd.Series:
    """Probability of FSRQ for a 4FGL release's candidates, by logistic regression on five gamma-ray columns of it."""
    classes = source_classes.gamma_class(release).to_numpy()
    X = release[["PL_Index", "LP_Index", "Frac_Variability"]].assign(
        pivot=np.log(release["Pivot_Energy"]),
        variability=np.log(release["Variability_Index"].where(release["Variability_Index"] > 0)),
    )
    X = X.set_axis(pd.Index(release["Source_Name"], name="Source_Name"))
    usable = np.isfinite(X).all(axis=1).to_numpy()
    train, ask = usable & np.isin(classes, ["bll", "fsrq"]), usable & (classes == "bcu")
    model = linear.logistic().fit(X[train].to_numpy(), classes[train] == "fsrq")
    return pd.Series(model.predict_proba(X[ask].to_numpy())[:, 1], X.index[ask])
