"""Real light curves: any bands, each at its own times; posterior, reconstruction and what they say about the black hole."""

from agnbook.quasars.batch import fit_many, light_curves_of, summarise
from agnbook.quasars.curve import LightCurve, light_curve
from agnbook.quasars.model import Model
from agnbook.quasars.posterior import Fit, fit
from agnbook.quasars.predict import predict, reconstruct, score

__all__ = [
    "Fit", "LightCurve", "Model", "fit", "fit_many", "light_curve", "light_curves_of", "predict", "reconstruct", "score",
    "summarise",
]  # fmt: skip
