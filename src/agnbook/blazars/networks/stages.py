"""Dense layers, and stages of training them with `agnbook.members`.

Training needs torch; counting parameters and predicting needs numpy alone, so torch is loaded where a stage starts.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from agnbook.blazars.networks.rows import Rows


@dataclass(frozen=True)
class Layer:
    """A dense layer: `units` outputs, ReLU or linear, dropout applied to its *input*."""

    units: int
    activation: str = "relu"
    dropout: float = 0.0


#: 7-42-1 (paper section 3): dropout stands between the hidden layer and the output.
BIAS_INIT = (Layer(42), Layer(1, "linear", dropout=0.5))
#: 7-64-32-1, the layers of Agarwal (2023) that the paper compares with, and of its greedy models.
GREEDY = (Layer(64), Layer(32), Layer(1, "linear"))


def count_parameters(inputs: int, layers) -> int:
    """Number of weights and biases of a stack of dense layers on `inputs` features."""
    sizes = [inputs, *(layer.units for layer in layers)]
    return sum((below + 1) * above for below, above in pairwise(sizes))


def count_flops(inputs: int, layers) -> int:
    """Floating-point operations of one prediction: a product and a sum a weight, as the paper counts."""
    sizes = [inputs, *(layer.units for layer in layers)]
    return sum(2 * below * above for below, above in pairwise(sizes))


def glorot(members: int, inputs: int, layers, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Draw Keras's default start, Glorot-uniform weights (members, in, out) and zero biases (members, 1, out)."""
    from agnbook import members as trainer

    sizes = [inputs, *(layer.units for layer in layers)]
    return [
        (trainer.glorot(members, below, above, rng), np.zeros((members, 1, above), np.float32))
        for below, above in pairwise(sizes)
    ]


def class_bias(rows: Rows) -> np.ndarray:
    """The bias that makes an untrained network answer with the training set's class ratio.

    ln(n_FSRQ / n_BLL) of every member, shape (members,): -0.648 for the paper's split.
    """
    fraction = (rows.w * rows.y).sum(axis=1)
    return np.log(fraction / (1 - fraction))


def forward(parameters, layers, x: np.ndarray) -> np.ndarray:
    """Apply dense layers with a member axis in numpy, dropout off; returns (members, rows, units)."""
    for (weights, bias), layer in zip(parameters, layers, strict=True):
        x = x @ weights + bias
        if layer.activation == "relu":
            x = np.maximum(x, 0)
    return x


@dataclass
class History:
    """One stage of training; a member that has stopped repeats its last values.

    Attributes
    ----------
    parameters : list of (weights, bias)
        At the epoch chosen on the validation rows, or the last one where there was no choice.
    loss, validation_loss : arrays (epochs, members)
        Loss of the training step (dropout on) and of the validation rows after it.
    held_logits : array (epochs, members, held rows)
    best_epoch : int array (members,)
    """

    parameters: list
    loss: np.ndarray
    validation_loss: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    held_logits: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0)))
    best_epoch: np.ndarray = field(default_factory=lambda: np.empty(0, int))


def cross_entropy(logits, labels):
    """Binary cross-entropy of logits, element by element (torch tensors)."""
    import torch

    return torch.nn.functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")


def squared_error(output, target):
    """Squared error averaged over the last axis (torch tensors)."""
    return ((output - target) ** 2).mean(dim=-1)


def apply(parameters, layers, x, rng=None):
    """The torch twin of `forward`; with `rng`, dropout is on."""
    import torch

    from agnbook import members

    for (weights, bias), layer in zip(parameters, layers, strict=True):
        if rng is not None and layer.dropout:
            x = members.dropout(x, layer.dropout, rng)
        x = members.dense(x, weights, bias)
        if layer.activation == "relu":
            x = torch.relu(x)
    return x


def as_pairs(parameters: dict) -> list:
    """Weights and biases of a dict of arrays in turn, as a list of (weights, bias)."""
    values = list(parameters.values())
    return list(zip(values[::2], values[1::2], strict=True))


def as_dict(pairs) -> dict:
    """The inverse of `as_pairs`."""
    return dict(enumerate(array for pair in pairs for array in pair))


def train_stage(
    x: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray,
    layers,
    *,
    epochs: int,
    rng: np.random.Generator,
    loss: Callable = cross_entropy,
    output_bias: np.ndarray | None = None,
    start: list | None = None,
    held: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    patience: int | None = None,
) -> History:
    """Train every member for up to `epochs` full-batch Adam steps.

    Parameters
    ----------
    x : array (members, rows, features)
    target : array (members, rows), or (members, rows, outputs) for `squared_error`
    weight : array (members, rows), each row sums to 1
    output_bias : array (members,), start value of the last bias.
    start : initial weights; drawn by `glorot` from `rng` if None.
    held : (x, y, validation weight), optional
        Rows to watch after every epoch, validation rows first. With them, the parameters of the epoch
        with the lowest validation loss are returned, and a member stops when it has not improved for
        `patience` epochs.

    Notes
    -----
    The batch of the authors' notebooks (2048) exceeds their 1604 training rows: one step an epoch.
    """
    import torch

    from agnbook import members

    start = start or glorot(len(x), x.shape[-1], layers, rng)
    if output_bias is not None:
        start = [*start[:-1], (start[-1][0], np.asarray(output_bias, np.float32)[:, None, None])]

    def training_loss(parameters, x, target, weight):
        output = apply(as_pairs(parameters), layers, x, rng)
        return (loss(output if output.ndim == target.ndim else output[..., 0], target) * weight).sum(dim=1)

    def validation_loss(parameters, x, y, weight):
        return (cross_entropy(apply(as_pairs(parameters), layers, x)[..., 0], y) * weight).sum(dim=1)

    if held is None:
        trained = members.train(as_dict(start), training_loss, (x, target, weight), epochs=epochs, rng=rng)
        return History(as_pairs(trained.parameters), trained.loss)
    held_x, held_y, validation_weight = held
    logits = []

    def keep_logits(epoch, running, parameters):
        now = logits[-1].copy() if logits else np.empty(held_y.shape, np.float32)
        now[running] = apply(as_pairs(parameters), layers, torch.from_numpy(held_x[running]))[..., 0]
        logits.append(now)

    validating = slice(0, int(np.flatnonzero(validation_weight.any(axis=0)).max()) + 1)
    trained = members.train(
        as_dict(start), training_loss, (x, target, weight), epochs=epochs, rng=rng, patience=patience, watch=keep_logits,
        score=validation_loss, held=[array[:, validating] for array in held],
    )  # fmt: skip
    return History(as_pairs(trained.parameters), trained.loss, trained.score, np.array(logits), trained.best_epoch)
