"""A population of quasars and the 21 numbers that a light curve is asked to reveal.

The laws are those of MacLeod et al. (2010, ApJ 721, 1014) as the DC2 simulation uses them, with the
luminosity, mass and redshift distribution of its quasar table. Eight latent numbers fix the 21
targets: two for the time-scales, two for the amplitudes, mass, luminosity, redshift and the slope of
the spectrum.
"""

from functools import lru_cache

import numpy as np
from scipy import stats
from scipy.interpolate import RectBivariateSpline

from agnbook.errors import BookError

BANDS = ("u", "g", "r", "i", "z", "Y")
#: LSST pass bands (Angstrom), lower and upper edge at half transmission.
BAND_EDGES = np.array([(3240, 3950), (4050, 5520), (5520, 6910), (6910, 8180), (8180, 9220), (9220, 10600)], float)
WAVELENGTHS = BAND_EDGES.mean(axis=1)
#: The 21 targets, in the order used everywhere.
TARGETS = (
    *(f"log_tau_{band}" for band in BANDS), *(f"log_sf_{band}" for band in BANDS),
    "log_mass", "M_i", "redshift", *(f"mag_{band}" for band in BANDS),
)  # fmt: skip
LOG_MASS, M_I, REDSHIFT = 12, 13, 14
#: The latent numbers; `a` and `b` are intercept at 4000 A in the rest frame and slope in log wavelength.
LATENTS = ("a_tau", "b_tau", "a_sf", "b_sf", "log_mass", "M_i", "redshift", "slope")
POPULATIONS = ("dc2_like", "lsst_bright")
BRIGHT_LIMIT = 22.5
#: A, B, C, D of log f = A + B log(lambda/4000 A) + C (M_i + 23) + D log(M / 1e9) and their scatter.
TAU_LAW = np.array([(2.4, 0.2), (0.17, 0.02), (0.03, 0.04), (0.21, 0.07)])
SF_LAW = np.array([(-0.51, 0.02), (-0.479, 0.005), (0.131, 0.008), (0.18, 0.03)])
#: Scatter of the spectral slope alpha_nu. DC2 gives all its quasars one spectrum; real ones scatter by about 0.3
#: (Richards et al. 2006), which `REALISTIC_SLOPE_SCATTER` lets the stress tests ask for.
SLOPE_SCATTER = 0.0
REALISTIC_SLOPE_SCATTER = 0.3
Z_RANGE = (0.17, 3.10)
#: Shape of the redshifts' beta distribution; correlation of mass and redshift as normal scores.
_BETA = (2.33, 1.86)
_COPULA = ((1, -0.18), (-0.18, 1))

# Strong emission lines: wavelength (A), equivalent width (A), Gaussian width (A), after Vanden Berk et al. (2001),
# Table 2; the last rows stand for the iron and Balmer-continuum bump.
_LINES = np.array([
    (1216, 93, 20), (1399, 8, 14), (1549, 24, 14), (1908, 21, 24), (2798, 32, 35), (4341, 13, 20), (4861, 46, 40),
    (5007, 13, 6), (6564, 195, 47), (2500, 60, 250), (3200, 50, 300),
])  # fmt: skip


def spectrum(wavelength, slope=0.0) -> np.ndarray:
    """Return a composite quasar spectrum, f_nu in arbitrary units, shape of `wavelength` (A, rest frame).

    A power law in frequency with index -0.44 + `slope` (flatter to the red of 5000 A, where the host adds
    light), the strong lines, and the mean absorption blueward of Lyman alpha.
    """
    wavelength = np.asarray(wavelength, float)
    flux = (wavelength / 4000.0) ** (0.44 - slope)
    flux = np.where(wavelength > 5000, flux * (wavelength / 5000.0) ** 0.6, flux)
    lines = sum(ew / (np.sqrt(2 * np.pi) * w) * np.exp(-0.5 * ((wavelength - c) / w) ** 2) for c, ew, w in _LINES)
    absorbed = np.where(wavelength < 1216, 0.7, 1.0) * np.where(wavelength < 912, 0.1, 1.0)
    return flux * (1 + lines) * absorbed


@lru_cache(maxsize=1)
def _photometry():
    """Splines over (z, slope): apparent minus absolute i magnitude, one a band, distance modulus included."""
    from astropy.cosmology import FlatLambdaCDM

    z, slope = np.linspace(0.15, 3.15, 301), np.linspace(-2.0, 2.0, 9)
    modulus = FlatLambdaCDM(H0=71, Om0=0.265).distmod(z).value
    nodes = np.linspace(0, 1, 61)
    grid = BAND_EDGES[:, :1] + nodes * np.diff(BAND_EDGES, axis=1)

    def mean_flux(rest, s):
        values = spectrum(rest, s) / rest  # photons: f_nu d(nu)/nu = f_nu d(lambda)/lambda
        return np.trapezoid(values, rest, axis=-1) / np.trapezoid(1 / rest, rest, axis=-1)

    table = np.empty((6, len(z), len(slope)))
    for j, s in enumerate(slope):
        zero = mean_flux(grid[3], s)
        for i, redshift in enumerate(z):
            table[:, i, j] = modulus[i] - 2.5 * np.log10((1 + redshift) * mean_flux(grid / (1 + redshift), s) / zero)
    return [RectBivariateSpline(z, slope, table[b], kx=3, ky=3) for b in range(6)]


def mean_magnitudes(absolute_i, redshift, slope) -> np.ndarray:
    """Return mean apparent AB magnitudes in ugrizY, shape (n, 6), from M_i, redshift and spectral slope, each (n,)."""
    return np.stack([np.asarray(absolute_i) + curve.ev(redshift, slope) for curve in _photometry()], axis=-1)


def rest_wavelengths(redshift) -> np.ndarray:
    """Return log10(lambda_rest / 4000 A) of the six bands, shape (n, 6)."""
    return np.log10(WAVELENGTHS / 4000.0) - np.log10(1 + np.asarray(redshift, float))[..., None]


def targets_from_latents(latents) -> np.ndarray:
    """Map the eight latents, shape (..., 8) in the order of `LATENTS`, to the 21 targets, shape (..., 21).

    The map is deterministic: the 21 targets have eight degrees of freedom, which is why a 21-dimensional
    covariance of them is nearly singular. Redshifts are held inside the range of the photometric splines.
    """
    latents = np.asarray(latents, float)
    a_tau, b_tau, a_sf, b_sf, log_mass, absolute_i, redshift, slope = np.moveaxis(latents, -1, 0)
    redshift = np.clip(redshift, 0.15, 3.15)
    x = rest_wavelengths(redshift)
    log_tau = a_tau[..., None] + b_tau[..., None] * x
    log_sf = a_sf[..., None] + b_sf[..., None] * x
    globals_ = np.stack([log_mass, absolute_i, redshift], axis=-1)
    return np.concatenate([log_tau, log_sf, globals_, mean_magnitudes(absolute_i, redshift, slope)], axis=-1)


def _known(population: str) -> None:
    if population not in POPULATIONS:
        raise BookError(f"Unknown population {population!r}; choose one of {', '.join(POPULATIONS)}.")


def _draw(rng: np.random.Generator, n: int, slope_scatter: float) -> np.ndarray:
    normal = rng.multivariate_normal([0, 0], _COPULA, size=n, method="cholesky")
    uniform = stats.norm.cdf(normal)
    log_mass = 7 + 0.93 * stats.norm.ppf((1 + uniform[:, 0]) / 2)
    redshift = 0.17 + 2.93 * _beta_quantiles(uniform[:, 1])
    log_eddington = -2.451 + 0.528 * redshift - 0.0593 * log_mass + 0.308 * rng.standard_normal(n)
    absolute_i = -5.1999 - 2.8309 * log_eddington - 2.5167 * log_mass
    slope = slope_scatter * rng.standard_normal(n)
    intercepts = []
    for law in (TAU_LAW, SF_LAW):
        a, b, c, d = (law[:, 0] + law[:, 1] * rng.standard_normal((n, 4))).T
        intercepts += [a + c * (absolute_i + 23) + d * (log_mass - 9), b]
    return np.stack([*intercepts, log_mass, absolute_i, redshift, slope], axis=-1)


def log_density(latents, population: str = "dc2_like", slope_scatter: float = SLOPE_SCATTER) -> np.ndarray:
    """Log-density of a population of `sample` at latents (..., 8): the prior of every posterior.

    Minus infinity outside the ranges of mass and redshift and, for `lsst_bright`, beyond its limit; what that limit leaves of
    the whole is not divided out. Without scatter the slope, always 0, does not enter.
    """
    _known(population)
    latents = np.asarray(latents, float)
    log_mass, absolute_i, redshift = latents[..., 4], latents[..., 5], latents[..., 6]
    inside = (log_mass > 7) & (redshift > Z_RANGE[0]) & (redshift < Z_RANGE[1])
    log_mass, redshift = np.where(inside, log_mass, 8.0), np.where(inside, redshift, 1.0)
    marginals = stats.halfnorm(7, 0.93), stats.beta(*_BETA, loc=Z_RANGE[0], scale=Z_RANGE[1] - Z_RANGE[0])
    ranks = np.stack([stats.norm.ppf(m.cdf(v)) for m, v in zip(marginals, (log_mass, redshift), strict=True)], axis=-1)
    ranks = np.clip(ranks, -8, 8)  # rounding makes a quantile 0 or 1, and its score infinite, a little further out
    value = stats.multivariate_normal.logpdf(ranks, [0, 0], _COPULA) - stats.norm.logpdf(ranks).sum(axis=-1)
    value += sum(m.logpdf(v) for m, v in zip(marginals, (log_mass, redshift), strict=True))
    log_eddington = (absolute_i + 5.1999 + 2.5167 * log_mass) / -2.8309
    value += stats.norm.logpdf(log_eddington, -2.451 + 0.528 * redshift - 0.0593 * log_mass, 0.308) - np.log(2.8309)
    for k, law in ((0, TAU_LAW), (2, SF_LAW)):
        factors = np.stack([np.ones_like(log_mass), absolute_i + 23, log_mass - 9], axis=-1)
        a, rows = latents[..., k], [0, 2, 3]
        value += stats.norm.logpdf(a, factors @ law[rows, 0], np.sqrt(factors**2 @ law[rows, 1] ** 2))
        value += stats.norm.logpdf(latents[..., k + 1], *law[1])
    if slope_scatter > 0:
        value += stats.norm.logpdf(latents[..., 7], 0, slope_scatter)
    if population == "lsst_bright":
        inside &= absolute_i + _photometry()[3].ev(redshift, latents[..., 7]) < BRIGHT_LIMIT
    return np.where(inside, value, -np.inf)


@lru_cache(maxsize=1)
def _beta_table():
    levels = np.linspace(0, 1, 4001)
    return levels, stats.beta.ppf(levels, *_BETA)


def _beta_quantiles(level) -> np.ndarray:
    return np.interp(level, *_beta_table())  # the exact inverse costs more than everything else together


def sample(n: int, rng: np.random.Generator, population: str = "dc2_like", slope_scatter: float = SLOPE_SCATTER) -> np.ndarray:
    """Draw the eight latents of `n` quasars, shape (n, 8), in the order of `LATENTS`.

    Parameters
    ----------
    population : {"dc2_like", "lsst_bright"}
        `dc2_like` follows the DC2 quasar table; `lsst_bright` keeps its members with mean i < 22.5.
    slope_scatter : standard deviation of the spectral slope; 0, as in DC2, by default.

    Raises
    ------
    BookError
        For an unknown population.
    """
    _known(population)
    if population == "dc2_like":
        return _draw(rng, n, slope_scatter)
    kept, count = [], 0
    while count < n:
        latents = _draw(rng, max(20_000, 4 * n), slope_scatter)
        # a cheap bound first: K corrections stay within a magnitude, so faint objects need no photometry
        candidates = latents[latents[:, 5] < -16]
        candidates = candidates[_photometry()[3].ev(candidates[:, 6], candidates[:, 7]) + candidates[:, 5] < BRIGHT_LIMIT]
        kept.append(candidates)
        count += len(candidates)
    return np.concatenate(kept)[:n]
