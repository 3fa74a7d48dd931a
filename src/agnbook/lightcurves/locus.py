"""Where six mean magnitudes lie on the simulator's colour locus: a redshift, and a distance that warns of other spectra.

In the simulator, mean magnitudes follow from M_i and redshift alone. Two directions say nothing about redshift: all
magnitudes together (M_i) and the walk's mean offset over the survey, which one driver gives every band in proportion to its
amplitude. What is left of six magnitudes are four numbers, compared here with the locus at every redshift.
"""

from functools import lru_cache

import numpy as np

from agnbook.compiled import compiled
from agnbook.lightcurves import kalman, population

COLUMNS = ("redshift", "log_distance", "log_curvature", "second_redshift", "second_log_distance")
STEP = 0.002
#: The second-best redshift is sought at least this far from the best.
APART = 0.1


@lru_cache(maxsize=1)
def locus() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return redshifts (m,), the locus (m, 4), and the (6, 4) directions that M_i and the walk's offset leave."""
    redshifts = np.arange(*population.Z_RANGE, STEP)
    directions = np.stack([np.ones(6), 10 ** (population.SF_LAW[1, 0] * kalman.BAND_X)], axis=1)
    left = np.ascontiguousarray(np.linalg.qr(directions, mode="complete")[0][:, 2:])
    zeros = np.zeros(len(redshifts))
    return redshifts, population.mean_magnitudes(zeros, redshifts, zeros) @ left, left


@compiled  # pragma: no cover - compiled
def _nearest(points, redshifts, curve, apart, out):
    distance = np.empty(len(redshifts))
    step = redshifts[1] - redshifts[0]
    for row in range(len(points)):
        best = 0
        for k in range(len(redshifts)):
            total = 0.0
            for d in range(4):
                total += (points[row, d] - curve[k, d]) ** 2
            distance[k] = total
            if total < distance[best]:
                best = k
        k = min(max(best, 1), len(redshifts) - 2)
        curvature = max(distance[k - 1] - 2 * distance[k] + distance[k + 1], 1e-15)
        slope = 0.5 * (distance[k - 1] - distance[k + 1])
        shift = min(max(slope / curvature, -1.0), 1.0)
        second = -1
        for j in range(len(redshifts)):
            if abs(redshifts[j] - redshifts[best]) >= apart and (second < 0 or distance[j] < distance[second]):
                second = j
        out[row, 0] = redshifts[k] + shift * step
        out[row, 1] = 0.5 * np.log10(max(distance[k] - shift * slope + 0.5 * shift * shift * curvature, 1e-10))
        out[row, 2] = 0.5 * np.log10(curvature / step**2)
        out[row, 3] = redshifts[second]
        out[row, 4] = 0.5 * np.log10(max(distance[second], 1e-10))


def nearest(magnitudes) -> np.ndarray:
    """Return `COLUMNS` for mean ugrizY magnitudes (n, 6): shape (n, 5), distances in log10 mag.

    The distance parabola through the three nearest grid points is minimised, so that redshifts are finer than `STEP`.
    """
    redshifts, curve, left = locus()
    out = np.empty((len(magnitudes), len(COLUMNS)))
    _nearest(np.asarray(magnitudes, float) @ left, redshifts, curve, APART, out)
    return out
