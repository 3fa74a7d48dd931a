"""Do a classifier and a regressor agree because of the sky, or because they see the same columns?"""

import numpy as np
import pandas as pd
from scipy.stats import spearmanr


def without(values, columns) -> np.ndarray:
    """Ranks of `values` (n,) less what a quadratic regression on `columns` (n, k) explains of them."""
    ranks, columns = pd.Series(np.asarray(values)).rank().to_numpy(), np.asarray(columns, float)
    design = np.column_stack([np.ones(len(ranks)), columns, columns**2])
    return ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0]


def rank_correlation(a, b, *, n_resamples: int = 500, seed: int = 0) -> tuple[float, float, float]:
    """Spearman's rank correlation of two arrays (n,), and the ends of its 95 % bootstrap interval over sources."""
    a, b = np.asarray(a), np.asarray(b)
    draws = np.random.default_rng(seed).integers(0, len(a), (n_resamples, len(a)))
    low, high = np.quantile([spearmanr(a[rows], b[rows]).statistic for rows in draws], [0.025, 0.975])
    return float(spearmanr(a, b).statistic), float(low), float(high)
