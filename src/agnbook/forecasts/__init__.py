"""Forecasts made before the answers exist: classes of a release's sources, blazar candidates, pulsars, redshifts."""

from agnbook.forecasts.releases import (
    GAMMA_BLAZAR_FEATURES,
    GROUP_MODELS,
    MODELS,
    TWO_CLASSES,
    boosted,
    cross_fitted,
    fingerprint,
    forecast_blazars,
    forecast_release,
    forest,
    pool,
    probabilities,
    quadratic,
    recalibrate,
    release_tables,
)

__all__ = [
    "GAMMA_BLAZAR_FEATURES", "GROUP_MODELS", "MODELS", "TWO_CLASSES", "boosted", "cross_fitted", "fingerprint",
    "forecast_blazars", "forecast_release", "forest", "pool", "probabilities", "quadratic", "recalibrate", "release_tables",
]  # fmt: skip
