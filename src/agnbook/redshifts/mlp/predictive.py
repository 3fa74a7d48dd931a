"""What a trained network says of a source: draws of its weights, or their exact Gaussian. Needs numpy only."""

import numpy as np

from agnbook.redshifts.mlp.network import Network, checked

#: Keeps a posterior's standard deviation above 0, as TensorFlow Probability does.
_SCALE_FLOOR = np.finfo(np.float32).eps


def _softplus(values: np.ndarray) -> np.ndarray:
    return np.logaddexp(values, 0.0)


def _activation(output: str):
    return _softplus if output == "softplus" else lambda values: np.maximum(values, 0.0)


def _draw(weights: dict, name: str, n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one weight array from its posterior, shape (n_samples, ...)."""
    mean = weights[name]
    noise = rng.standard_normal((n_samples, *mean.shape), dtype=np.float32)
    return mean + (_softplus(weights[f"{name}_rho"]) + _SCALE_FLOOR).astype(np.float32) * noise


def posterior_predictive(network: Network, weights: dict, X, n_samples: int = 1000, rng=None) -> np.ndarray:
    """Predict every source with every draw of the weights, in one batched product.

    Parameters
    ----------
    weights : one member's arrays, see `Members.member` and `from_keras`.
    X : array, shape (n, features), standardised.
    n_samples : draws of the weights. A network without a posterior has one prediction, repeated.
    rng : numpy.random.Generator, needed by Bayesian networks.

    Returns
    -------
    numpy.ndarray, float32, shape (n_samples, n)
        Redshifts. A draw holds for all sources; the two estimators differ in training only, because
        signs of a symmetric perturbation do not change a prediction's distribution.
    """
    X, _ = checked(X, n_features=weights["hidden/kernel"].shape[0])
    X, activation = X.astype(np.float32), _activation(network.output)
    if not network.is_bayesian("output"):
        hidden = np.maximum(X @ weights["hidden/kernel"] + weights["hidden/bias"], 0.0)
        prediction = activation(hidden @ weights["output/kernel"][:, 0] + weights["output/bias"])
        return np.broadcast_to(prediction.astype(np.float32), (n_samples, len(X)))
    if network.has_gaussian_head:
        hidden = np.maximum(X @ weights["hidden/kernel"] + weights["hidden/bias"], 0.0)
        kernels = _draw(weights, "output/kernel", n_samples, rng)[..., 0]
        return activation(kernels @ hidden.T + _draw(weights, "output/bias", n_samples, rng))
    parts = []
    for start in range(0, n_samples, 50):  # keeps the hidden layers of 50 draws in memory, not of 1000
        size = min(50, n_samples - start)
        hidden = X @ _draw(weights, "hidden/kernel", size, rng) + _draw(weights, "hidden/bias", size, rng)[:, None]
        np.maximum(hidden, 0.0, out=hidden)
        output = hidden @ _draw(weights, "output/kernel", size, rng) + _draw(weights, "output/bias", size, rng)[:, None]
        parts.append(activation(output[..., 0]))
    return np.concatenate(parts)


def gaussian_head(weights: dict, X) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation, before the output's activation, of a Bayesian last layer.

    Exact: with fixed hidden units the output is a sum of independent normal weights.

    Returns
    -------
    tuple of numpy.ndarray, shape (n,)
    """
    X, _ = checked(X, n_features=weights["hidden/kernel"].shape[0])
    hidden = np.maximum(X @ weights["hidden/kernel"] + weights["hidden/bias"], 0.0)
    kernel_sd, bias_sd = (_softplus(weights[f"output/{name}_rho"]) + _SCALE_FLOOR for name in ("kernel", "bias"))
    location = hidden @ weights["output/kernel"][:, 0] + weights["output/bias"]
    return location, np.sqrt(hidden**2 @ kernel_sd[:, 0] ** 2 + bias_sd**2)
