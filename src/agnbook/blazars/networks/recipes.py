"""The five networks of paper 1: recipes that chain stages of training."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from agnbook.blazars.networks.rows import Rows
from agnbook.blazars.networks.stages import (
    BIAS_INIT,
    GREEDY,
    History,
    Layer,
    apply,
    as_dict,
    as_pairs,
    class_bias,
    cross_entropy,
    forward,
    glorot,
    squared_error,
    train_stage,
)  # fmt: skip


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

    from agnbook import members

    start = glorot(len(first), first.shape[-1], (shared,), rng) + glorot(len(first), 2 * shared.units, (joint,), rng)

    def loss(parameters, first, second, alike, weight):
        shared_pair, joint_pair = as_pairs(parameters)
        codes = [apply([shared_pair], (shared,), one) for one in (first, second)]
        logits = apply([joint_pair], (joint,), torch.cat(codes, dim=-1))[..., 0]
        return (cross_entropy(logits, alike) * weight).sum(dim=1)

    trained = members.train(as_dict(start), loss, (first, second, alike, weight), epochs=epochs, rng=rng)
    return History(as_pairs(trained.parameters), trained.loss)


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
