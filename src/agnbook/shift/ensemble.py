"""Train many small networks at once: one batched matrix product a layer for all splits together.

The network of paper 2, appendix C: 10 - 20 - 10 - 6, tanh, softmax, L2 penalty .001 on the kernels,
Adam with rate .001, batches of 200, 500 epochs. The 51 splits differ only in their rows, so every
array gets a leading axis "network" and one step trains all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from agnbook.errors import FeatureError
from agnbook.shift.forest import check_weights

HIDDEN, EPOCHS, BATCH, RATE, L2 = (20, 10), 500, 200, 1e-3, 1e-3


def glorot(n_networks: int, sizes: tuple[int, ...], rng: np.random.Generator) -> list[np.ndarray]:
    """Return Keras' default start: kernels uniform within sqrt(6 / (in + out)), biases zero.

    The list alternates kernels, shape (n_networks, in, out), and biases, shape (n_networks, 1, out).
    """
    layers = []
    for n_in, n_out in pairwise(sizes):
        limit = np.sqrt(6 / (n_in + n_out))
        layers += [rng.uniform(-limit, limit, (n_networks, n_in, n_out)), np.zeros((n_networks, 1, n_out))]
    return [layer.astype(np.float32) for layer in layers]


@dataclass(frozen=True)
class Networks:
    """Trained networks with the standardisation of their own training rows.

    Attributes
    ----------
    layers : kernels (n_networks, in, out) and biases (n_networks, 1, out) in turn.
    mean, scale : arrays, shape (n_networks, 1, features)
    """

    layers: list[np.ndarray]
    mean: np.ndarray
    scale: np.ndarray

    def predict_proba(self, X) -> np.ndarray:
        """Return probabilities of every network, shape (n_networks, n, classes)."""
        hidden = torch.from_numpy(((np.asarray(X, float)[None] - self.mean) / self.scale).astype(np.float32))
        layers = [torch.from_numpy(layer) for layer in self.layers]
        for kernel, bias in zip(layers[:-2:2], layers[1:-2:2], strict=True):
            hidden = torch.tanh_(torch.baddbmm(bias, hidden, kernel))
        return torch.softmax(torch.baddbmm(layers[-1], hidden, layers[-2]), dim=2).numpy()


def _standardisation(X, rows, standardise):
    if not standardise:
        return np.zeros((len(rows), 1, X.shape[1])), np.ones((len(rows), 1, X.shape[1]))
    scale = np.stack([X[row].std(axis=0) for row in rows])[:, None]
    return np.stack([X[row].mean(axis=0) for row in rows])[:, None], np.where(scale > 0, scale, 1.0)


def train_networks(
    X,
    y,
    rows,
    sample_weight=None,
    *,
    rng: np.random.Generator,
    n_classes: int | None = None,
    epochs: int = EPOCHS,
    batch: int = BATCH,
    hidden: tuple[int, ...] = HIDDEN,
    rate: float = RATE,
    l2: float = L2,
    standardise: bool = True,
    start: list[np.ndarray] | None = None,
    shuffle: bool = True,
    watch: Callable[[int, Networks], None] | None = None,
) -> Networks:
    """Train one network for each row of `rows`, all in the same matrix products.

    Parameters
    ----------
    X : array, shape (n, features)
    y : int array, shape (n,), class numbers from 0
    rows : int array, shape (n_networks, n_train)
        The training rows of each network; all networks have equally many.
    sample_weight : array, shape (n,), optional
        Factors of the cross-entropy; a batch's loss is their weighted sum over the number of
        sources in the batch, as Keras has it.
    standardise : bool
        Shift and scale the features by each network's own training rows.
    start : layers as `glorot` makes them, optional
    shuffle : whether each network draws a new order of its rows every epoch.
    watch : called as ``watch(epoch, networks)`` after every epoch, counted from 1.

    Raises
    ------
    FeatureError
        For rows of unequal length, an empty class in a training part, or unusable weights.
    """
    X, y, rows = np.asarray(X, float), np.asarray(y, int), np.asarray(rows)
    if rows.ndim != 2:
        raise FeatureError("Every network needs equally many training rows: give an array of shape (networks, rows).")
    n_networks, n_train = rows.shape
    n_classes = n_classes or int(y.max()) + 1
    weight = np.ones(len(X)) if sample_weight is None else check_weights(sample_weight, len(X))
    require_all_classes(y, rows, n_classes)
    mean, scale = _standardisation(X, rows, standardise)
    inputs = torch.from_numpy(((X[rows] - mean) / scale).astype(np.float32))
    target = torch.from_numpy(np.eye(n_classes, dtype=np.float32)[y[rows]])
    weights = torch.from_numpy(weight[rows].astype(np.float32))[:, :, None]
    sizes = (X.shape[1], *hidden, n_classes)
    layers = [torch.from_numpy(layer.copy()) for layer in (glorot(n_networks, sizes, rng) if start is None else start)]
    flat, views = _flatten(layers)
    gradient, gradients = _flatten([torch.zeros_like(layer) for layer in layers])
    decay = torch.cat([torch.full((layer[0].numel(),), 2 * l2 * (i % 2 == 0)) for i, layer in enumerate(layers)])
    first, second, step = torch.zeros_like(flat), torch.zeros_like(flat), 0
    networks = torch.arange(n_networks)[:, None]
    for epoch in range(1, epochs + 1):
        shuffled = (inputs, target, weights)
        if shuffle:
            order = torch.from_numpy(rng.random((n_networks, n_train), dtype=np.float32).argsort(axis=1))
            shuffled = tuple(array[networks, order] for array in shuffled)
        for begin in range(0, n_train, batch):
            x, onehot, w = (array[:, begin : begin + batch] for array in shuffled)
            _backpropagate(x, onehot, w, views, gradients)
            gradient.add_(decay * flat)
            step += 1
            first.lerp_(gradient, 0.1)
            second.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
            size = rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            flat.addcdiv_(first, second.sqrt().add_(1e-7), value=-size)
        if watch:
            watch(epoch, Networks([view.numpy().copy() for view in views], mean, scale))
    return Networks([view.numpy().copy() for view in views], mean, scale)


def _flatten(layers):
    """One tensor (networks, parameters), so that Adam is four operations, and its views by layer."""
    flat = torch.cat([layer.reshape(len(layer), -1) for layer in layers], dim=1)
    bounds = np.cumsum([0, *(layer[0].numel() for layer in layers)])
    return flat, [flat[:, a:b].view(layer.shape) for a, b, layer in zip(bounds[:-1], bounds[1:], layers, strict=True)]


def _backpropagate(x, onehot, w, layers, gradients):
    """Fill `gradients` with those of the mean weighted cross-entropy of each network."""
    activations = [x]
    for kernel, bias in zip(layers[:-2:2], layers[1:-2:2], strict=True):
        activations.append(torch.tanh_(torch.baddbmm(bias, activations[-1], kernel)))
    delta = torch.softmax(torch.baddbmm(layers[-1], activations[-1], layers[-2]), dim=2)
    delta.sub_(onehot).mul_(w / x.shape[1])
    for number in range(len(activations) - 1, -1, -1):
        active = activations[number]
        gradients[2 * number].copy_(torch.bmm(active.transpose(1, 2), delta))
        gradients[2 * number + 1].copy_(delta.sum(dim=1, keepdim=True))
        if number:
            delta = torch.bmm(delta, layers[2 * number].transpose(1, 2)).mul_(1 - active * active)


def require_all_classes(y, rows, n_classes: int) -> None:
    """Raise a `FeatureError` that names the classes without a source in some training part."""
    absent = {
        int(c): i for i, part in enumerate(rows) for c in set(range(n_classes)) - set(np.unique(np.asarray(y)[part]).tolist())
    }
    if absent:
        text = ", ".join(f"class {c} (split {i})" for c, i in sorted(absent.items()))
        raise FeatureError(f"No training source of {text}; use more sources, fewer classes or stratified splits.")


def keras_network(n_features: int, n_classes: int, hidden=HIDDEN, rate: float = RATE, l2: float = L2):
    """The same network as a compiled `tf_keras` model, one at a time: the paper's own way."""
    from agnbook.chapter.tensorflow import import_tensorflow

    _, keras, _ = import_tensorflow()
    penalty = keras.regularizers.l2(l2)
    model = keras.Sequential([keras.Input((n_features,))])
    for width in hidden:
        model.add(keras.layers.Dense(width, activation="tanh", kernel_regularizer=penalty))
    model.add(keras.layers.Dense(n_classes, activation="softmax", kernel_regularizer=penalty))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return model
