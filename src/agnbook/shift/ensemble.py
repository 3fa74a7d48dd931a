"""The networks of paper 2, appendix C, one a split, all trained at once (`agnbook.members`).

10 - 20 - 10 - 6 units, tanh, softmax, L2 penalty .001 on the kernels, Adam with rate .001, batches of
200, 500 epochs. `keras_network` is the same network the paper's way, one at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from agnbook import members
from agnbook.errors import FeatureError
from agnbook.shift.forest import check_weights

HIDDEN, EPOCHS, BATCH, RATE, L2 = (20, 10), 500, 200, 1e-3, 1e-3


def glorot(n_networks: int, sizes: tuple[int, ...], rng: np.random.Generator) -> list[np.ndarray]:
    """Return Keras' default start: kernels uniform within sqrt(6 / (in + out)), biases zero.

    The list alternates kernels, shape (n_networks, in, out), and biases, shape (n_networks, 1, out).
    """
    kernels = [members.glorot(n_networks, n_in, n_out, rng) for n_in, n_out in pairwise(sizes)]
    biases = [np.zeros((n_networks, 1, width), np.float32) for width in sizes[1:]]
    return [layer for pair in zip(kernels, biases, strict=True) for layer in pair]


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
        x = torch.from_numpy(((np.asarray(X, float)[None] - self.mean) / self.scale).astype(np.float32))
        logits = _passes([torch.from_numpy(layer) for layer in self.layers], x)[-1]
        return torch.softmax(logits, dim=1).transpose(1, 2).numpy()


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
    n_networks = len(rows)
    n_classes = n_classes or int(y.max()) + 1
    weight = np.ones(len(X)) if sample_weight is None else check_weights(sample_weight, len(X))
    require_all_classes(y, rows, n_classes)
    mean, scale = _standardisation(X, rows, standardise)
    layers = glorot(n_networks, (X.shape[1], *hidden, n_classes), rng) if start is None else start

    def loss(layers, x, y, weight):
        return _Loss.apply(x, y, weight, l2, *layers.values())

    def show(epoch, running, layers):
        watch(epoch + 1, Networks([layer.numpy().copy() for layer in layers.values()], mean, scale))

    trained = members.train(
        dict(enumerate(layers)), loss, ((X[rows] - mean) / scale, y[rows], weight[rows]), epochs=epochs, rng=rng, batch=batch,
        shuffle=shuffle, rate=rate, watch=show if watch else None,
    )  # fmt: skip
    return Networks(list(trained.parameters.values()), mean, scale)


def _passes(layers, x) -> list:
    """Inputs of every layer and the logits, each of shape (n_networks, width, n), for x of shape (n_networks, n, features).

    Sources stand last throughout: products and softmax over long rows take two thirds of the time.
    """
    passed = [x.transpose(1, 2)]
    for kernel, bias in zip(layers[::2], layers[1::2], strict=True):
        if len(passed) > 1:
            # tanh z = 2 / (1 + exp(-2 z)) - 1: torch's own takes ten times as long
            passed[-1] = passed[-1].mul_(2).sigmoid_().mul_(2).sub_(1)
        passed.append(torch.baddbmm(bias.transpose(1, 2), kernel.transpose(1, 2), passed[-1]))
    return passed


class _Loss(torch.autograd.Function):
    """Weighted cross-entropy of each network plus its penalty, shape (n_networks,), with the gradient written out.

    Back-propagation through dense tanh layers is one product a layer; automatic differentiation takes twice as long.
    """

    @staticmethod
    def forward(context, x, y, weight, l2, *layers):
        layers = [layer.detach() for layer in layers]
        *inputs, logits = _passes(layers, x)
        log_p = torch.log_softmax(logits, dim=1)
        surprise = -log_p.gather(1, y[:, None])[:, 0] * weight
        loss = surprise.mean(dim=1) + l2 * sum(kernel.square().sum(dim=(1, 2)) for kernel in layers[::2])
        # d loss / d logits: probability minus one for the true class
        slope = log_p.exp_().scatter_add_(1, y[:, None], log_p.new_full((1, 1, 1), -1).expand(len(y), 1, y.shape[1]))
        slope *= (weight / y.shape[1])[:, None]
        gradients = []
        for below, kernel in zip(reversed(inputs), reversed(layers[::2]), strict=True):
            gradients += [slope.sum(dim=2)[:, None], torch.baddbmm(kernel, below, slope.transpose(1, 2), beta=2 * l2)]
            if len(gradients) < len(layers):
                slope = torch.ops.aten.tanh_backward(torch.bmm(kernel, slope), below)
        context.save_for_backward(*reversed(gradients))
        return loss

    @staticmethod
    def backward(context, factor):
        return None, None, None, None, *(factor[:, None, None] * gradient for gradient in context.saved_tensors)


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
