"""Out-of-fold redshifts of models from the shelf, and of the paper's network with a second output for the width."""

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from agnbook.judge import cross_validation
from agnbook.redshifts import baselines, gaussian_head


def out_of_fold(X: pd.DataFrame, z, folds, *, trees: int, head_members: int, head_epochs: int, seed: int = 0) -> pd.DataFrame:
    """Predict every source by models that have not seen it.

    Parameters
    ----------
    X : the 24 raw features, indexed by source name; z : redshifts (n,)
    folds : fold numbers, shape (repeats, n)
    trees : of the random forest, and rounds of the boosting.
    head_members, head_epochs : networks a fold, and epochs, of `gaussian_head.out_of_fold`.

    Returns
    -------
    pandas.DataFrame
        One row a source and repeat: the columns of `gaussian_head.out_of_fold`, and point predictions ``ridge``,
        ``forest`` and ``histgb``.
    """
    values = X.to_numpy()
    models = {
        "ridge": make_pipeline(StandardScaler(), RidgeCV(alphas=baselines.PENALTIES)),
        "forest": RandomForestRegressor(trees, min_samples_leaf=3, max_features=0.33, random_state=seed),
        "histgb": HistGradientBoostingRegressor(learning_rate=0.03, max_iter=trees, max_leaf_nodes=15, random_state=seed),
    }
    result = gaussian_head.out_of_fold(values, z, X.index, folds, head_members, seed, epochs=head_epochs)
    for name, model in models.items():
        prediction = np.empty(np.shape(folds))
        for repeat, _, seen, held_out in cross_validation.splits(folds):
            prediction[repeat, held_out] = model.fit(values[seen], z[seen]).predict(values[held_out])
        result[name] = prediction.ravel()
    return result
