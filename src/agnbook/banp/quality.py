"""One row of figures for a posterior of the 21 targets: accuracy, width, black-hole mass, calibration."""

import numpy as np

from agnbook.judge import calibration, scores
from agnbook.lightcurves.population import LOG_MASS


def quality(truth, samples, scale, intervals: bool = True, nugget: float = 0.0) -> dict[str, float]:
    """Score posterior samples.

    Parameters
    ----------
    truth : (n, 21); samples : (n, m, 21); scale : (21,) prior standard deviations.
    nugget : noise (prior standard deviations) that the model's training targets had; the calibration, and it alone,
        is tested on truths with the same noise, since that is what such a posterior describes.

    Returns
    -------
    dict
        ``mae`` and ``sigma`` (prior standard deviations, mean over the 21 targets), ``logm_rms``, ``logm_mae``
        and ``logm_sigma`` (dex), ``calibration`` (largest deviation of the split Mahalanobis curve from the diagonal, its
        ranks spread over the steps between draws), and 95 % bootstrap intervals ``mae_low`` ... over objects.
    """
    mean = samples.mean(axis=1)
    error = np.abs(mean - truth) / scale
    residual = mean[:, LOG_MASS] - truth[:, LOG_MASS]
    rng = np.random.default_rng(0)
    noisy = truth + nugget * scale * rng.standard_normal(truth.shape)
    ranks = calibration.spread(calibration.mahalanobis_ranks(noisy, samples), samples.shape[1] - samples.shape[1] // 2, rng)
    row = {
        "n": len(truth),
        "mae": error.mean(),
        "sigma": (samples.std(axis=1) / scale).mean(),
        "logm_rms": np.sqrt(np.mean(residual**2)),
        "logm_mae": np.abs(residual).mean(),
        "logm_sigma": samples[:, :, LOG_MASS].std(axis=1).mean(),
        "calibration": calibration.largest_deviation(ranks),
    }
    if intervals:
        for name, values, statistic in (
            ("mae", error.mean(axis=1), np.mean),
            ("logm_rms", residual**2, lambda squares: float(np.sqrt(np.mean(squares)))),
            ("logm_mae", np.abs(residual), np.mean),
            ("calibration", ranks, calibration.largest_deviation),
        ):
            row[f"{name}_low"], row[f"{name}_high"] = scores.bootstrap(statistic, values, n_resamples=300)
    return row
