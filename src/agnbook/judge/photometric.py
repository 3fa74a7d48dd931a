"""How the field of photometric redshifts scores a prediction: bias, NMAD and outlier rate of the error over 1 + z."""

import numpy as np

#: An error above this part of 1 + z makes an outlier (the custom since the first large photometric surveys).
OUTLIER = 0.15


def scaled_error(truth, prediction) -> np.ndarray:
    """Prediction minus truth over 1 + truth, elementwise."""
    truth = np.asarray(truth, float)
    return (np.asarray(prediction, float) - truth) / (1 + truth)


def bias(truth, prediction) -> float:
    """Mean scaled error."""
    return float(scaled_error(truth, prediction).mean())


def nmad(truth, prediction) -> float:
    """Normalised median absolute deviation of the scaled error: a standard deviation that outliers do not move."""
    error = scaled_error(truth, prediction)
    return float(1.4826 * np.median(np.abs(error - np.median(error))))


def outlier_rate(truth, prediction) -> float:
    """Share of sources whose scaled error exceeds `OUTLIER`."""
    return float(np.mean(np.abs(scaled_error(truth, prediction)) > OUTLIER))


#: Name -> score.
SCORES = {"bias": bias, "NMAD": nmad, "outlier rate": outlier_rate}
