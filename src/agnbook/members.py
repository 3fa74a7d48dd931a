"""Train many small networks at once.

A *member* is one network: its own start, its own rows, perhaps its own seed or fold. All members of a
call share a design, so every array gets a leading member axis and one batched matrix product serves
them all. The members' losses are added up; since no weight is shared, the gradient of the sum is each
member's own, and Adam works element by element: the result is that of training them one by one.

Members whose rows differ in number are `padded`, and weights leave the padding out of the loss.

A design is a plain function of `parameters` (a dict of tensors, shape (members, ...)) and of the rows
(tensors, shape (members, rows, ...)) that returns one loss a member::

    def loss(parameters, x, y):
        hidden = torch.relu(members.dense(x, parameters["kernel"], parameters["bias"]))
        ...
        return torch.abs(prediction - y).mean(dim=1)

    trained = members.train(start, loss, (x, y), epochs=100, batch=256, rng=rng)

`dense`, `dropout`, `flipout` and `reparameterized` are the layers, `divergence` is the price of a
variational one. A frozen layer is one that is not among the parameters: put its output into the rows.
"""

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from agnbook import extras

extras.require("torch")

import torch  # noqa: E402

#: Adam's step size, and Keras's default for the small number in its denominator.
LEARNING_RATE, EPSILON = 1e-3, 1e-7
#: Keeps the standard deviation of a variational weight above 0, as TensorFlow Probability does.
SCALE_FLOOR = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Trained:
    """What `train` returns.

    Attributes
    ----------
    parameters : dict of numpy.ndarray, shape (members, ...)
        Of each member's best epoch; of its last one where nothing was validated.
    loss, score : numpy.ndarray, shape (epochs, members)
        Mean training loss of an epoch, and the validation score after it (empty without validation).
        A member that has stopped repeats its last values.
    best_epoch, epochs : numpy.ndarray of int, shape (members,)
        Epoch (from 0) of the parameters, and number of epochs trained.
    """

    parameters: dict
    loss: np.ndarray
    score: np.ndarray
    best_epoch: np.ndarray
    epochs: np.ndarray


def train(
    start: dict,
    loss: Callable,
    rows: Sequence,
    *,
    epochs: int,
    rng: np.random.Generator,
    batch: int | None = None,
    shuffle: bool = True,
    score: Callable | None = None,
    held: Sequence = (),
    patience: int | None = None,
    watch: Callable | None = None,
    rate: float = LEARNING_RATE,
    schedule: Callable[[int], float] | None = None,
    weight_decay: float = 0.0,
    clip: float | None = None,
) -> Trained:
    """Train every member with Adam.

    Parameters
    ----------
    start : dict of arrays, shape (members, ...)
        Initial parameters.
    loss : callable
        ``loss(parameters, *rows)`` returns a tensor, shape (members,). It draws what it needs (dropout,
        weights) from a generator of its own.
    rows : arrays, each of shape (members, rows, ...)
        What each member trains on.
    batch : rows of a step; all of them by default. The last batch of an epoch may be smaller.
    shuffle : whether each member's rows are put in a new order every epoch, if there is a `batch`.
    score, held : callable and arrays, shape (members, held rows, ...)
        ``score(parameters, *held)`` after every epoch chooses the epoch that is kept, the lowest one.
        Shape (members,), or (2, members): the first chooses, the second stops.
    patience : epochs without a lower score after which a member stops. It drops out of the computation.
    watch : called as ``watch(epoch, running, parameters)`` after every epoch (from 0), without gradients.
        `running` are the numbers of the members that still train, `parameters` theirs.
    rate, weight_decay : of Adam; the decay is decoupled (Loshchilov & Hutter 2019).
    schedule : ``schedule(step)`` multiplies the rate of a step (from 0).
    clip : largest norm of a member's gradient.
    """
    with one_thread():
        parameters = {name: _tensor(value).clone().requires_grad_() for name, value in start.items()}
        rows, held = [_tensor(array) for array in rows], [_tensor(array) for array in held]
        members, n_rows = rows[0].shape[:2]
        running, batch = np.arange(members), batch or n_rows
        optimizer = _adam(parameters, rate, weight_decay)
        kept = {name: value.detach().clone() for name, value in parameters.items()}
        best, lowest = np.full((2, members), np.inf), np.zeros((2, members), int)
        losses, scores, trained = np.zeros((epochs, members)), np.zeros((epochs, members)), np.zeros(members, int)
        step = 0
        for epoch in range(epochs):
            shown = _shuffled(rows, rng) if shuffle and batch < n_rows else rows
            total = torch.zeros(len(running))
            for first in range(0, n_rows, batch):
                part = [array[:, first : first + batch] for array in shown]
                each = loss(parameters, *part)
                optimizer.zero_grad()
                each.sum().backward()
                if clip:
                    _clip(parameters, clip)
                settings = optimizer.param_groups[0]
                # Keras adds its epsilon before the second moment is corrected for its start at 0, torch after
                settings["eps"] = EPSILON / np.sqrt(1 - settings["betas"][1] ** (step + 1))
                if schedule:
                    settings["lr"] = rate * schedule(step)
                optimizer.step()
                total += each.detach() * (part[0].shape[1] / n_rows)
                step += 1
            losses[epoch], scores[epoch] = losses[epoch - 1], scores[epoch - 1]
            losses[epoch, running], trained[running] = total.numpy(), epoch + 1
            with torch.no_grad():
                if watch:
                    watch(epoch, running, parameters)
                if not score:
                    continue
                found = score(parameters, *held).expand(2, -1).numpy()
            scores[epoch, running] = found[0]
            better = found < best[:, running]
            best[:, running] = np.where(better, found, best[:, running])
            lowest[:, running] = np.where(better, epoch, lowest[:, running])
            if better[0].any():
                for name, value in parameters.items():
                    kept[name][running[better[0]]] = value.detach()[better[0]]
            if patience is None:
                continue
            going = epoch - lowest[1, running] < patience
            if not going.any():
                break
            if not going.all():
                running = running[going]
                rows, held = [array[going] for array in rows], [array[going] for array in held]
                parameters, optimizer = _without_stopped(parameters, optimizer, going, rate, weight_decay)
    final = {name: value.detach().numpy().copy() for name, value in (kept if score else parameters).items()}
    length = trained.max()
    if not score:
        return Trained(final, losses[:length], np.empty((0, members)), trained - 1, trained)
    return Trained(final, losses[:length], scores[:length], lowest[0], trained)


def padded(rows: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Stack index arrays of unequal length: indices (members, longest), 0 in the padding, and a mask of the real ones."""
    longest = max(len(one) for one in rows)
    index = np.array([np.pad(one, (0, longest - len(one))) for one in rows])
    return index, np.arange(longest) < np.array([len(one) for one in rows])[:, None]


@contextmanager
def one_thread():
    """Let torch use one thread: quicker for arrays this small, and sums come out the same everywhere."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _tensor(array) -> torch.Tensor:
    """Floating-point numbers in single precision, everything else as it is."""
    tensor = torch.as_tensor(array)
    return tensor.float() if tensor.is_floating_point() else tensor


def _adam(parameters: dict, rate: float, weight_decay: float) -> torch.optim.Optimizer:
    """AdamW, which without decay is Adam."""
    return torch.optim.AdamW(parameters.values(), lr=rate, eps=EPSILON, weight_decay=weight_decay, fused=True)


def _shuffled(rows: list[torch.Tensor], rng: np.random.Generator) -> list[torch.Tensor]:
    members, n_rows = rows[0].shape[:2]
    order = torch.from_numpy(rng.permuted(np.arange(members * n_rows).reshape(members, n_rows), axis=1)).flatten()
    # one index into members times rows is several times quicker than a pair of them
    return [array.flatten(0, 1).index_select(0, order).view(array.shape) for array in rows]


def _clip(parameters: dict, largest: float) -> None:
    """Shorten each member's gradient to the norm `largest`."""
    gradients = [value.grad for value in parameters.values()]
    norm = torch.sqrt(sum(gradient.flatten(1).pow(2).sum(dim=1) for gradient in gradients))
    factor = (largest / (norm + 1e-6)).clamp(max=1)
    for gradient in gradients:
        gradient.mul_(factor.reshape(-1, *[1] * (gradient.dim() - 1)))


def _without_stopped(parameters: dict, optimizer, going: np.ndarray, rate: float, weight_decay: float):
    """Parameters and optimizer (with its moments) of the members that go on."""
    left = {name: value.detach()[going].requires_grad_() for name, value in parameters.items()}
    fresh = _adam(left, rate, weight_decay)
    for before, now in zip(parameters.values(), left.values(), strict=True):
        fresh.state[now] = {name: value[going] if value.dim() else value for name, value in optimizer.state[before].items()}
    return left, fresh


# Layers -------------------------------------------------------------------------------------------


def glorot(members: int, inputs: int, outputs: int, rng: np.random.Generator) -> np.ndarray:
    """Draw kernels (members, inputs, outputs) as Keras does: uniform within sqrt(6 / (inputs + outputs))."""
    limit = np.sqrt(6 / (inputs + outputs))
    return rng.uniform(-limit, limit, (members, inputs, outputs)).astype(np.float32)


def dense(x, kernel, bias):
    """Apply a dense layer: x (members, rows, in), kernel (members, in, out), bias (members, out) or (members, 1, out)."""
    return torch.baddbmm(bias if bias.dim() == 3 else bias[:, None], x, kernel)


def dropout(x, part: float, rng: np.random.Generator):
    """Set about `part` of the elements to 0 and scale up the rest; `part` is rounded to a multiple of 1 / 256."""
    # one random byte an element costs a tenth of a random float
    byte = np.frombuffer(rng.bytes(x.numel()), np.uint8).reshape(x.shape)
    threshold = round(256 * part)
    return x * torch.from_numpy((byte >= threshold).astype(np.float32)).mul_(256 / (256 - threshold))


def deviation(rho):
    """Standard deviation of a variational weight, softplus(`rho`)."""
    return torch.nn.functional.softplus(rho) + SCALE_FLOOR


def _perturbation(rho, rng: np.random.Generator):
    return deviation(rho) * torch.from_numpy(rng.standard_normal(tuple(rho.shape), dtype=np.float32))


def _signs(shape, rng: np.random.Generator):
    """Independent -1 or +1 with equal probability; one random bit each."""
    size = int(np.prod(shape))
    bits = np.unpackbits(np.frombuffer(rng.bytes(-(-size // 8)), np.uint8), count=size)
    return torch.from_numpy((bits.astype(np.float32) * 2 - 1).reshape(shape))


def reparameterized(x, kernel, kernel_rho, bias, bias_rho, rng: np.random.Generator):
    """Apply a dense layer with normal weights, drawn once for all rows of a member.

    Kernel and bias have means `kernel` and `bias` and standard deviations ``deviation(rho)``; shapes as in `dense`.
    """
    return dense(x, kernel + _perturbation(kernel_rho, rng), bias + _perturbation(bias_rho, rng))


def flipout(x, kernel, kernel_rho, bias, bias_rho, rng: np.random.Generator):
    """Apply a dense layer with normal weights; each row sees the kernel's draw with random signs of its own.

    That decorrelates the gradients of a batch's rows (Wen et al. 2018). The bias is drawn once for all rows.
    """
    shift = torch.bmm(x * _signs(x.shape, rng), _perturbation(kernel_rho, rng))
    return dense(x, kernel, bias + _perturbation(bias_rho, rng)) + shift * _signs(shift.shape, rng)


def divergence(mean, rho):
    """KL(q || N(0, 1)) of normal weights q with means `mean` and deviations ``deviation(rho)``, in nats, shape (members,)."""
    scale = deviation(rho)
    return (0.5 * (scale**2 + mean**2 - 1) - torch.log(scale)).flatten(1).sum(dim=1)
