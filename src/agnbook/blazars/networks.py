"""The five networks of paper 1, trained for every fold, repeat and seed at once.

A *member* is one network: one draw of rows and of initial weights. All members of a model train
together: every array has a leading member axis, one step is one batched matrix product, and the
loss is the sum of the members' mean losses, so that no member feels another. Adam works element by
element, hence the result is that of training the members one by one.

Training needs torch; counting parameters and predicting (`BlazarNetwork`) needs numpy alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from agnbook.errors import FeatureError

LEARNING_RATE = 1e-3
#: Keras's default; torch's 1e-8 would make the two differ.
ADAM_EPSILON = 1e-7


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


@dataclass(frozen=True)
class Rows:
    """What every member trains on, chooses its epoch by, and is tested on.

    Attributes
    ----------
    x, y, w : float32 arrays (members, rows, 7), (members, rows), (members, rows)
        Training rows, standardised member by member; `w` is 0 in padding and sums to 1.
    held_x : float32 array (members, held rows, 7)
        Validation rows, then test rows.
    held_y, validation_w, test_w : float32 arrays (members, held rows)
        Labels; weights that sum to 1 over validation and test rows.
    test_rows : int array (members, held rows)
        Row of the source table for test rows, -1 elsewhere.
    mean, scale : arrays (members, 7)
        Each member's scaler.
    """

    x: np.ndarray
    y: np.ndarray
    w: np.ndarray
    held_x: np.ndarray
    held_y: np.ndarray
    validation_w: np.ndarray
    test_w: np.ndarray
    test_rows: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    def __len__(self) -> int:
        return len(self.x)


def _padded(rows: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Stack index arrays of unequal length; return indices and a mask of the real ones."""
    longest = max(len(one) for one in rows)
    index = np.array([np.pad(one, (0, longest - len(one))) for one in rows])
    return index, np.arange(longest) < np.array([len(one) for one in rows])[:, None]


def gather(X, y, splits) -> Rows:
    """Collect the rows of every member.

    Parameters
    ----------
    X : array, shape (n, n_features)
    y : array of 0 / 1, shape (n,)
    splits : sequence of (train, validation, test) index arrays
        One a member; a row may be repeated (bootstrap) and test may be empty.

    Raises
    ------
    FeatureError
        For values that are not finite, and for labels other than 0 and 1 among the rows used.
    """
    X, y = np.asarray(X, float), np.asarray(y, float)
    used = np.unique(np.concatenate([np.concatenate(split).astype(int) for split in splits]))
    if not np.isfinite(X[used]).all() or not np.isin(y[used], (0, 1)).all():
        raise FeatureError("Training needs finite features and labels 0 (BL Lac) or 1 (FSRQ); drop the other rows.")
    train, train_mask = _padded([np.asarray(split[0], int) for split in splits])
    held, held_mask = _padded([np.concatenate(split[1:]).astype(int) for split in splits])
    n_validation = np.array([len(split[1]) for split in splits])[:, None]
    is_validation = np.arange(held.shape[1]) < n_validation
    is_test = held_mask & ~is_validation
    # padding repeats row 0, so means and deviations are weighted
    weight = train_mask / train_mask.sum(axis=1, keepdims=True)
    mean = np.einsum("mr,mrf->mf", weight, X[train])
    scale = np.sqrt(np.einsum("mr,mrf->mf", weight, (X[train] - mean[:, None]) ** 2))
    scale = np.where(scale > 0, scale, 1.0)
    as32 = lambda values: np.ascontiguousarray(values, dtype=np.float32)  # noqa: E731
    return Rows(
        x=as32((X[train] - mean[:, None]) / scale[:, None]),
        y=as32(np.where(train_mask, y[train], 0)),
        w=as32(weight),
        held_x=as32((X[held] - mean[:, None]) / scale[:, None]),
        held_y=as32(np.where(held_mask, y[held], 0)),
        validation_w=as32(is_validation / np.maximum(is_validation.sum(axis=1, keepdims=True), 1)),
        test_w=as32(is_test / np.maximum(is_test.sum(axis=1, keepdims=True), 1)),
        test_rows=np.where(is_test, held, -1),
        mean=mean,
        scale=scale,
    )


def validated_splits(trainings, y, tests=None, seed: int = 0, fraction: float = 1 / 9):
    """Set a stratified validation part of every training set aside.

    Parameters
    ----------
    trainings : sequence of index arrays
        A bootstrap may repeat a row: all its copies go to one side.
    tests : sequence of index arrays, optional
    fraction : part of the distinct rows that validates; 1/9 of nine folds makes 80 / 10 / 10 %.

    Returns
    -------
    list of (train, validation, test) index arrays
    """
    splits = []
    for number, rows in enumerate(trainings):
        rng = np.random.default_rng((seed, number))
        distinct = np.unique(rows)
        chosen = [distinct[np.asarray(y)[distinct] == value] for value in (0, 1)]
        chosen = np.concatenate([rng.permutation(part)[: max(1, round(fraction * len(part)))] for part in chosen])
        validates = np.isin(rows, chosen)
        test = np.empty(0, int) if tests is None else tests[number]
        splits.append((np.asarray(rows)[~validates], np.sort(chosen), test))
    return splits


def glorot(members: int, inputs: int, layers, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Draw Keras's default start, Glorot-uniform weights (members, in, out) and zero biases (members, 1, out)."""
    start = []
    for layer in layers:
        limit = np.sqrt(6 / (inputs + layer.units))
        weights = rng.uniform(-limit, limit, (members, inputs, layer.units)).astype(np.float32)
        start.append((weights, np.zeros((members, 1, layer.units), np.float32)))
        inputs = layer.units
    return start


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
    """One stage of training.

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


def _apply(parameters, layers, x, rng=None):
    """The torch twin of `forward`; with `rng`, dropout is on."""
    import torch

    for (weights, bias), layer in zip(parameters, layers, strict=True):
        if rng is not None and layer.dropout:
            # one random byte an element is quicker than a float, and 0.5 = 128 / 256 exactly
            byte = torch.from_numpy(rng.integers(0, 256, tuple(x.shape), dtype=np.uint8))
            x = x * ((byte >= round(256 * layer.dropout)) * np.float32(1 / (1 - layer.dropout)))
        x = torch.baddbmm(bias, x, weights)
        if layer.activation == "relu":
            x = torch.relu(x)
    return x


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
        Rows to watch after every epoch. With them, the parameters of the epoch with the lowest
        validation loss are returned, and training stops when no member has improved for
        `patience` epochs.

    Notes
    -----
    The batch of the authors' notebooks (2048) exceeds their 1604 training rows: one step an epoch.
    """
    import torch

    members = len(x)
    start = start or glorot(members, x.shape[-1], layers, rng)
    parameters = [tuple(torch.tensor(array) for array in pair) for pair in start]
    if output_bias is not None:
        parameters[-1][1][:, 0, 0] = torch.tensor(np.asarray(output_bias, np.float32))
    tensors = [tensor.requires_grad_() for pair in parameters for tensor in pair]
    x, target, weight = (torch.tensor(array) for array in (x, target, weight))
    optimizer = torch.optim.Adam(tensors, lr=LEARNING_RATE, eps=ADAM_EPSILON)
    losses, validation, logits = [], [], []
    if held is not None:
        held_x, held_y, validation_w = (torch.tensor(array) for array in held)
        best, best_epoch = torch.full((members,), torch.inf), torch.zeros(members, dtype=torch.int64)
        kept = [tensor.detach().clone() for tensor in tensors]
    for epoch in range(epochs):
        output = _apply(parameters, layers, x, rng)
        if output.ndim > target.ndim:
            output = output[..., 0]
        each = (loss(output, target) * weight).sum(dim=1)
        optimizer.zero_grad(set_to_none=True)
        each.sum().backward()
        optimizer.step()
        losses.append(each.detach().numpy().copy())
        if held is None:
            continue
        with torch.no_grad():
            held_logits = _apply(parameters, layers, held_x)[..., 0]
            now = (cross_entropy(held_logits, held_y) * validation_w).sum(dim=1)
            better = now < best
            best, best_epoch = torch.where(better, now, best), torch.where(better, epoch, best_epoch)
            if better.any():
                kept = [torch.where(better[:, None, None], tensor, old) for tensor, old in zip(tensors, kept, strict=True)]
        validation.append(now.numpy())
        logits.append(held_logits.numpy())
        if patience is not None and epoch - int(best_epoch.max()) >= patience:
            break
    final = [tensor.detach().numpy().copy() for tensor in (kept if held is not None else tensors)]
    history = History(list(zip(final[::2], final[1::2], strict=True)), np.array(losses))
    if held is not None:
        history.validation_loss, history.held_logits = np.array(validation), np.array(logits)
        history.best_epoch = best_epoch.numpy()
    return history


@dataclass
class Trained:
    """A trained model: all members, all stages.

    Attributes
    ----------
    layers : the layers a prediction runs through, 7 features to 1 logit.
    parameters : list of (weights, bias), at each member's validation-best epoch.
    stages : dict of name -> History
        The last one is the classifier's.
    rows : Rows
    """

    layers: tuple[Layer, ...]
    parameters: list
    stages: dict[str, History]
    rows: Rows

    @property
    def head(self) -> History:
        """History of the stage that ends in the classifier."""
        return next(reversed(self.stages.values()))

    def predict(self, X, members=slice(None)) -> np.ndarray:
        """Probability of FSRQ for features (n, 7) by the members of a slice, shape (members, n)."""
        x = ((np.asarray(X, float) - self.rows.mean[members, None]) / self.rows.scale[members, None]).astype(np.float32)
        parameters = [(weights[members], bias[members]) for weights, bias in self.parameters]
        return sigmoid(forward(parameters, self.layers, x)[..., 0])

    def test_probability(self, n: int, groups, epochs=None) -> np.ndarray:
        """Collect test-row probabilities into out-of-fold tables.

        Parameters
        ----------
        n : number of sources.
        groups : int array (members,)
            The repeat that each member belongs to.
        epochs : int array (members,), optional
            Epoch to read; the validation-best one by default.

        Returns
        -------
        numpy.ndarray, shape (n_groups, n)
            NaN where no member of the group was tested.
        """
        groups = np.asarray(groups)
        epochs = self.head.best_epoch if epochs is None else epochs
        table = np.full((groups.max() + 1, n), np.nan)
        for member, (group, epoch) in enumerate(zip(groups, epochs, strict=True)):
            test = self.rows.test_rows[member] >= 0
            table[group, self.rows.test_rows[member, test]] = sigmoid(self.head.held_logits[epoch, member, test])
        return table


def sigmoid(logits) -> np.ndarray:
    """Logistic function in double precision."""
    return 1 / (1 + np.exp(-np.asarray(logits, float)))


def _held(rows: Rows, codes: np.ndarray | None = None):
    return (rows.held_x if codes is None else codes), rows.held_y, rows.validation_w


def bias_init(
    rows: Rows, rng: np.random.Generator, *, epochs: int = 800, patience: int = 300, bias: bool = True, layers=BIAS_INIT
) -> Trained:
    """The paper's deployed network, 7-42-1: the output starts at the class ratio (`bias`)."""
    head = train_stage(
        rows.x, rows.y, rows.w, layers, epochs=epochs, rng=rng, held=_held(rows), patience=patience,
        output_bias=class_bias(rows) if bias else None,
    )  # fmt: skip
    return Trained(layers, head.parameters, {"classifier": head}, rows)


def supervised_greedy(
    rows: Rows, rng: np.random.Generator, *, pretext_epochs: int = 300, epochs: int = 300, patience: int | None = None
) -> Trained:
    """Supervised greedy pretraining: train 64, freeze it, add and train 32, freeze it, train a new head."""
    wide = train_stage(rows.x, rows.y, rows.w, (GREEDY[0], Layer(1, "linear", 0.5)), epochs=pretext_epochs, rng=rng)
    codes = forward(wide.parameters[:1], GREEDY[:1], rows.x)
    deep = train_stage(
        codes, rows.y, rows.w, (Layer(32, dropout=0.5), Layer(1, "linear", 0.5)), epochs=pretext_epochs, rng=rng
    )  # fmt: skip
    return _frozen_head(rows, rng, {"64 units": wide, "32 units": deep}, epochs, patience)


def unsupervised_greedy(
    rows: Rows, rng: np.random.Generator, *, pretext_epochs: int = 500, epochs: int = 1000, patience: int | None = None
) -> Trained:
    """Unsupervised greedy pretraining: 7-64-7, then 64-32-7 on the frozen 64, then a head on the frozen 32."""
    wide = train_stage(
        rows.x, rows.x, rows.w, (GREEDY[0], Layer(7, "linear")), epochs=pretext_epochs, rng=rng, loss=squared_error
    )  # fmt: skip
    codes = forward(wide.parameters[:1], GREEDY[:1], rows.x)
    deep = train_stage(
        codes, rows.x, rows.w, (GREEDY[1], Layer(7, "linear")), epochs=pretext_epochs, rng=rng, loss=squared_error
    )  # fmt: skip
    return _frozen_head(rows, rng, {"7-64-7": wide, "64-32-7": deep}, epochs, patience)


def autoencoder(
    rows: Rows, rng: np.random.Generator, *, pretext_epochs: int = 300, epochs: int = 1000, patience: int | None = None
) -> Trained:
    """Self-supervised pretext 7-64-32-64-7 (squared error), then a head on the frozen 32 codes."""
    layers = (*GREEDY[:2], Layer(64), Layer(7, "linear"))
    pretext = train_stage(rows.x, rows.x, rows.w, layers, epochs=pretext_epochs, rng=rng, loss=squared_error)
    return _frozen_head(rows, rng, {"7-64-32-64-7": pretext}, epochs, patience, encoder=pretext.parameters[:2])


def contrastive(
    rows: Rows,
    rng: np.random.Generator,
    *,
    pretext_epochs: int = 100,
    epochs: int = 1500,
    patience: int | None = None,
    labels: bool = True,
    jitter: float = 0.3,
) -> Trained:
    """Contrastive pretext: are two sources alike? One shared layer of 64, a sigmoid on both codes side by side.

    With `labels`, "alike" means "of one class", as in the paper, so the pretext is supervised.
    Without, it means "the same source, each feature shifted by `jitter` standard deviations".
    """
    first, second, alike, weight = make_pairs(rows, rng, labels=labels, jitter=jitter)
    shared, joint = Layer(64), Layer(1, "linear")
    # one shared layer on both sources is a block-diagonal layer; stacking them along the rows keeps it shared
    pretext = _train_pairs(first, second, alike, weight, shared, joint, pretext_epochs, rng)
    return _frozen_head(rows, rng, {"pairs": pretext}, epochs, patience, encoder=pretext.parameters[:1], layers=(shared,))


def make_pairs(rows: Rows, rng: np.random.Generator, labels: bool = True, jitter: float = 0.3):
    """Pair each training row with one that is alike and one that is not.

    Returns
    -------
    tuple of float32 arrays
        first, second (members, 2 rows, 7), alike (members, 2 rows), weight (members, 2 rows).
    """
    members, n, _ = rows.x.shape
    partner = np.empty((2, members, n), int)
    for member in range(members):
        real = np.flatnonzero(rows.w[member] > 0)
        if labels:
            groups = [real[rows.y[member, real] == value] for value in (0, 1)]
            own = rows.y[member].astype(int)
            for which, wanted in enumerate((own, 1 - own)):
                for value in (0, 1):
                    at = np.flatnonzero(wanted == value)
                    partner[which, member, at] = rng.choice(groups[value], len(at))
        else:
            partner[0, member], partner[1, member] = np.arange(n), rng.choice(real, n)
    index = np.arange(members)[:, None]
    second = np.concatenate([rows.x[index, partner[0]], rows.x[index, partner[1]]], axis=1)
    if not labels:
        second = second + jitter * rng.standard_normal(second.shape, dtype=np.float32)
    alike = np.concatenate([np.ones((members, n)), np.zeros((members, n))], axis=1).astype(np.float32)
    return np.concatenate([rows.x, rows.x], axis=1), second, alike, np.concatenate([rows.w, rows.w], axis=1) / 2


def _train_pairs(first, second, alike, weight, shared: Layer, joint: Layer, epochs: int, rng) -> History:
    import torch

    members, _, inputs = first.shape
    shared_start = glorot(members, inputs, (shared,), rng)
    joint_start = glorot(members, 2 * shared.units, (joint,), rng)
    parameters = [tuple(torch.tensor(array).requires_grad_() for array in pair) for pair in (*shared_start, *joint_start)]
    first, second, alike, weight = (torch.tensor(array) for array in (first, second, alike, weight))
    optimizer = torch.optim.Adam([tensor for pair in parameters for tensor in pair], lr=LEARNING_RATE, eps=ADAM_EPSILON)
    losses = []
    for _ in range(epochs):
        codes = [_apply(parameters[:1], (shared,), one) for one in (first, second)]
        logits = _apply(parameters[1:], (joint,), torch.cat(codes, dim=-1))[..., 0]
        each = (cross_entropy(logits, alike) * weight).sum(dim=1)
        optimizer.zero_grad(set_to_none=True)
        each.sum().backward()
        optimizer.step()
        losses.append(each.detach().numpy().copy())
    return History([tuple(tensor.detach().numpy() for tensor in pair) for pair in parameters], np.array(losses))


def _frozen_head(rows: Rows, rng, stages: dict, epochs: int, patience, encoder=None, layers=GREEDY[:2]) -> Trained:
    """Train a new sigmoid on codes that no longer change."""
    encoder = encoder if encoder is not None else [stage.parameters[0] for stage in stages.values()]
    head_layer = (Layer(1, "linear"),)
    head = train_stage(
        forward(encoder, layers, rows.x), rows.y, rows.w, head_layer, epochs=epochs, rng=rng, patience=patience,
        held=_held(rows, forward(encoder, layers, rows.held_x)),
    )  # fmt: skip
    return Trained((*layers, *head_layer), [*encoder, *head.parameters], {**stages, "classifier": head}, rows)


#: The rows of the paper's Table 2, in its order.
MODELS: dict[str, Callable[..., Trained]] = {
    "bias_init": bias_init,
    "supervised_greedy": supervised_greedy,
    "unsupervised_greedy": unsupervised_greedy,
    "autoencoder": autoencoder,
    "contrastive": contrastive,
}
