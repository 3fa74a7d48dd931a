"""Which network: the readings of the paper's text, and what it is fed."""

from dataclasses import dataclass

import numpy as np

from agnbook.errors import FeatureError, SettingsError

KINDS = ("mlp", "flipout", "reparameterization")
OUTPUTS = ("softplus", "relu")
BAYESIAN = ("last", "all")
#: The size of a minibatch, as in the authors' notebooks.
BATCH_SIZE = 256
#: Means and standard deviations from which TFP's `default_mean_field_normal_fn` draws a posterior's start.
LOCATION_SD, RHO_MEAN, RHO_SD = 0.1, -3.0, 0.1


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


def checked(X, y=None, n_features: int | None = None) -> tuple[np.ndarray, np.ndarray | None]:
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
