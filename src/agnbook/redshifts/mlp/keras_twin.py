"""One network from Keras and TensorFlow Probability layers, as the authors built theirs: the reference."""

import warnings

import numpy as np
import pandas as pd

from agnbook.chapter.tensorflow import import_tensorflow
from agnbook.members import LEARNING_RATE
from agnbook.redshifts.mlp.network import BATCH_SIZE, LOCATION_SD, RHO_MEAN, RHO_SD, Network, checked


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
    starts = ((0.0, LOCATION_SD), (RHO_MEAN, RHO_SD))

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
    (X, y), held_out = (tuple(tf.constant(part, tf.float32) for part in checked(*pair)) for pair in (train, validation))
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
    history, best = [], model.get_weights()
    for number in range(epochs):
        history.append(epoch(tf.constant(rng.permutation(len(X)))).numpy())
        _, losses, rmses = zip(*history, strict=True)
        if np.argmin(rmses) == number:
            best = model.get_weights()
        if number - np.argmin(losses) >= patience:
            break
    model.set_weights(best)
    return pd.DataFrame(history, columns=["loss", "validation_loss", "validation_rmse"])


def from_keras(model) -> dict[str, np.ndarray]:
    """Return the weights of a network of `build` as `initial_weights` lays them out, one member."""
    weights = {}
    for layer in ("hidden", "output"):
        for variable in model.get_layer(layer).trainable_variables:
            part = "bias" if "bias" in variable.name else "kernel"
            weights[f"{layer}/{part}" + ("_rho" if "untransformed_scale" in variable.name else "")] = variable.numpy()[None]
    return weights
