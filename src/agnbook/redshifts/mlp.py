"""The redshift networks of paper 1: a small MLP and its two mean-field Bayesian versions.

Two implementations of the same three networks. `build` and `fit` make and train one of them from
`tf_keras` and TensorFlow Probability layers; chapter 12 uses them, and they are the reference.
`fit_members` trains many at once (every fold of a cross-validation, or many restarts of one
split): each weight gets a leading member axis, so that one matrix product serves all members.
The tests compare the two on the same weights. Prediction needs numpy only.

Source: Gharat, Borthakur & Bhatta, section 2.2; what the text leaves open follows the authors'
public notebooks (see chapter 12).
"""

import math
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from agnbook.chapter.tensorflow import import_tensorflow
from agnbook.errors import FeatureError, SettingsError
from agnbook.judge import cross_validation

KINDS = ("mlp", "flipout", "reparameterization")
OUTPUTS = ("softplus", "relu")
BAYESIAN = ("last", "all")
#: Adam's step size and the size of a minibatch, as in the authors' notebooks.
LEARNING_RATE = 1e-3
BATCH_SIZE = 256
#: Part of the rows that validates in the authors' split (61 of 1162); cross-validation carves out the same.
VALIDATION_FRACTION = 61 / 1162
#: Means and standard deviation from which TFP's `default_mean_field_normal_fn` draws a posterior's start.
_LOCATION_SD, _RHO_MEAN, _RHO_SD = 0.1, -3.0, 0.1
_SCALE_FLOOR = np.finfo(np.float32).eps


@dataclass(frozen=True)
class Network:
    """One reading of the paper's network.

    Attributes
    ----------
    kind : {"mlp", "flipout", "reparameterization"}
        Point estimates, or a mean-field normal posterior with one of two gradient estimators.
    output : {"softplus", "relu"}
        Activation of the output: softplus in the paper's text, ReLU in the authors' notebooks.
    bayesian : {"last", "all"}
        Which layers have a posterior: only the last in the notebooks; the text does not say.
    hidden, dropout : units of the hidden layer, and the part of them dropped in training.
    """

    kind: str = "mlp"
    output: str = "softplus"
    bayesian: str = "last"
    hidden: int = 64
    dropout: float = 0.25

    def __post_init__(self):
        for name, known in (("kind", KINDS), ("output", OUTPUTS), ("bayesian", BAYESIAN)):
            if getattr(self, name) not in known:
                raise SettingsError(f"Unknown {name} {getattr(self, name)!r} of a network; choose one of {', '.join(known)}.")
        if self.hidden < 1 or not 0 <= self.dropout < 1:
            raise SettingsError(f"A network needs hidden >= 1 and 0 <= dropout < 1, not {self.hidden} and {self.dropout}.")

    @property
    def name(self) -> str:
        """``flipout`` for softplus and a Bayesian last layer; else with suffixes, ``flipout_relu_all``."""
        suffix = "_relu" if self.output == "relu" else ""
        return self.kind + suffix + ("_all" if self.bayesian == "all" and self.kind != "mlp" else "")

    def is_bayesian(self, layer: str) -> bool:
        """Whether `layer`, "hidden" or "output", has a posterior."""
        return self.kind != "mlp" and (layer == "output" or self.bayesian == "all")

    @property
    def has_gaussian_head(self) -> bool:
        """Whether the output before its activation is exactly normal: fixed hidden units, normal last weights."""
        return self.is_bayesian("output") and not self.is_bayesian("hidden")

    @property
    def prediction_columns(self) -> list[str]:
        """Columns of `out_of_fold` for this network."""
        parts = ["mean", *(["sd"] if self.kind != "mlp" else []), *(["loc", "scale"] if self.has_gaussian_head else [])]
        return [f"{self.name}_{part}" for part in parts]


#: Every reading that chapter 12 runs, the paper's three first.
READINGS = tuple(
    Network(kind, output, bayesian)
    for output, bayesian in (("softplus", "last"), ("relu", "last"), ("softplus", "all"), ("relu", "all"))
    for kind in KINDS
    if not (kind == "mlp" and bayesian == "all")
)


def _checked(X, y=None, n_features: int | None = None) -> tuple[np.ndarray, np.ndarray | None]:
    """Return X and y as float arrays, or say what is wrong with them."""
    X = np.asarray(X, float)
    if X.ndim != 2 or (n_features is not None and X.shape[1] != n_features):
        expected = "(sources, features)" if n_features is None else f"(sources, {n_features})"
        raise FeatureError(f"The design matrix has shape {X.shape}, expected {expected}; use features.redshift_features.")
    if bad := int((~np.isfinite(X)).any(axis=1).sum()):
        raise FeatureError(f"{bad} of {len(X)} rows of the design matrix hold NaN or infinite values; correct or drop them.")
    if y is None:
        return X, None
    y = np.asarray(y, float)
    if y.shape != X.shape[:1]:
        raise FeatureError(f"{len(X)} sources but redshifts of shape {y.shape}; give one redshift a source.")
    if bad := int((~(np.isfinite(y) & (y >= 0))).sum()):
        raise FeatureError(f"{bad} of {len(y)} redshifts are NaN, infinite or negative; keep the sources with a known one.")
    return X, y


# ---------------------------------------------------------------------------------------------
# One network from Keras and TensorFlow Probability layers


def build(network: Network, n_features: int, n_train: int, seed: int = 0):
    """Build the network from `tf_keras` and TFP layers.

    Parameters
    ----------
    network : the reading to build.
    n_features : columns of the design matrix.
    n_train : training rows N; each Bayesian layer adds its KL(q || p) / N to ``model.losses``.
    seed : sets Keras' and TensorFlow's random state, from which the weights start.

    Returns
    -------
    tf_keras.Model
        Maps (batch, n_features) to (batch, 1) redshifts. The prior of every Bayesian weight and
        bias is N(0, 1); its posterior is a normal of its own mean and standard deviation.
    """
    tf, tf_keras, tfp = import_tensorflow()
    tf_keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    starts = ((0.0, _LOCATION_SD), (_RHO_MEAN, _RHO_SD))

    def divergence(posterior, prior, _):
        return tfp.distributions.kl_divergence(posterior, prior) / tf.cast(n_train, tf.float32)

    def dense(layer: str, units: int, activation: str):
        if not network.is_bayesian(layer):
            return tf_keras.layers.Dense(units, activation=activation, name=layer)
        kind = {"flipout": tfp.layers.DenseFlipout, "reparameterization": tfp.layers.DenseReparameterization}[network.kind]

        def normal():
            # TFP's defaults, but one seed each: its shared default initialisers repeat their draws.
            location, rho = (tf_keras.initializers.RandomNormal(mean, sd, seed=int(rng.integers(2**31))) for mean, sd in starts)
            return tfp.layers.default_mean_field_normal_fn(loc_initializer=location, untransformed_scale_initializer=rho)

        return kind(
            units, activation=activation, name=layer,
            kernel_posterior_fn=normal(), kernel_divergence_fn=divergence,
            bias_posterior_fn=normal(), bias_prior_fn=tfp.layers.default_multivariate_normal_fn, bias_divergence_fn=divergence,
        )  # fmt: skip

    layers = [
        tf_keras.layers.InputLayer((n_features,)),
        dense("hidden", network.hidden, "relu"),
        tf_keras.layers.Dropout(network.dropout, seed=seed, name="dropout"),
        dense("output", 1, network.output),
    ]
    with warnings.catch_warnings():
        # TFP 0.25 calls a method that tf_keras 2.21 renamed; it still does the same.
        warnings.filterwarnings("ignore", message="`layer.add_variable` is deprecated", category=UserWarning)
        model = tf_keras.Sequential(layers, name=network.name)
    return model


def fit(model, loss, train, validation, epochs: int = 2500, patience: int = 100, seed: int = 0) -> pd.DataFrame:
    """Train one network as the authors did; leaves the best checkpoint in `model`.

    Adam, minibatches of 256, early stopping on the validation loss, best epoch by validation
    RMSE. A Bayesian network is validated with one draw of its weights an epoch.

    Parameters
    ----------
    model : network of `build`.
    loss : callable
        ``loss(redshift, prediction, model)``, both of shape (batch, 1), returns a scalar tensor.
    train, validation : (X, y) pairs of shapes (n, features) and (n,), already standardised.
    epochs, patience : at most so many epochs, and epochs without a better validation loss.
    seed : of the shuffling.

    Returns
    -------
    pandas.DataFrame
        One row an epoch: ``loss``, ``validation_loss``, ``validation_rmse``.
    """
    tf, tf_keras, _ = import_tensorflow()
    (X, y), held_out = (tuple(tf.constant(part, tf.float32) for part in _checked(*pair)) for pair in (train, validation))
    adam = tf_keras.optimizers.Adam(LEARNING_RATE)
    adam.build(model.trainable_variables)

    @tf.function
    def epoch(order):
        total = 0.0
        for start in range(0, len(X), BATCH_SIZE):
            rows = order[start : start + BATCH_SIZE]
            with tf.GradientTape() as tape:
                value = loss(tf.gather(y, rows)[:, None], model(tf.gather(X, rows), training=True), model)
            adam.apply_gradients(zip(tape.gradient(value, model.trainable_variables), model.trainable_variables, strict=True))
            total += value * tf.cast(len(rows), tf.float32)
        prediction, truth = model(held_out[0], training=False), held_out[1][:, None]
        rmse = tf.sqrt(tf.reduce_mean((prediction - truth) ** 2))
        return tf.stack([total / len(X), loss(truth, prediction, model), rmse])

    rng = np.random.default_rng(seed)
    stopping, history, best = _Stopping(1, patience), [], model.get_weights()
    for number in range(epochs):
        history.append(epoch(tf.constant(rng.permutation(len(X)))).numpy())
        if stopping.better_checkpoint(number, history[-1][2:])[0]:
            best = model.get_weights()
        if stopping.exhausted(number, history[-1][1:2])[0]:
            break
    model.set_weights(best)
    return pd.DataFrame(history, columns=["loss", "validation_loss", "validation_rmse"])


class _Stopping:
    """Early stopping and best checkpoint, a member each."""

    def __init__(self, members: int, patience: int):
        self.patience = patience
        self.best_loss, self.best_loss_epoch = np.full(members, np.inf), np.zeros(members, int)
        self.best_rmse, self.best_epoch = np.full(members, np.inf), np.zeros(members, int)
        self.epochs = np.zeros(members, int)

    def better_checkpoint(self, epoch: int, rmse, members=slice(None)) -> np.ndarray:
        """Whether each member's validation RMSE is its lowest so far."""
        better = rmse < self.best_rmse[members]
        self.best_rmse[members] = np.where(better, rmse, self.best_rmse[members])
        self.best_epoch[members] = np.where(better, epoch, self.best_epoch[members])
        return better

    def exhausted(self, epoch: int, loss, members=slice(None)) -> np.ndarray:
        """Whether each member's validation loss has not fallen for `patience` epochs."""
        better = loss < self.best_loss[members]
        self.best_loss[members] = np.where(better, loss, self.best_loss[members])
        self.best_loss_epoch[members] = np.where(better, epoch, self.best_loss_epoch[members])
        self.epochs[members] = epoch + 1
        return epoch - self.best_loss_epoch[members] >= self.patience


# ---------------------------------------------------------------------------------------------
# Many networks at once


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
            weights[name] = rng.normal(_RHO_MEAN, _RHO_SD, size)
        elif network.is_bayesian(layer):
            weights[name] = rng.normal(0.0, _LOCATION_SD, size)
        elif name.endswith("kernel"):  # Glorot & Bengio (2010), Keras' default
            limit = math.sqrt(6.0 / sum(shape))
            weights[name] = rng.uniform(-limit, limit, size)
        else:
            weights[name] = np.zeros(size)
    return {name: value.astype(np.float32) for name, value in weights.items()}


def from_keras(model) -> dict[str, np.ndarray]:
    """Return the weights of a network of `build` as `initial_weights` lays them out, one member."""
    weights = {}
    for layer in ("hidden", "output"):
        for variable in model.get_layer(layer).trainable_variables:
            part = "bias" if "bias" in variable.name else "kernel"
            weights[f"{layer}/{part}" + ("_rho" if "untransformed_scale" in variable.name else "")] = variable.numpy()[None]
    return weights


def _random_bytes(generator, shape):
    """Independent uniform bytes; four from each random word, because drawing words dominates an epoch."""
    tf, _, _ = import_tensorflow()
    size = tf.reduce_prod(shape)
    words = generator.uniform_full_int([(size + 3) // 4], dtype=tf.uint32)
    return tf.reshape(tf.reshape(tf.bitcast(words, tf.uint8), [-1])[:size], shape)


def _signs(generator, shape):
    """Independent -1 or +1 with equal probability."""
    tf, _, _ = import_tensorflow()
    return tf.cast(_random_bytes(generator, shape) > 127, tf.float32) * 2.0 - 1.0


def _layer(network: Network, layer: str, weights: dict, inputs, generator):
    """Apply one dense layer of every member: (members, n, in) -> (members, n, units).

    Flipout (Wen et al. 2018) gives each row its own signs of one shared weight perturbation, so
    that the rows' gradients decorrelate; reparameterization uses the perturbation as it is.
    """
    tf, _, _ = import_tensorflow()
    kernel, bias = weights[f"{layer}/kernel"], weights[f"{layer}/bias"]
    if not network.is_bayesian(layer):
        return tf.matmul(inputs, kernel) + bias[:, None, :]

    def perturbation(name):
        rho = weights[f"{layer}/{name}_rho"]
        return (tf.nn.softplus(rho) + _SCALE_FLOOR) * generator.normal(tf.shape(rho))

    bias = (bias + perturbation("bias"))[:, None, :]
    if network.kind == "reparameterization":
        return tf.matmul(inputs, kernel + perturbation("kernel")) + bias
    shape = tf.shape(inputs)
    out_shape = tf.stack([shape[0], shape[1], tf.shape(kernel)[2]])
    shift = tf.matmul(inputs * _signs(generator, shape), perturbation("kernel")) * _signs(generator, out_shape)
    return tf.matmul(inputs, kernel) + shift + bias


def forward(network: Network, weights: dict, X, generator, training: bool):
    """One stochastic forward pass of every member.

    Parameters
    ----------
    weights : tensors of shape (members, ...), see `initial_weights`.
    X : tensor, shape (members, n, features), standardised.
    generator : tf.random.Generator of weight draws, signs and dropout.
    training : whether units are dropped.

    Returns
    -------
    tensor, shape (members, n)
    """
    tf, _, _ = import_tensorflow()
    hidden = tf.nn.relu(_layer(network, "hidden", weights, X, generator))
    if training and network.dropout:
        threshold = round(256 * network.dropout)  # exact for the paper's 1/4
        kept = _random_bytes(generator, tf.shape(hidden)) >= threshold
        hidden *= tf.cast(kept, tf.float32) * (256.0 / (256.0 - threshold))
    activation = tf.nn.softplus if network.output == "softplus" else tf.nn.relu
    return activation(_layer(network, "output", weights, hidden, generator))[..., 0]


def kl_divergence(weights: dict):
    """KL(q || N(0, 1)) of every member's posterior, in nats, shape (members,); 0 without one."""
    tf, _, _ = import_tensorflow()
    total = tf.zeros(tf.shape(weights["output/bias"])[0])
    for name in [name for name in weights if name.endswith("_rho")]:
        scale = tf.nn.softplus(weights[name]) + _SCALE_FLOOR
        terms = 0.5 * (scale**2 + weights[name.removesuffix("_rho")] ** 2 - 1.0) - tf.math.log(scale)
        total += tf.reduce_sum(tf.reshape(terms, [tf.shape(terms)[0], -1]), axis=1)
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
        X, _ = _checked(X, n_features=self.centre.shape[1])
        return (X - self.centre[number]) / self.scale[number]

    def samples(self, number: int, X, n_samples: int, rng: np.random.Generator) -> np.ndarray:
        """`posterior_predictive` of one member for raw features, shape (n_samples, n)."""
        return posterior_predictive(self.network, self.member(number), self.standardised(number, X), n_samples, rng)

    def predict(self, X, n_samples: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation over draws of the weights, two arrays of shape (members, n)."""
        draws = (self.samples(number, X, n_samples, rng) for number in range(len(self)))
        mean, sd = zip(*((samples.mean(axis=0), samples.std(axis=0)) for samples in draws), strict=True)
        return np.stack(mean), np.stack(sd)


def fit_members(network: Network, X, y, train, validation, epochs: int = 2500, patience: int = 100, seed: int = 0) -> Members:
    """Train one network a member, all at once, each on its own rows.

    The recipe is that of `fit`, with loss MAE + KL / N. A member that has stopped no longer changes,
    and drops out of the computation.

    Parameters
    ----------
    X, y : raw features (n, features) and redshifts (n,).
    train : array of int, shape (members, n_train)
        Training rows; each member's features are standardised by them.
    validation : sequence of int arrays
        Validation rows of each member; lengths may differ.
    epochs, patience : at most so many epochs, and epochs without a better validation loss.
    seed : of weights, shuffling, dropout and weight draws.

    Raises
    ------
    FeatureError
        For NaN or infinite values, and shapes that do not fit together.
    """
    tf, _, _ = import_tensorflow()
    X, y = _checked(X, y)
    train = np.asarray(train)
    if train.ndim != 2 or train.size == 0 or len(validation) != len(train) or not all(len(rows) for rows in validation):
        raise FeatureError(
            f"Training rows of shape {train.shape} and {len(validation)} sets of validation rows; "
            "give every member the same number of training rows and at least one validation row."
        )
    members, n_train = train.shape
    rng = np.random.default_rng(seed)
    generator = tf.random.Generator.from_seed(int(rng.integers(2**31)))
    centre = X[train].mean(axis=1)
    scale = X[train].std(axis=1)
    scale[scale == 0] = 1.0

    longest = max(len(rows) for rows in validation)
    padded = np.stack([np.resize(rows, longest) for rows in validation])
    weight = np.stack([np.arange(longest) < len(rows) for rows in validation])
    weight = (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)

    def scaled(rows):
        return tf.constant((X[rows] - centre[:, None]) / scale[:, None], tf.float32)

    data = {
        "X": scaled(train), "y": tf.constant(y[train], tf.float32), "validation_X": scaled(padded),
        "validation_y": tf.constant(y[padded], tf.float32), "validation_weight": tf.constant(weight),
    }  # fmt: skip
    weights = {name: tf.constant(value) for name, value in initial_weights(network, X.shape[1], members, rng).items()}
    state = {name: (value, tf.zeros_like(value), tf.zeros_like(value)) for name, value in weights.items()}
    best = {name: value.numpy() for name, value in weights.items()}
    epoch = _compiled_epoch(network, generator, n_train)

    stopping, running, step = _Stopping(members, patience), np.arange(members), 0
    for number in range(epochs):
        order = rng.permuted(np.tile(np.arange(n_train, dtype=np.int32), (len(running), 1)), axis=1)
        state, scores = epoch(state, data, tf.constant(order), tf.constant(step, tf.float32))
        step += -(-n_train // BATCH_SIZE)
        loss, rmse = scores.numpy()
        better = stopping.better_checkpoint(number, rmse, running)
        if better.any():
            for name, (value, _, _) in state.items():
                best[name][running[better]] = value.numpy()[better]
        stopped = stopping.exhausted(number, loss, running)
        if stopped.all():
            break
        if stopped.any():
            # Continue with the others only.
            keep = np.flatnonzero(~stopped)
            state, data = tf.nest.map_structure(lambda tensor, keep=keep: tf.gather(tensor, keep), (state, data))
            running = running[keep]
    return Members(network, best, centre, scale, stopping.best_epoch, stopping.epochs, stopping.best_rmse)


def _compiled_epoch(network: Network, generator, n_train: int):
    """Return a function that takes every member through one epoch and validates it.

    Adam is written out because each member has its own moments, and stopped members leave.
    """
    tf, _, _ = import_tensorflow()

    def loss_of(weights, X, y, row_weight, training):
        prediction = forward(network, weights, X, generator, training)
        mae = tf.reduce_sum(row_weight * tf.abs(prediction - y), axis=1)
        return mae + kl_divergence(weights) / n_train, prediction

    @tf.function(reduce_retracing=True)
    def epoch(state, data, order, step):
        for start in range(0, n_train, BATCH_SIZE):
            rows = order[:, start : start + BATCH_SIZE]
            size = min(BATCH_SIZE, n_train - start)
            X, y = (tf.gather(data[name], rows, batch_dims=1) for name in "Xy")
            weights = {name: value for name, (value, _, _) in state.items()}
            with tf.GradientTape() as tape:
                tape.watch(weights)
                # Members share no weights: the gradient of the sum is each member's own.
                total = tf.reduce_sum(loss_of(weights, X, y, 1.0 / size, True)[0])
            gradients = tape.gradient(total, weights)
            step += 1.0
            rate = LEARNING_RATE * tf.sqrt(1.0 - 0.999**step) / (1.0 - 0.9**step)
            updated = {}
            for name, (value, first, second) in state.items():
                first = 0.9 * first + 0.1 * gradients[name]
                second = 0.999 * second + 0.001 * gradients[name] ** 2
                updated[name] = (value - rate * first / (tf.sqrt(second) + 1e-7), first, second)
            state = updated
        weights = {name: value for name, (value, _, _) in state.items()}
        truth, row_weight = data["validation_y"], data["validation_weight"]
        loss, prediction = loss_of(weights, data["validation_X"], truth, row_weight, False)
        rmse = tf.sqrt(tf.reduce_sum(row_weight * (prediction - truth) ** 2, axis=1))
        return state, tf.stack([loss, rmse])

    return epoch


# ---------------------------------------------------------------------------------------------
# Prediction, numpy only


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
    X, _ = _checked(X, n_features=weights["hidden/kernel"].shape[0])
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
    X, _ = _checked(X, n_features=weights["hidden/kernel"].shape[0])
    hidden = np.maximum(X @ weights["hidden/kernel"] + weights["hidden/bias"], 0.0)
    kernel_sd, bias_sd = (_softplus(weights[f"output/{name}_rho"]) + _SCALE_FLOOR for name in ("kernel", "bias"))
    location = hidden @ weights["output/kernel"][:, 0] + weights["output/bias"]
    return location, np.sqrt(hidden**2 @ kernel_sd[:, 0] ** 2 + bias_sd**2)


def head_quantiles(location, scale, levels, output: str = "softplus") -> np.ndarray:
    """Predictive quantiles from `gaussian_head`, shape (n, levels): the activation is monotone."""
    location, scale = np.asarray(location, float)[:, None], np.asarray(scale, float)[:, None]
    return _activation(output)(location + scale * ndtri(np.asarray(levels, float)))


# ---------------------------------------------------------------------------------------------
# Cross-validation


def fold_rows(folds: np.ndarray, seed: int = 0) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Rows of every fold of every repeat: training, validation and held-out.

    The validation rows are carved from those that are not held out, in the proportion of the
    authors' split, so that the held-out rows choose nothing.

    Returns
    -------
    tuple
        train : array (members, n_train), the same number for all; validation and held_out : lists
        of arrays, one a member. Members are in the order of `cross_validation.splits`.
    """
    rng = np.random.default_rng(seed)
    parts = [(rng.permutation(rows), held_out) for _, _, rows, held_out in cross_validation.splits(folds)]
    n_train = min(len(rows) - max(1, round(VALIDATION_FRACTION * len(rows))) for rows, _ in parts)
    train = np.stack([np.sort(rows[:n_train]) for rows, _ in parts])
    return train, [np.sort(rows[n_train:]) for rows, _ in parts], [held_out for _, held_out in parts]


def out_of_fold(networks, X: pd.DataFrame, y, folds: np.ndarray, n_samples: int = 1000, seed: int = 0, **options) -> pd.DataFrame:
    """Predict every source by networks that were not trained on it, all folds and repeats together.

    Parameters
    ----------
    networks : sequence of Network
    X : raw features, indexed by source name.
    y, folds : redshifts (n,), and fold numbers (repeats, n), see `crossval`.
    n_samples : draws of the weights behind each prediction.
    options : `epochs` and `patience` of `fit_members`.

    Returns
    -------
    pandas.DataFrame
        One row a source and repeat: ``Source_Name``, ``repeat``, and for each network ``<name>_mean``;
        for Bayesian ones ``<name>_sd``; where only the last layer is Bayesian also ``<name>_loc`` and
        ``<name>_scale`` of `gaussian_head`, from which `head_quantiles` gives any quantile.
    """
    repeats, n = folds.shape
    values = X.to_numpy(float)
    train, validation, _ = fold_rows(folds, seed)
    columns = {"Source_Name": np.tile(X.index.to_numpy(), repeats), "repeat": np.repeat(np.arange(repeats), n)}
    for network in networks:
        members = fit_members(network, values, y, train, validation, seed=seed, **options)
        rng = np.random.default_rng(seed)
        parts = {name: np.full((repeats, n), np.nan) for name in network.prediction_columns}
        for number, (repeat, _, _, rows) in enumerate(cross_validation.splits(folds)):
            samples = members.samples(number, values[rows], n_samples, rng)
            results = [samples.mean(axis=0), samples.std(axis=0)]
            if network.has_gaussian_head:
                results += gaussian_head(members.member(number), members.standardised(number, values[rows]))
            for name, result in zip(parts, results, strict=False):
                parts[name][repeat, rows] = result
        columns |= {name: part.ravel() for name, part in parts.items()}
    return pd.DataFrame(columns)
