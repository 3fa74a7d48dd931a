"""Logistic regression, plain and quadratic: the small models every network has to beat."""

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from agnbook.sky import features


def logistic():
    """Logistic regression on the standardised features: 8 parameters for 7 features."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=100.0, max_iter=1000))


def quadratic_logistic(penalties=(0.003, 0.03, 0.3)):
    """Logistic regression on all squares and products, with an indicator of what is missing.

    NaN becomes the training mean plus a flag (see `mark_missing_sed`). The inverse penalty is the
    one of `penalties` with the best log-loss in 5 inner folds of the training rows.
    """
    return make_pipeline(
        SimpleImputer(add_indicator=True), StandardScaler(), PolynomialFeatures(2, include_bias=False), StandardScaler(),
        LogisticRegressionCV(
            Cs=list(penalties), cv=5, scoring="neg_log_loss", max_iter=300, tol=1e-3, l1_ratios=(0.0,),
            use_legacy_attributes=False,
        ),
    )  # fmt: skip


def mark_missing_sed(X: pd.DataFrame) -> pd.DataFrame:
    """Return the seven features with NaN instead of the logarithm of an offset where no SED was fitted."""
    X = X.copy()
    for name, offset in features.SED_OFFSET.items():
        X.loc[np.isclose(X[name], np.log(offset), atol=1e-9), name] = np.nan
    return X
