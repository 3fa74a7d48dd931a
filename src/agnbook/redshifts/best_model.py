"""The book's best redshift model, once it is fitted: how its parts make a predictive distribution. Needs numpy alone.

A new source's distribution is the average over parts of a centre plus honest residuals, half of them from training sources
that share its leaves in a random forest, half from all of them at the source's own scale; see `redshifts.boosted`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from agnbook.errors import FeatureError
from agnbook.redshifts import intervals
from agnbook.redshifts.intervals import Predictive, TwoPartSet


def _squared(root) -> np.ndarray:
    """z from sqrt(z), which a residual may push below 0."""
    return np.maximum(root, 0.0) ** 2


@dataclass(frozen=True)
class BestModel:
    """Fitted by `boosted.fit_best`; see there.

    Attributes
    ----------
    parts : list
        Models that have not seen one part of the training rows each: ``centre(X)`` on sqrt(z), shape (m,); ``spread(X)``,
        the scale of the residuals, shape (m,); ``weights(X, n)``, forest weights over all training rows, shape (m, n).
    residuals, scales : arrays (n,), of the training rows by the part that did not see them.
    half_widths, near_half_widths, far_half_widths
        From conformal calibration on the kept training rows, see `intervals`.
    columns : list of str
    """

    parts: list
    residuals: np.ndarray
    scales: np.ndarray
    half_widths: dict
    near_half_widths: dict
    far_half_widths: np.ndarray
    columns: list

    def _matrix(self, X) -> np.ndarray:
        if isinstance(X, pd.DataFrame):
            if missing := [name for name in self.columns if name not in X.columns]:
                raise FeatureError(
                    f"The table lacks the features {', '.join(missing)}; build it with extended_redshift_features."
                )
            X = X[self.columns]
        X = np.asarray(X, float)
        if X.ndim != 2 or X.shape[1] != len(self.columns):
            raise FeatureError(f"The model needs a table of {len(self.columns)} features, not an array of shape {X.shape}.")
        return X

    def predict(self, X) -> Predictive:
        """Return the predictive distributions of sources, known redshift or not.

        Parameters
        ----------
        X : pandas.DataFrame or array, shape (m, n_features)
            From `features.extended_redshift_features`; NaN where a quantity was not measured.
        """
        X, n = self._matrix(X), len(self.residuals)
        centre = np.mean([part.centre(X) for part in self.parts], axis=0)
        scale = np.mean([part.spread(X) for part in self.parts], axis=0)
        weights = np.mean([part.weights(X, n) for part in self.parts], axis=0)
        return distribution(centre, scale, weights, self.residuals, self.scales)

    def intervals(self, forecast: Predictive, X) -> np.ndarray:
        """Return calibrated intervals of shape (m, 3, 2) at 68.3, 95.4 and 99.7 %, calibrated in each class."""
        half = intervals.look_up(self.half_widths, source_groups(X))
        return np.stack([np.column_stack(forecast.interval(half[:, level])) for level in range(half.shape[1])], axis=1)

    def two_part_sets(self, forecast: Predictive, X) -> list[TwoPartSet]:
        """Return one set a level whose coverage also holds among sources beyond `intervals.DISTANT`."""
        near = intervals.look_up(self.near_half_widths, source_groups(X))
        return [intervals.two_part_set(forecast, near[:, level], far) for level, far in enumerate(self.far_half_widths)]


def source_groups(X: pd.DataFrame) -> np.ndarray:
    """The groups whose intervals are calibrated apart: "fsrq", "bll" and "other", shape (n,)."""
    return np.select([X["CLASS_fsrq"] > 0, X["CLASS_bll"] > 0], ["fsrq", "bll"], "other")


def distribution(centre, scale, weights, residuals, scales) -> Predictive:
    """Half local residuals as they are, half all residuals at this source's scale; shapes (m,), (m,), (m, n), (n,), (n,)."""
    n = len(residuals)
    local = _squared(centre[:, None] + residuals)
    scaled = _squared(centre[:, None] + scale[:, None] * (residuals / scales))
    return intervals.from_points(np.hstack([local, scaled]), np.hstack([weights, np.full(weights.shape, 1.0 / n)]))
