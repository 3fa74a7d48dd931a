"""Many of the paper's networks at once, trained by `agnbook.members`."""

from dataclasses import dataclass

import numpy as np
import torch

from agnbook import members as trainer
from agnbook.errors import FeatureError
from agnbook.redshifts.mlp.network import BATCH_SIZE, LOCATION_SD, RHO_MEAN, RHO_SD, Network, checked
from agnbook.redshifts.mlp.predictive import posterior_predictive


def _shapes(network: Network, n_features: int) -> dict[str, tuple[int, ...]]:
    """Shapes of the weights of one member; a ``_rho`` beside each weight that has a posterior."""
    shapes = {}
    for layer, inputs, units in (("hidden", n_features, network.hidden), ("output", network.hidden, 1)):
        for name, shape in ((f"{layer}/kernel", (inputs, units)), (f"{layer}/bias", (units,))):
            shapes[name] = shape
            if network.is_bayesian(layer):
                shapes[f"{name}_rho"] = shape
    return shapes


def initial_weights(network: Network, n_features: int, members: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw starting weights with the distributions that Keras and TFP use.

    Returns
    -------
    dict of numpy.ndarray, float32, shape (members, ...)
        ``{hidden,output}/{kernel,bias}``: values, or posterior means; and the same with ``_rho``
        where there is a posterior, whose standard deviation is softplus(rho).
    """
    weights = {}
    for name, shape in _shapes(network, n_features).items():
        size, layer = (members, *shape), name.split("/")[0]
        if name.endswith("_rho"):
            weights[name] = rng.normal(RHO_MEAN, RHO_SD, size)
        elif network.is_bayesian(layer):
            weights[name] = rng.normal(0.0, LOCATION_SD, size)
        elif name.endswith("kernel"):  # Glorot & Bengio (2010), Keras' default
            weights[name] = trainer.glorot(members, *shape, rng)
        else:
            weights[name] = np.zeros(size)
    return {name: value.astype(np.float32) for name, value in weights.items()}


def forward(network: Network, weights: dict, X, rng: np.random.Generator, training: bool):
    """One stochastic forward pass of every member.

    Parameters
    ----------
    weights : tensors of shape (members, ...), see `initial_weights`.
    X : tensor, shape (members, n, features), standardised.
    rng : of weight draws, signs and dropout.
    training : whether units are dropped.

    Returns
    -------
    torch.Tensor, shape (members, n)
    """

    def layer(name, x):
        own = {part.removeprefix(f"{name}/"): value for part, value in weights.items() if part.startswith(f"{name}/")}
        if not network.is_bayesian(name):
            return trainer.dense(x, own["kernel"], own["bias"])
        variational = trainer.flipout if network.kind == "flipout" else trainer.reparameterized
        return variational(x, own["kernel"], own["kernel_rho"], own["bias"], own["bias_rho"], rng)

    hidden = torch.relu(layer("hidden", X))
    if training and network.dropout:
        hidden = trainer.dropout(hidden, network.dropout, rng)
    output = layer("output", hidden)[..., 0]
    return torch.nn.functional.softplus(output) if network.output == "softplus" else torch.relu(output)


def kl_divergence(weights: dict):
    """KL(q || N(0, 1)) of every member's posterior, in nats, shape (members,); 0 without one."""
    total = torch.zeros(len(weights["output/bias"]))
    for name in [name for name in weights if name.endswith("_rho")]:
        total = total + trainer.divergence(weights[name.removesuffix("_rho")], weights[name])
    return total


@dataclass(frozen=True)
class Members:
    """Trained networks that share a design, stacked along a leading member axis.

    Attributes
    ----------
    network : Network
    weights : dict of numpy.ndarray, shape (members, ...)
        Best checkpoints, laid out as in `initial_weights`.
    centre, scale : numpy.ndarray, shape (members, features)
        Standardisation of the raw features, from each member's training rows.
    best_epoch, epochs : numpy.ndarray of int, shape (members,)
        Epoch of the checkpoint (from 0) and epochs trained.
    validation_rmse : numpy.ndarray, shape (members,)
        At the checkpoint; one draw of the weights.
    """

    network: Network
    weights: dict[str, np.ndarray]
    centre: np.ndarray
    scale: np.ndarray
    best_epoch: np.ndarray
    epochs: np.ndarray
    validation_rmse: np.ndarray

    def __len__(self) -> int:
        return len(self.centre)

    def member(self, number: int) -> dict[str, np.ndarray]:
        """Return one member's weights, without the member axis."""
        return {name: value[number] for name, value in self.weights.items()}

    def standardised(self, number: int, X) -> np.ndarray:
        """Return raw features (n, features) on one member's scale."""
        X, _ = checked(X, n_features=self.centre.shape[1])
        return (X - self.centre[number]) / self.scale[number]

    def samples(self, number: int, X, n_samples: int, rng: np.random.Generator) -> np.ndarray:
        """`posterior_predictive` of one member for raw features, shape (n_samples, n)."""
        return posterior_predictive(self.network, self.member(number), self.standardised(number, X), n_samples, rng)

    def predict(self, X, n_samples: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation over draws of the weights, two arrays of shape (members, n)."""
        draws = (self.samples(number, X, n_samples, rng) for number in range(len(self)))
        mean, sd = zip(*((samples.mean(axis=0), samples.std(axis=0)) for samples in draws), strict=True)
        return np.stack(mean), np.stack(sd)


def fit_members(
    network: Network, X, y, train, validation, epochs: int = 2500, patience: int = 100, seed: int = 0, start: dict | None = None
) -> Members:
    """Train one network a member, all at once, each on its own rows.

    The recipe is that of `fit`, with loss MAE + KL / N: the validation loss stops, the validation RMSE chooses the epoch.

    Parameters
    ----------
    X, y : raw features (n, features) and redshifts (n,).
    train : array of int, shape (members, n_train)
        Training rows; each member's features are standardised by them.
    validation : sequence of int arrays
        Validation rows of each member; lengths may differ.
    epochs, patience : at most so many epochs, and epochs without a better validation loss.
    seed : of weights, shuffling, dropout and weight draws.
    start : weights to start from; drawn by `initial_weights` if None.

    Raises
    ------
    FeatureError
        For NaN or infinite values, and shapes that do not fit together.
    """
    X, y = checked(X, y)
    train = np.asarray(train)
    if train.ndim != 2 or train.size == 0 or len(validation) != len(train) or not all(len(rows) for rows in validation):
        raise FeatureError(
            f"Training rows of shape {train.shape} and {len(validation)} sets of validation rows; "
            "give every member the same number of training rows and at least one validation row."
        )
    members, n_train = train.shape
    rng = np.random.default_rng(seed)
    centre, scale = X[train].mean(axis=1), X[train].std(axis=1)
    scale[scale == 0] = 1.0

    def scaled(rows):
        return (X[rows] - centre[:, None]) / scale[:, None]

    held, real = trainer.padded(validation)
    weight = real / real.sum(axis=1, keepdims=True)

    def loss(weights, X, y):
        error = torch.abs(forward(network, weights, X, rng, training=True) - y).mean(dim=1)
        return error + kl_divergence(weights) / n_train

    def score(weights, X, y, weight):
        error = forward(network, weights, X, rng, training=False) - y
        rmse = torch.sqrt((weight * error**2).sum(dim=1))
        return torch.stack([rmse, (weight * error.abs()).sum(dim=1) + kl_divergence(weights) / n_train])

    trained = trainer.train(
        initial_weights(network, X.shape[1], members, rng) if start is None else start, loss, (scaled(train), y[train]),
        epochs=epochs, rng=rng, batch=BATCH_SIZE, score=score, held=(scaled(held), y[held], weight), patience=patience,
    )  # fmt: skip
    rmse = trained.score.min(axis=0)
    return Members(network, trained.parameters, centre, scale, trained.best_epoch, trained.epochs, rmse)
