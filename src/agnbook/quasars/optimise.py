"""The search for a curve's most probable parameters: robust weights and Newton steps in turn, and a chain.

Everything is built on two compiled functions: the density of a batch of points and one pass of the smoother.
"""

import numpy as np

from agnbook.compiled import compiled
from agnbook.quasars import statespace
from agnbook.quasars.lanes import LANES, loglikes
from agnbook.quasars.model import KICK, LAG, QUALITY, RHO, SIGMA, TAU, lags, log_prior, loglike, unpack, variances
from agnbook.quasars.statespace import OU

#: An outlier says next to nothing: so many magnitudes are added to its error in quadrature.
OUTLIER_SD = 1.0
#: Share of measurements that are outliers, before looking. At errors of .03 mag one is 4 standard deviations off or more.
OUTLIER_SHARE = 0.01
#: Longest Newton step, in standard deviations of the prior.
_LONGEST_STEP = 0.7
#: A step that promises less than this in log-posterior is the last.
_ENOUGH = 0.003


@compiled  # pragma: no cover - compiled
def densities(draws, theta, active, mean, sd, process, x, slots, times, band, values, errors, weight):
    """Log-posterior (k,) of points (k, m) of the active parameters; `theta` (p,) holds the others."""
    points = complete(draws, theta, active)
    out = log_prior(points, active, mean, sd)
    if together(process, points):
        for k in range(0, len(draws), LANES):
            out[k : k + LANES] += loglikes(points[k : k + LANES], x, slots, times, band, values, errors, weight)[0]
    else:
        for k in range(len(draws)):
            out[k] += loglike(points[k], process, x, slots, times, band, values, errors, weight)[0]
    return np.where(np.isfinite(out), out, -1e300)


@compiled  # pragma: no cover - compiled
def complete(draws, theta, active):
    """All parameters (k, p) of points (k, m) of the active ones."""
    points = np.empty((len(draws), len(theta)))
    points[:] = theta
    for p in range(len(active)):
        points[:, active[p]] = draws[:, p]
    return points


@compiled  # pragma: no cover - compiled
def together(process, points):
    """Whether points may share the steps of one filter: random walks, measurements in the same order for all."""
    return process == OU and not np.any(points[:, LAG])


@compiled  # pragma: no cover - compiled
def draw_means(normal, draws, theta, active, process, x, slots, times, band, values, errors, weight):
    """The bands' means (k, B), one draw for each draw of the parameters; `normal` (k, B) are standard normal numbers."""
    points, bands = complete(draws, theta, active), len(x)
    expected, factor = np.empty(normal.shape), np.empty((len(draws), bands, bands))
    if together(process, points):
        for k in range(0, len(draws), LANES):
            _, expected[k : k + LANES], factor[k : k + LANES] = loglikes(
                points[k : k + LANES], x, slots, times, band, values, errors, weight
            )
    else:
        for k in range(len(draws)):
            _, expected[k], factor[k] = loglike(points[k], process, x, slots, times, band, values, errors, weight)
    out = np.empty(normal.shape)
    for k in range(len(draws)):
        for i in range(bands - 1, -1, -1):
            s = normal[k, i]
            for m in range(i + 1, bands):
                s -= factor[k, m, i] * out[k, m]
            out[k, i] = s / factor[k, i, i]
    return out + expected


@compiled  # pragma: no cover - compiled
def robust_weights(theta, tails, passes, process, x, slots, times, band, values, errors, weight):
    """Weight of each measurement under Student-t errors with outliers, given the current weights.

    Each measurement is compared with what all others say of it. One that is more probable as an outlier (`OUTLIER_SHARE`,
    `OUTLIER_SD`) gets that variance besides; all others have the weight that gives a normal error the variance of the t,
    (nu - 2) / nu. Were each to take the expected precision that Student's t gives it, small residuals would confirm
    themselves, and were an outlier to, it would still pull: the t has less room than an outlier takes, and the excess
    variance would make it. `weight` ends at the new ones. Returns the residual of each measurement against all others and
    its variance, both under the weights before the last pass.
    """
    n, bands = len(times), len(x)
    tau, amplitude, rho = unpack(theta, x, slots)
    shifted = times - lags(theta, x)[band]
    order = np.argsort(shifted)
    gains = np.empty((n, (2 if process == OU else 3) * bands))
    work = np.empty((7, n))
    quality, kick = 10.0 ** theta[QUALITY], 10.0 ** theta[KICK]
    covariance = statespace.stationary(tau, amplitude, rho, bands)
    residual, spread = np.empty(n), np.empty(n)
    for _ in range(passes):
        variance = variances(theta, slots, band, errors, weight)
        statespace.forward(
            process, tau, covariance, quality, kick, shifted[order], band[order], values[order], variance[order],
            gains, work[0], work[1], work[2],
        )  # fmt: skip
        statespace.backward(
            process, tau, quality, kick, shifted[order], band[order], variance[order], gains, work[0], work[1], work[2],
            work[3], work[4], work[5], work[6],
        )  # fmt: skip
        for k in range(n):
            residual[order[k]], spread[order[k]] = work[5, k], work[6, k]
        if np.isfinite(tails):
            usual = (tails - 2.0) / tails
            for k in range(n):
                own = variance[k] * weight[k]
                good = max(spread[k] - variance[k], 0.0) + own / usual
                bad = good + OUTLIER_SD**2
                gain = 0.5 * residual[k] ** 2 * (1.0 / good - 1.0 / bad) - 0.5 * np.log(bad / good)
                outlier = gain > np.log((1.0 - OUTLIER_SHARE) / OUTLIER_SHARE)
                weight[k] = own / (own / usual + OUTLIER_SD**2) if outlier else usual
    return residual, spread


def slopes(theta, steps, args) -> tuple[float, np.ndarray, np.ndarray]:
    """Value, gradient (m,) and curvatures (m,) of the log-posterior by central differences of size `steps` (m,)."""
    centre, m = theta[args[0]], len(steps)
    moves = np.concatenate([np.zeros((1, m)), np.diag(steps), -np.diag(steps)])
    found = densities(centre + moves, theta, *args)
    value, plus, minus = found[0], found[1 : m + 1], found[m + 1 :]
    return value, (plus - minus) / (2 * steps), (plus - 2 * value + minus) / steps**2


def hessian(theta, steps, args) -> tuple[float, np.ndarray, np.ndarray]:
    """Value, gradient (m,) and negative Hessian (m, m) of the log-posterior by finite differences of size `steps` (m,)."""
    value, gradient, curvature = slopes(theta, steps, args)
    centre, m = theta[args[0]], len(steps)
    p, q = np.triu_indices(m, 1)
    moves = np.zeros((len(p), m))
    pair = np.arange(len(p))
    moves[pair, p], moves[pair, q] = steps[p], steps[q]
    both = densities(centre + moves, theta, *args)
    one_by_one = gradient * steps + 0.5 * curvature * steps**2  # what a step in one parameter alone adds
    precision = -np.diag(curvature)
    precision[p, q] = precision[q, p] = -(both - value - one_by_one[p] - one_by_one[q]) / (steps[p] * steps[q])
    return value, gradient, precision


def positive(precision, prior_sd) -> np.ndarray:
    """Covariance of a precision whose eigenvalues, in units of the prior's, are kept above .2: a posterior is never wider."""
    scaled = precision * np.outer(prior_sd, prior_sd)
    if not np.all(np.isfinite(scaled)):
        scaled = np.eye(len(prior_sd))
    values, vectors = np.linalg.eigh(scaled)
    return (vectors / np.maximum(values, 0.2)) @ vectors.T * np.outer(prior_sd, prior_sd)


def climb(theta, iterations: int, args, covariance=None, every: int = 3) -> tuple[float, np.ndarray]:
    """Newton steps to the maximum of the log-posterior; `theta` ends there. Returns the value and Laplace's covariance.

    The curvature is measured at every third step (`every`; 0: never) and kept in between, where the gradient alone is new.
    """
    active, sd = args[0], args[2][args[0]]
    age = every  # of the curvature, in steps
    for _ in range(iterations):
        width = sd if covariance is None else np.sqrt(np.diag(covariance))
        steps = np.clip(0.1 * width, 0.003 * sd, 0.1 * sd)
        if every and age >= every:
            value, gradient, precision = hessian(theta, steps, args)
            covariance, age = positive(precision, sd), 0
        else:
            value, gradient, _ = slopes(theta, steps, args)
        age += 1
        move = covariance @ gradient
        promised = 0.5 * gradient @ move
        move *= min(1.0, _LONGEST_STEP / np.max(np.abs(move) / sd))
        trials = theta[active] + np.array([1.0, 0.5, 0.2, 0.05])[:, None] * move
        found = densities(trials, theta, *args)
        best = int(np.argmax(found))
        if found[best] > value:
            theta[active], value = trials[best], found[best]
        elif age == 1 or not every:
            break
        else:
            age = every  # an old curvature may mislead
        if promised < _ENOUGH:
            break
    return value, covariance


#: Gain in ln density for which the search leaves the prior's mean of rho (one in 500 quasars of Stripe 82 needs it).
FAR = 20.0


def start(theta, args) -> None:
    """Coarse search over time-scale and amplitude, and over rho where that is far off; `theta` ends at the best point."""
    active = args[0]
    grid = np.array([(log_tau, log_sigma) for log_tau in (1.2, 1.8, 2.4, 3.0, 3.6) for log_sigma in (-1.5, -1.1, -0.8, -0.5)])

    def best(names, values) -> float:
        points = np.tile(theta[active], (len(values), 1))
        for parameter, column in zip(names, values.T, strict=True):
            points[:, active == parameter] = column[:, None]
        density = densities(points, theta, *args)
        theta[active] = points[np.argmax(density)]
        return density.max()

    value = best((TAU, SIGMA), grid)
    if RHO in active:
        usual = theta[RHO]
        # precise curves of bands that vary on their own: from the prior's mean the climb ends at a lower hill
        if best((RHO,), np.array([[usual], [-5.0], [-2.5], [0.0], [5.0]])) > value + FAR:
            best((TAU, SIGMA), grid)
        else:
            theta[RHO] = usual


def find_mode(theta, tails: float, args):
    """Weights and mode in turn (expectation and maximisation); `theta` and the weights, last of `args`, end there.

    Returns value, Laplace's covariance (m, m), residual of each measurement against all others and its variance (n,).
    """
    data, weight = args[3:], args[-1]
    robust = np.isfinite(tails)
    if robust:  # before any fit, so that an outlier does not choose the starting point
        robust_weights(theta, tails, 2, *data)
    start(theta, args)
    value, covariance = climb(theta, 6, args)
    for _ in range(6 if robust else 0):
        previous = weight.copy()
        robust_weights(theta, tails, 2, *data)
        climb(theta, 1, args, covariance, every=0)
        if np.max(np.abs(weight - previous)) < 0.03:
            break
    value, covariance = climb(theta, 15, args, covariance)
    residual, spread = robust_weights(theta, np.inf, 1, *data)
    return value, covariance, residual, spread


def chain(rng, walkers, moves: int, theta, args) -> np.ndarray:
    """Affine-invariant ensemble (Goodman & Weare 2010, Comm. App. Math. Comp. Sci. 5, 65) of `walkers` (k, m), k even.

    Returns the visited points (moves, k, m).
    """
    k, m = walkers.shape
    walkers = walkers.copy()
    now = densities(walkers, theta, *args)
    visited = np.empty((moves, k, m))
    halves = np.arange(k // 2), np.arange(k // 2, k)
    for step in range(moves):
        for mine, others in (halves, halves[::-1]):
            z = (1 + rng.random(k // 2)) ** 2 / 2  # density 1 / sqrt(z) between 1/2 and 2
            other = walkers[rng.choice(others, k // 2)]
            trial = other + z[:, None] * (walkers[mine] - other)
            found = densities(trial, theta, *args)
            accepted = np.log(rng.random(k // 2)) < (m - 1) * np.log(z) + found - now[mine]
            walkers[mine[accepted]], now[mine[accepted]] = trial[accepted], found[accepted]
        visited[step] = walkers
    return visited
