"""The five networks of paper 1, trained for every fold, repeat and seed at once.

A *member* is one network: one draw of rows and of initial weights. All members of a model train together,
see `agnbook.members`. `rows` gathers what each member sees, `stages` trains dense layers, and `recipes` chains
stages into the paper's five models.

Training needs torch; counting parameters and predicting needs numpy alone.
"""

from agnbook.blazars.networks.recipes import (
    MODELS,
    Trained,
    autoencoder,
    bias_init,
    contrastive,
    make_pairs,
    sigmoid,
    supervised_greedy,
    unsupervised_greedy,
)
from agnbook.blazars.networks.rows import Rows, gather, validated_splits
from agnbook.blazars.networks.stages import (
    BIAS_INIT,
    GREEDY,
    History,
    Layer,
    class_bias,
    count_flops,
    count_parameters,
    forward,
    glorot,
    train_stage,
)

__all__ = [
    "BIAS_INIT",
    "GREEDY",
    "MODELS",
    "History",
    "Layer",
    "Rows",
    "Trained",
    "autoencoder",
    "bias_init",
    "class_bias",
    "contrastive",
    "count_flops",
    "count_parameters",
    "forward",
    "gather",
    "glorot",
    "make_pairs",
    "sigmoid",
    "supervised_greedy",
    "train_stage",
    "unsupervised_greedy",
    "validated_splits",
]
