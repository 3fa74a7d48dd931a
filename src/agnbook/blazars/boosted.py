"""Trees and kernels with class probabilities: peers of the networks."""

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC


class Boosted:
    """LightGBM with slow learning, small leaves and row and column sampling; NaN is a value of its own.

    The mean logit of `seeds` fits: row and column sampling make a single fit noisy.
    """

    def __init__(self, seeds: tuple[int, ...] = (0,), rounds: int = 300, learning_rate: float = 0.02):
        self.seeds, self.rounds, self.learning_rate = seeds, rounds, learning_rate

    def fit(self, X, y):
        """Fit to features (n, k) and labels 0 / 1 (n,)."""
        import lightgbm

        settings = {
            "objective": "binary", "learning_rate": self.learning_rate, "num_leaves": 8, "min_data_in_leaf": 15,
            "bagging_fraction": 0.7, "bagging_freq": 1, "feature_fraction": 0.5, "lambda_l2": 5.0, "verbosity": -1,
            "num_threads": 1, "deterministic": True, "force_row_wise": True,
        }  # fmt: skip
        data = lightgbm.Dataset(np.asarray(X, float), np.asarray(y), free_raw_data=False)
        self.models = [lightgbm.train(settings | {"seed": seed}, data, self.rounds) for seed in self.seeds]
        return self

    def predict_proba(self, X) -> np.ndarray:
        """Probabilities of both classes, shape (n, 2)."""
        logits = np.mean([model.predict(np.asarray(X, float), raw_score=True) for model in self.models], axis=0)
        probability = 1 / (1 + np.exp(-logits))
        return np.stack([1 - probability, probability], axis=1)


def forest(trees: int = 300, seed: int = 0):
    """Random forest; probabilities are averaged leaf fractions."""
    return make_pipeline(
        SimpleImputer(add_indicator=True),
        RandomForestClassifier(trees, min_samples_leaf=3, max_features="sqrt", random_state=seed),
    )


def extra_trees(trees: int = 300, seed: int = 0):
    """Extremely randomised trees: smoother than a forest, so nearer to calibrated."""
    return make_pipeline(
        SimpleImputer(add_indicator=True), ExtraTreesClassifier(trees, min_samples_leaf=3, max_features=0.5, random_state=seed)
    )


def support_vectors():
    """Support-vector machine with a Gaussian kernel; a sigmoid fitted in 5 inner folds gives probabilities."""
    return make_pipeline(
        SimpleImputer(add_indicator=True),
        StandardScaler(),
        CalibratedClassifierCV(SVC(C=1.0, gamma="scale"), method="sigmoid", cv=5, ensemble=False),
    )
