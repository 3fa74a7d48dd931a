"""Exact Gaussian likelihood and smoothing of a flickering source in any bands, each at its own times.

The model is x_b(t) = m_b + s_b [sqrt(rho) y_b(t) + sqrt(1 - rho) w_b(t)]: in every band an Ornstein-Uhlenbeck
process of time-scale tau_b and standard deviation s_b, of which y_b hears the same noise in all bands and w_b its
own. Both parts of a band share its time-scale, so one state a band carries their sum, and the states' noises are
correlated by rho. The stationary covariance of bands a and b is

    s_a s_b r_ab 2 sqrt(tau_a tau_b) / (tau_a + tau_b),     r_aa = 1, r_ab = rho,

and it decays with the later band's time-scale. rho = 1 is one driver, rho = 0 is a driver a band.

Two implementations are kept. `whiten` is the fast one: measurements enter one by one, the deviation of the
covariance from its stationary value only decays between them (no process noise is added), and the bands' means
are regressed out. `forward` and `backward` carry the means as states and also serve the damped harmonic oscillator
(two states a band), the smoothed curve and the leave-one-out residuals. Each checks the other in the tests.
"""

import numpy as np

from agnbook.compiled import compiled

#: Floating-point freedom that still knows infinities and NaN.
_FAST = {"contract", "reassoc", "nsz", "arcp"}
LOG_2PI = 1.8378770664093453
#: Prior variance of a band's mean about the sample mean, mag^2: so wide that it does not matter.
MEAN_VARIANCE = 100.0
OU, DHO = 0, 1


@compiled(fastmath=_FAST, error_model="numpy")  # pragma: no cover - compiled
def stationary(tau, amplitude, rho, width):
    """Covariance of the bands at one time, (width, width), zero beyond the bands."""
    covariance = np.zeros((width, width))
    for a in range(len(tau)):
        for b in range(len(tau)):
            r = 1.0 if a == b else rho
            covariance[a, b] = amplitude[a] * amplitude[b] * r * 2.0 * np.sqrt(tau[a] * tau[b]) / (tau[a] + tau[b])
    return covariance


@compiled(fastmath=_FAST, error_model="numpy")  # pragma: no cover - compiled
def whiten(tau, covariance, times, band, values, variance):
    """Log-determinant of the measurements' covariance K, and the inner products under it of the bands' indicators and values.

    The products q (B + 1, B + 1 and padding) are rows^T K^-1 rows, with a row a measurement: its band's indicator and, last,
    its value. So q[:B, :B] is the information on the B means, q[B, :B] its score and q[B, B] the chi-square at zero means.
    The width of `covariance` is a multiple of 8 above B: the inner loops then fill the processor's vector registers.
    """
    n, width, bands = len(times), covariance.shape[0], len(tau)
    state = np.zeros((width, 2 * width))  # deviation of the covariance; sensitivity of the state to means and values
    decay = np.ones(2 * width)
    row = np.zeros(2 * width)
    products = np.zeros((width, width))
    determinant, logdet = 1.0, 0.0
    for k in range(n):
        b = band[k]
        if k > 0:
            dt = times[k] - times[k - 1]
            for i in range(bands):
                x = -dt / tau[i]
                decay[i] = 1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0))) if x > -1e-3 else np.exp(x)
        own = decay[b]
        total = covariance[b, b] + state[b, b] * own * own + variance[k]
        inverse = 1.0 / total
        determinant *= total
        if k % 16 == 15:  # one logarithm for sixteen factors
            logdet += np.log(determinant)
            determinant = 1.0
        for j in range(width):
            row[j] = -covariance[b, j] - state[b, j] * own * decay[j]
            row[width + j] = -state[b, width + j] * own
        row[width + b] += 1.0
        row[width + bands] += values[k]
        for i in range(bands + 1):
            weight = row[width + i] * inverse
            for j in range(width):
                products[i, j] += weight * row[width + j]
        for i in range(bands):
            gain = -row[i] * inverse
            a = decay[i]
            for j in range(2 * width):
                state[i, j] = state[i, j] * (a * decay[j]) + gain * row[j]
    return logdet + np.log(determinant), products


@compiled(fastmath=_FAST, error_model="numpy")  # pragma: no cover - compiled
def integrate_means(logdet, q, bands, n):
    """Log-likelihood with the means integrated out, the means' expectation (B,) and their Cholesky factor (B, B).

    `q` is what `whiten` returns for n measurements. The factor L is that of the precision: draws are expectation + L^-T eps.
    """
    chi2 = q[bands, bands]
    factor, half = np.zeros((bands, bands)), np.empty(bands)
    for i in range(bands):
        for j in range(i + 1):
            s = q[i, j] + (1.0 / MEAN_VARIANCE if i == j else 0.0)
            for m in range(j):
                s -= factor[i, m] * factor[j, m]
            if i == j:
                factor[i, i] = np.sqrt(s)
                logdet += np.log(s * MEAN_VARIANCE)
            else:
                factor[i, j] = s / factor[j, j]
        s = q[bands, i]
        for m in range(i):
            s -= factor[i, m] * half[m]
        half[i] = s / factor[i, i]
        chi2 -= half[i] * half[i]
    mean = np.empty(bands)
    for i in range(bands - 1, -1, -1):
        s = half[i]
        for m in range(i + 1, bands):
            s -= factor[m, i] * mean[m]
        mean[i] = s / factor[i, i]
    return -0.5 * (logdet + chi2 + n * LOG_2PI), mean, factor


@compiled(error_model="numpy")  # pragma: no cover - compiled
def transition(process, tau, quality, dt):
    """Decay of each band's state over `dt` days, (B, k, k), with k = 1 (Ornstein-Uhlenbeck) or 2 (oscillator)."""
    bands = len(tau)
    if process == OU:
        f = np.empty((bands, 1, 1))
        for b in range(bands):
            f[b, 0, 0] = np.exp(-dt / tau[b])
        return f
    f = np.empty((bands, 2, 2))
    for b in range(bands):
        omega = 1.0 / (quality * tau[b])  # the slow decay of a strongly damped oscillator is then tau itself
        damping = 0.5 * omega / quality
        gap = damping * damping - omega * omega
        if gap > 1e-12 * omega * omega:
            nu = np.sqrt(gap)
            slow, fast = np.exp(-(omega * omega / (damping + nu)) * dt), np.exp(-(damping + nu) * dt)
            c, s = 0.5 * (slow + fast), 0.5 * (slow - fast) / nu
        elif gap < -1e-12 * omega * omega:
            nu = np.sqrt(-gap)
            c, s = np.exp(-damping * dt) * np.cos(nu * dt), np.exp(-damping * dt) * np.sin(nu * dt) / nu
        else:
            c, s = np.exp(-damping * dt), np.exp(-damping * dt) * dt
        f[b] = np.array([[c + damping * s, omega * s], [-omega * s, c - damping * s]])
    return f


@compiled(error_model="numpy")  # pragma: no cover - compiled
def _propagate(f, deviation, state, bands, k):
    """Apply the decay to the process states and their covariance's deviation; the means stay."""
    size = len(state)
    if k == 1:
        for i in range(bands):
            state[i] *= f[i, 0, 0]
            for j in range(size):
                other = f[j, 0, 0] if j < bands else 1.0
                deviation[i, j] *= f[i, 0, 0] * other
                if j >= bands:
                    deviation[j, i] = deviation[i, j]
        return
    for b in range(bands):
        i = 2 * b
        x, v = state[i], state[i + 1]
        state[i], state[i + 1] = f[b, 0, 0] * x + f[b, 0, 1] * v, f[b, 1, 0] * x + f[b, 1, 1] * v
        for j in range(size):
            x, v = deviation[i, j], deviation[i + 1, j]
            deviation[i, j], deviation[i + 1, j] = f[b, 0, 0] * x + f[b, 0, 1] * v, f[b, 1, 0] * x + f[b, 1, 1] * v
    for b in range(bands):
        i = 2 * b
        for j in range(size):
            x, v = deviation[j, i], deviation[j, i + 1]
            deviation[j, i], deviation[j, i + 1] = f[b, 0, 0] * x + f[b, 0, 1] * v, f[b, 1, 0] * x + f[b, 1, 1] * v


@compiled(error_model="numpy")  # pragma: no cover - compiled
def observation(process, kick):
    """Weights (k,) of a band's process states in its brightness."""
    if process == OU:
        return np.ones(1)
    return np.array([1.0, kick]) / np.sqrt(1.0 + kick * kick)


@compiled(error_model="numpy")  # pragma: no cover - compiled
def forward(process, tau, covariance, quality, kick, times, band, values, variance, gains, innovation, total, expected):
    """Kalman filter with the means as states; fills one row a measurement.

    Returns the log-likelihood, and the bands' means (B,) with their covariance (B, B) given every measurement.

    Rows of infinite `variance` are asked for, not observed. Filled: `gains` (n, size) the covariance of the state
    with the row's brightness, `innovation` and its variance `total` (n,), `expected` (n,) brightness before the row.
    """
    n, bands = len(times), len(tau)
    h = observation(process, kick)
    k = len(h)
    size = k * bands + bands
    rest = np.zeros((size, size))  # the stationary covariance
    for a in range(bands):
        for b in range(bands):
            for i in range(k):
                rest[k * a + i, k * b + i] = covariance[a, b]
    state, deviation = np.zeros(size), np.zeros((size, size))
    for b in range(bands):
        deviation[k * bands + b, k * bands + b] = MEAN_VARIANCE
    loglike = 0.0
    g = np.empty(size)
    for row in range(n):
        if row > 0 and times[row] > times[row - 1]:
            _propagate(transition(process, tau, quality, times[row] - times[row - 1]), deviation, state, bands, k)
        b = band[row]
        mean = k * bands + b
        expected[row] = state[mean]
        for i in range(k):
            expected[row] += h[i] * state[k * b + i]
        for j in range(size):
            g[j] = deviation[j, mean] + rest[j, mean]
            for i in range(k):
                g[j] += h[i] * (deviation[j, k * b + i] + rest[j, k * b + i])
        signal = g[mean]
        for i in range(k):
            signal += h[i] * g[k * b + i]
        gains[row] = g
        if np.isinf(variance[row]):
            innovation[row], total[row] = 0.0, signal
            continue
        s = signal + variance[row]
        v = values[row] - expected[row]
        innovation[row], total[row] = v, s
        loglike -= 0.5 * (np.log(s) + v * v / s + LOG_2PI)
        for i in range(size):
            gain = g[i] / s
            state[i] += gain * v
            for j in range(size):
                deviation[i, j] -= gain * g[j]
    return loglike, state[k * bands :], deviation[k * bands :, k * bands :]


@compiled(error_model="numpy")  # pragma: no cover - compiled
def backward(
    process, tau, quality, kick, times, band, variance, gains, innovation, total, expected,
    smooth, spread, left_out, left_out_variance,
):  # fmt: skip
    """Smoother after `forward`, without inverting any matrix (de Jong 1989, J. Am. Stat. Assoc. 84, 1085).

    Fills `smooth` and `spread` (n,), mean and variance of the noiseless brightness given every measurement, and
    `left_out`, `left_out_variance` (n,), the residual of each measurement against all the others and its variance.
    """
    n, bands = len(times), len(tau)
    h = observation(process, kick)
    k = len(h)
    size = k * bands + bands
    r, info, ng = np.zeros(size), np.zeros((size, size)), np.empty(size)
    for row in range(n - 1, -1, -1):
        b = band[row]
        mean = k * bands + b
        g = gains[row]
        if np.isfinite(variance[row]):
            s = total[row]
            u, m = innovation[row] / s, 1.0 / s
            for i in range(size):
                ng[i] = 0.0
                for j in range(size):
                    ng[i] += info[i, j] * g[j] / s
                u -= g[i] * r[i] / s
            for i in range(size):
                m += g[i] * ng[i] / s
            left_out[row], left_out_variance[row] = u / m, 1.0 / m
            for i in range(k + 1):  # the row's brightness is made of k process states and the mean
                p, weight = (mean, 1.0) if i == k else (k * b + i, h[i])
                r[p] += weight * u
                for j in range(size):
                    info[p, j] -= weight * ng[j]
                    info[j, p] -= weight * ng[j]
            for i in range(k + 1):
                p, weight = (mean, 1.0) if i == k else (k * b + i, h[i])
                for j in range(k + 1):
                    q, other = (mean, 1.0) if j == k else (k * b + j, h[j])
                    info[p, q] += weight * other * m
        smooth[row] = expected[row]
        signal = g[mean]
        for i in range(k):
            signal += h[i] * g[k * b + i]
        for i in range(size):
            smooth[row] += g[i] * r[i]
            for j in range(size):
                signal -= g[i] * info[i, j] * g[j]
        spread[row] = max(signal, 0.0)
        if row > 0 and times[row] > times[row - 1]:
            f = transition(process, tau, quality, times[row] - times[row - 1])
            turned = np.empty_like(f)
            for i in range(bands):
                turned[i] = f[i].T
            _propagate(turned, info, r, bands, k)
