"""Photometric errors: a constant, as the paper's code has it, or those of one LSST visit."""

import numpy as np

from agnbook.compiled import compiled

CONSTANT = 0.01
#: Five-sigma depth of one visit and the noise parameter, ugrizY (Ivezic et al. 2019, ApJ 873, 111).
M5 = np.array([23.9, 25.0, 24.7, 24.0, 23.3, 22.1])
GAMMA = np.array([0.038, 0.039, 0.039, 0.039, 0.039, 0.039])


def single_visit(magnitude, band=...) -> np.ndarray:
    """Return the error (mag) of one LSST visit for true magnitudes, of all bands (..., 6) or of the bands `band` (indices).

    sigma^2 = 0.005^2 + (0.04 - gamma) x + gamma x^2 with x = 10^(0.4 (m - m5)) (Ivezic et al. 2019, eq. 4-5).
    """
    x = 10 ** (0.4 * (np.asarray(magnitude) - M5[band]))
    return np.sqrt(0.005**2 + (0.04 - GAMMA[band]) * x + GAMMA[band] * x**2)


@compiled  # pragma: no cover - compiled
def _add(truth, is_visit, constant, m5, gamma, rng, observed, error):
    for row in range(truth.shape[0]):
        for t in range(truth.shape[1]):
            for b in range(truth.shape[2]):
                if not is_visit[row, t]:
                    observed[row, t, b] = np.nan
                    error[row, t, b] = np.inf
                    continue
                sigma = constant
                if constant <= 0:
                    x = np.exp(0.4 * np.log(10.0) * (truth[row, t, b] - m5[b]))
                    sigma = np.sqrt(0.005**2 + (0.04 - gamma[b]) * x + gamma[b] * x * x)
                error[row, t, b] = sigma
                observed[row, t, b] = truth[row, t, b] + sigma * rng.standard_normal()


def add(truth, is_visit, rng: np.random.Generator, kind: str = "constant") -> tuple[np.ndarray, np.ndarray]:
    """Observe magnitudes `truth` (n, T, 6) where `is_visit` (n, T); `kind` is "constant" or "single_visit".

    Returns
    -------
    observed, error : (n, T, 6) float32
        NaN and infinite where nobody looked, so that no unobserved magnitude can slip into a model.
    """
    observed, error = np.empty(truth.shape, np.float32), np.empty(truth.shape, np.float32)
    _add(truth, is_visit, CONSTANT if kind == "constant" else 0.0, M5, GAMMA, rng, observed, error)
    return observed, error
