"""Coordinates in which targets are easy to predict: whitened for the paper's head, observable for the book's own."""

from dataclasses import dataclass

import numpy as np

from agnbook.lightcurves import kalman, population

#: The book's coordinates of the eight latents: what the light curve shows directly, then what it implies.
COORDINATES = ("log_tau_observed", "b_tau", "log_sf_observed", "b_sf", "log_mass", "mag_i", "redshift", "slope")


@dataclass(frozen=True)
class Standard:
    """Mean 0, standard deviation 1 in each column; a column that never changes becomes 0."""

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, values) -> "Standard":
        """Take mean and standard deviation from `values`, shape (n, d)."""
        mean, scale = np.mean(values, axis=0, dtype=float), np.std(values, axis=0, dtype=float)
        # rounding must not turn a constant into +-1
        return cls(mean, np.where(scale > 1e-6 * (1 + np.abs(mean)), scale, 1.0))

    def forward(self, values):
        return (values - self.mean) / self.scale

    def inverse(self, values):
        return values * self.scale + self.mean


@dataclass(frozen=True)
class Whitened:
    """Standardise, rotate to principal components, divide by their deviations floored at a nugget.

    The 21 targets have eight degrees of freedom, so most of the 21 components hardly vary. The nugget (in
    prior standard deviations) is also added to training targets, in quadrature, so that no component is
    asked for with a precision that does not exist.
    """

    standard: Standard
    rotation: np.ndarray
    scale: np.ndarray
    nugget: float

    @classmethod
    def fit(cls, values, nugget: float = 0.02) -> "Whitened":
        standard = Standard.fit(values)
        eigenvalues, rotation = np.linalg.eigh(np.cov(standard.forward(values), rowvar=False))
        return cls(standard, rotation, np.sqrt(np.clip(eigenvalues, 0, None) + nugget**2), nugget)

    def forward(self, values):
        return self.standard.forward(values) @ self.rotation / self.scale

    def inverse(self, values):
        return self.standard.inverse(values * self.scale @ self.rotation.T)


def to_coordinates(latents) -> np.ndarray:
    """Map latents (..., 8) to `COORDINATES`; time-scale and amplitude in the observed frame at `kalman.PIVOT`."""
    latents = np.array(latents, float)
    shift = np.log10(kalman.PIVOT / 4000.0) - np.log10(1 + latents[..., 6])
    out = latents.copy()
    out[..., 0] = latents[..., 0] + latents[..., 1] * shift + np.log10(1 + latents[..., 6])
    out[..., 2] = latents[..., 2] + latents[..., 3] * shift
    out[..., 5] = population.mean_magnitudes(latents[..., 5], latents[..., 6], latents[..., 7])[..., 3]
    return out


def to_latents(coordinates) -> np.ndarray:
    """Invert `to_coordinates`; redshifts are first held inside the range of the photometric splines."""
    out = np.array(coordinates, float)
    z = np.clip(out[..., 6], 0.15, 3.15)
    out[..., 6] = z
    shift = np.log10(kalman.PIVOT / 4000.0) - np.log10(1 + z)
    out[..., 0] -= out[..., 1] * shift + np.log10(1 + z)
    out[..., 2] -= out[..., 3] * shift
    out[..., 5] -= population.mean_magnitudes(np.zeros_like(z), z, out[..., 7])[..., 3]
    return out
