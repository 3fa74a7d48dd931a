"""Light curves nearer to the sky: scattered spectra, bands that follow each other almost, visits as LSST will make them.

Bright quasars (i < 22.5) whose spectral slopes scatter as real ones do. Their bands hear one driver and a private one each,
with a correlation of .9 to .99 (real quasars: {ref}`ch-meet-real-quasars`). Each band is looked at on its own nights, in all
about 820 times in ten years, with the noise of a single visit, which the stated errors misjudge, and with outliers.
"""

from dataclasses import dataclass, replace

import numpy as np

from agnbook.compiled import compiled
from agnbook.lightcurves import cadence, dataset, kalman, noise, population

POPULATION, SLOPE_SCATTER = "lsst_bright", population.REALISTIC_SLOPE_SCATTER
#: Correlation of the bands' drivers: even between these.
RHO_RANGE = (0.90, 0.99)


@dataclass(frozen=True)
class Faults:
    """What is wrong with an object's measurements, beyond the noise that is stated: the distribution over objects.

    The defaults are reasoned from Stripe 82. Its quasars want about .011 mag besides their errors in each band, most of them .008
    to .015. Its errors are known to about a tenth. Few measurements are outliers there, up to a magnitude off, in an archive
    that others have cleaned; what a survey leaves in is not known, so here an object has any share from none to 3 %.

    Attributes
    ----------
    outliers : range of the share of measurements that are off by a normal number besides; even between these.
    outlier_mag : range of that number's standard deviation (mag); even in its logarithm.
    factor : median, and scatter of the natural logarithm, of true over stated error; one number a band.
    excess_mag : the same of the standard deviation (mag) of more noise, one number a band.
    """

    outliers: tuple[float, float] = (0.0, 0.03)
    outlier_mag: tuple[float, float] = (0.2, 1.0)
    factor: tuple[float, float] = (1.0, 0.12)
    excess_mag: tuple[float, float] = (0.011, 0.4)

    def draw(self, error, band, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return the true standard deviation (mag) of each measurement, and whether it is an outlier, both (n, T).

        Parameters
        ----------
        error, band : (n, T) stated errors (mag) and bands, 0 to 5.
        """
        n = len(error)
        share, size = rng.uniform(*self.outliers, (n, 1)), np.exp(rng.uniform(*np.log(self.outlier_mag), (n, 1)))
        factor, excess = (
            np.take_along_axis(median * np.exp(scatter * rng.standard_normal((n, 6))), band, axis=1)
            for median, scatter in (self.factor, self.excess_mag)
        )
        outlier = rng.random(error.shape) < share
        return np.sqrt((factor * error) ** 2 + excess**2 + np.where(outlier, size, 0.0) ** 2), outlier


#: Measurements of a setting, and the clean variant: the stated errors are true and there are no outliers.
FAULTS, CLEAN = Faults(), Faults(outliers=(0.0, 0.0), factor=(1.0, 0.0), excess_mag=(0.0, 0.0))


@dataclass(frozen=True)
class Measurements:
    """Measured light curves of `n` objects, one row of each a measurement, padded to the longest, `T`.

    Attributes
    ----------
    latents : (n, 8), see `population`; rho : (n,) correlation of the drivers.
    times, observed, error : (n, T) days and magnitudes; band : (n, T) 0 to 5, `kalman.UNSEEN` after an object's `length`.
    truth : (n, T) magnitudes without noise; noise : (n, T) true standard deviation of each measurement about it.
    outlier : (n, T) bool.
    length : (n,) number of measurements.
    """

    latents: np.ndarray
    rho: np.ndarray
    times: np.ndarray
    band: np.ndarray
    truth: np.ndarray
    observed: np.ndarray
    error: np.ndarray
    noise: np.ndarray
    outlier: np.ndarray
    length: np.ndarray

    def __len__(self) -> int:
        return len(self.length)

    @property
    def targets(self) -> np.ndarray:
        """The 21 targets, shape (n, 21)."""
        return population.targets_from_latents(self.latents)

    def take(self, rows) -> "Measurements":
        """Return some objects, `rows` a slice or an index array."""
        return replace(self, **{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})

    def one(self, row: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return times, band, magnitudes and errors of one object without padding."""
        return tuple(getattr(self, name)[row, : self.length[row]] for name in ("times", "band", "observed", "error"))


@compiled  # pragma: no cover - compiled
def _walk(times, band, length, sigma, tau, rho, rng, out):
    """Six correlated walks, stepped from measurement to measurement; of each step the measured band is kept."""
    rest, factor = np.empty((6, 6)), np.empty((6, 6))
    x, shock, decay = np.empty(6), np.empty(6), np.empty(6)
    for row in range(len(length)):
        for b in range(6):
            for i in range(6):
                mean = 2.0 * np.sqrt(tau[row, b] * tau[row, i]) / (tau[row, b] + tau[row, i])
                rest[b, i] = sigma[row, b] * sigma[row, i] * mean * (1.0 if i == b else rho[row])
        x[:] = 0.0
        for k in range(length[row]):
            dt = times[row, k] - times[row, k - 1] if k > 0 else np.inf
            if dt > 0:
                for b in range(6):
                    decay[b] = np.exp(-dt / tau[row, b])
                    shock[b] = rng.standard_normal()
                for b in range(6):  # the Cholesky factor of what the step adds, row by row
                    value = decay[b] * x[b]
                    for i in range(b + 1):
                        s = rest[b, i] * (1.0 - decay[b] * decay[i])
                        for m in range(i):
                            s -= factor[b, m] * factor[i, m]
                        if i == b:
                            factor[b, b] = np.sqrt(max(s, 0.0))
                        else:
                            factor[b, i] = s / factor[i, i] if factor[i, i] > 1e-9 else 0.0  # singular with one driver
                        value += factor[b, i] * shock[i]
                    x[b] = value
            out[row, k] = x[band[row, k]]


def simulate(
    n: int, rng: np.random.Generator, *, rho=RHO_RANGE, slope_scatter: float = SLOPE_SCATTER, visits=cadence.LSST_VISITS,
    faults: Faults = FAULTS,
) -> Measurements:  # fmt: skip
    """Simulate `n` quasars; the defaults are the setting ``realistic``, the rest is for tests of what breaks it.

    Parameters
    ----------
    rho : range of the drivers' correlation; 1 is one driver, 0 a driver a band.
    visits : (6,) expected number of visits in each band.
    faults : what the stated errors do not say; `CLEAN` is nothing.
    """
    latents = population.sample(n, rng, POPULATION, slope_scatter)
    sigma, tau = dataset.observed_process(latents)
    rho = rng.uniform(*rho, n)
    cadences = [cadence.each_band(rng, visits) for _ in range(max(20, n // 10))]
    which = rng.integers(0, len(cadences), n)
    length = np.array([len(cadences[j][0]) for j in which])
    times, band = np.zeros((n, length.max())), np.full((n, length.max()), kalman.UNSEEN)
    for row, j in enumerate(which):
        times[row, : length[row]], band[row, : length[row]] = cadences[j]
    truth = np.zeros(times.shape)
    _walk(times, band, length, sigma, tau, rho, rng, truth)
    means = population.targets_from_latents(latents)[:, 15:]
    seen, some_band = band != kalman.UNSEEN, np.maximum(band, 0)
    truth += np.take_along_axis(means, some_band, axis=1)
    error = noise.single_visit(truth, some_band)
    true_noise, outlier = faults.draw(error, some_band, rng)
    observed = truth + true_noise * rng.standard_normal(truth.shape)
    truth, observed = np.where(seen, truth, np.nan), np.where(seen, observed, np.nan)
    error, true_noise = np.where(seen, error, np.inf), np.where(seen, true_noise, np.inf)
    return Measurements(latents, rho, times, band, truth, observed, error, true_noise, outlier & seen, length)
