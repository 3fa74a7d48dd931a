"""The redshift networks of paper 1: a small MLP and its two mean-field Bayesian versions.

Two implementations of the same three networks. `build` and `fit` make and train one of them from
`tf_keras` and TensorFlow Probability layers; chapter 12 uses them, and they are the reference.
`fit_members` trains many at once (every fold of a cross-validation, or many restarts of one split).
The tests compare the two on the same weights. Prediction needs numpy only.

Source: Gharat, Borthakur & Bhatta, section 2.2; what the text leaves open follows the authors'
public notebooks (see chapter 12).
"""

from agnbook.redshifts.mlp.batched import Members, fit_members, forward, initial_weights, kl_divergence
from agnbook.redshifts.mlp.folds import fold_rows, out_of_fold
from agnbook.redshifts.mlp.keras_twin import build, fit, from_keras
from agnbook.redshifts.mlp.network import KINDS, OUTPUTS, READINGS, Network
from agnbook.redshifts.mlp.predictive import gaussian_head, posterior_predictive

__all__ = [
    "KINDS",
    "OUTPUTS",
    "READINGS",
    "Members",
    "Network",
    "build",
    "fit",
    "fit_members",
    "fold_rows",
    "forward",
    "from_keras",
    "gaussian_head",
    "initial_weights",
    "kl_divergence",
    "out_of_fold",
    "posterior_predictive",
]
