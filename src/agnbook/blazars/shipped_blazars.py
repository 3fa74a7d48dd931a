"""The 7-42-1 network of paper 1 that answers without training, and its twins that answer for its own training sources."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from agnbook import committed, weights
from agnbook.blazars import networks
from agnbook.errors import FeatureError
from agnbook.sky import features

BLAZARS = "weights/blazars.safetensors"
#: What the network sees of each catalogue column.
TRANSFORM = (
    {name: "value" for name in features.BLAZAR_RAW}
    | {name: "ln(value)" for name in features.BLAZAR_LOG}
    | {name: f"ln(value + {offset:g})" for name, offset in features.SED_OFFSET.items()}
)


@dataclass(frozen=True)
class BlazarNetwork:
    """The 7-42-1 network as plain numbers: it answers without torch, TensorFlow or a catalogue.

    Attributes
    ----------
    mean, scale : arrays (networks, 7)
        Scalers. Network 0 was trained on all labelled sources; each further one, a twin, without a part of them.
    low, high : arrays (7,)
        Range of every feature in training.
    hidden_weights (networks, 7, 42), hidden_bias (networks, 42), output_weights (networks, 42), output_bias (networks,)
    names : pandas.Index
        The training sources, by their names in 4LAC-DR3.
    twin : int array (sources,)
        The network that did not train on each of them.
    notes : dict
        Where the numbers come from.
    sha256 : str
        Of the file; empty for a network that comes from none.
    """

    mean: np.ndarray
    scale: np.ndarray
    low: np.ndarray
    high: np.ndarray
    hidden_weights: np.ndarray
    hidden_bias: np.ndarray
    output_weights: np.ndarray
    output_bias: np.ndarray
    names: pd.Index = field(default_factory=lambda: pd.Index([], dtype=object))
    twin: np.ndarray = field(default_factory=lambda: np.empty(0, int))
    notes: dict = field(default_factory=dict)
    sha256: str = ""

    _SHAPES = {
        "mean": ("networks", 7), "scale": ("networks", 7), "low": (7,), "high": (7,), "hidden_weights": ("networks", 7, 42),
        "hidden_bias": ("networks", 42), "output_weights": ("networks", 42), "output_bias": ("networks",), "twin": ("sources",),
    }  # fmt: skip

    @classmethod
    def from_trained(cls, trained, X, *, names=(), twin=(), notes: dict | None = None) -> "BlazarNetwork":
        """Take the members of one or more trained `networks.bias_init` or `networks.train_stage`.

        Parameters
        ----------
        trained : list of networks.Trained
            The first member of the first is the network; all others are its twins, in their order from 1.
        X : array (n, 7), the training features.
        names, twin : see `BlazarNetwork`.
        """
        (hidden, hidden_bias), (output, output_bias) = (
            [np.concatenate(arrays).astype(float) for arrays in zip(*layers, strict=True)]
            for layers in zip(*(each.parameters for each in trained), strict=True)
        )
        mean, scale = (np.concatenate([getattr(each.rows, name) for each in trained]) for name in ("mean", "scale"))
        X = np.asarray(X, float)
        return cls(
            mean, scale, X.min(axis=0), X.max(axis=0), hidden, hidden_bias[:, 0], output[:, :, 0], output_bias[:, 0, 0],
            pd.Index(names, dtype=object), np.asarray(twin, int), notes or {},
        )  # fmt: skip

    def save(self, path: Path | str) -> None:
        """Write the networks; see `weights.save`."""
        config = {"features": features.BLAZAR_FEATURES, "transform": TRANSFORM, "names": list(self.names)}
        weights.save(path, {name: getattr(self, name) for name in self._SHAPES}, config, self.notes)

    @classmethod
    def load(cls, path: Path | str | None = None) -> "BlazarNetwork":
        """Read a file that `save` wrote, by default the committed one; a `ResultsError` says what is wrong with it."""
        path = committed.verify(BLAZARS) if path is None else path
        stored = weights.load(path, cls._SHAPES)
        arrays, names = stored.arrays, stored.config.get("names", [])
        if stored.config.get("features") != features.BLAZAR_FEATURES or len(names) != len(arrays["twin"]):
            raise weights.refuse(path, "its features or its names are others")
        if len(names) and not (0 < arrays["twin"].min() and arrays["twin"].max() < len(arrays["mean"])):
            raise weights.refuse(path, "a source has a twin that is not there")
        return cls(**arrays, names=pd.Index(names, dtype=object), notes=stored.notes, sha256=stored.sha256)

    def page_data(self) -> dict:
        """Return the network (without its twins) for the page *Try the classifier*."""
        shown = ("mean", "scale", "hidden_weights", "hidden_bias", "output_weights", "output_bias")
        data = {"features": features.BLAZAR_FEATURES, "transform": TRANSFORM, "notes": self.notes}
        data |= {name: getattr(self, name)[0].tolist() for name in shown}
        return data | {"low": self.low.tolist(), "high": self.high.tolist()}

    def logit(self, X, network=0) -> np.ndarray:
        """Logit of the FSRQ probability for transformed, unscaled features (n, 7), shape (n,).

        `network` says which one answers, for all rows or for each.
        """
        x = np.asarray(X, float)
        if x.ndim != 2 or x.shape[1] != 7 or not np.isfinite(x).all():
            raise FeatureError(f"Expected finite features of shape (n, 7) in the order {', '.join(features.BLAZAR_FEATURES)}.")
        network, found = np.broadcast_to(network, len(x)), np.empty(len(x))
        for k in np.unique(network):
            rows = network == k
            hidden = np.maximum((x[rows] - self.mean[k]) / self.scale[k] @ self.hidden_weights[k] + self.hidden_bias[k], 0)
            found[rows] = hidden @ self.output_weights[k] + self.output_bias[k]
        return found

    def predict(self, X, network=0) -> np.ndarray:
        """Probability of FSRQ for transformed, unscaled features (n, 7), shape (n,)."""
        return networks.sigmoid(self.logit(X, network))

    def answer(self, table: pd.DataFrame, names=None) -> pd.DataFrame:
        """Classify sources given by the seven catalogue columns in their catalogue units.

        Parameters
        ----------
        table : with the columns `features.BLAZAR_FEATURES`.
        names : names of the rows, if they may be training sources: these are answered by the twin that never saw them.

        Returns
        -------
        pandas.DataFrame
            ``probability_fsrq``, ``logit``, ``no_sed`` (no synchrotron fit: both SED columns 0, the
            answer is much less certain), ``out_of_range`` (names of the features outside the
            training range, an empty string if none) and ``in_training``, indexed as `table`.

        Raises
        ------
        FeatureError
            For missing columns, for NaN, for values that must be positive and are not, for
            negative SED columns, and for one SED column without the other.
        """
        features.require_columns(table, features.BLAZAR_FEATURES)
        values = table[features.BLAZAR_FEATURES].astype(float)
        if not np.isfinite(values.to_numpy()).all():
            bad = values.columns[~np.isfinite(values.to_numpy()).all(axis=0)]
            raise FeatureError(f"NaN or infinite values in {', '.join(bad)}. Give numbers, or 0 for both SED columns.")
        if half := int(((values["nu_syn"] == 0) != (values["nuFnu_syn"] == 0)).sum()):
            raise FeatureError(f"{half} rows have one of nu_syn, nuFnu_syn equal to 0 and not the other; give both or neither.")
        if (negative := values["Frac_Variability"] < 0).any():
            raise FeatureError(f"Frac_Variability is negative in {negative.sum()} rows; it is 0 or positive.")
        X = features.blazar_matrix(values).to_numpy()
        position = np.full(len(X), -1) if names is None else self.names.get_indexer(names)
        network = np.where(position >= 0, np.r_[self.twin, 0][position], 0)
        with np.errstate(over="ignore", invalid="ignore"):
            logits = self.logit(X, network)
        if absurd := int((~np.isfinite(logits)).sum()):
            raise FeatureError(f"{absurd} rows hold values too large for the network; check the units of the columns.")
        # relative slack: a feature of the training set itself must not fall out by rounding
        slack = 1e-6 * (self.high - self.low)
        outside = (X < self.low - slack) | (X > self.high + slack)
        columns = np.array(features.BLAZAR_FEATURES)
        return pd.DataFrame(
            {
                "probability_fsrq": networks.sigmoid(logits),
                "logit": logits,
                "no_sed": (values["nu_syn"] == 0).to_numpy(),
                "out_of_range": [", ".join(columns[row]) for row in outside],
                "in_training": position >= 0,
            },
            index=table.index,
        )


def train(X: pd.DataFrame, y, fold, *, epochs: int, seed: int, notes: dict | None = None) -> BlazarNetwork:
    """Train the network on all labelled sources, and one twin for each fold on the others, for a fixed number of epochs.

    Parameters
    ----------
    X : pandas.DataFrame (n, 7), indexed by source, from `features.blazar_features`
    y : array (n,), 1 for FSRQ, 0 for BL Lac
    fold : int array (n,), from 0
    """
    every = np.arange(len(y))
    splits = [(np.flatnonzero(fold != k), every[:0], every[:0]) for k in range(int(np.max(fold)) + 1)]
    trained = []
    for number, parts in enumerate(([(every, every[:0], every[:0])], splits)):
        rows = networks.gather(X, y, parts)
        head = networks.train_stage(
            rows.x, rows.y, rows.w, networks.BIAS_INIT, epochs=epochs, rng=np.random.default_rng([seed, number][: number + 1]),
            output_bias=networks.class_bias(rows),
        )  # fmt: skip
        trained.append(networks.Trained(networks.BIAS_INIT, head.parameters, {"classifier": head}, rows))
    return BlazarNetwork.from_trained(trained, X, names=X.index, twin=np.asarray(fold) + 1, notes=notes)
