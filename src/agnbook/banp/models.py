"""The models that the chapters on light curves ask: the committed ones, or toys of the same shape at `smoke`."""

from agnbook.banp import anp, posterior, summary, train
from agnbook.banp.neural_process import NeuralProcess


def own(setting: str, profile: str, seed: int = 0) -> posterior.Posterior:
    """Return the book's own posterior of one of `dataset.SETTINGS`."""
    if profile != "smoke":
        return posterior.shipped(setting)
    features, latents = summary.simulate_features(setting, 80, 100, 80)
    return train.own_posterior(setting, features, latents, seed=seed, width=16, layers=2, epochs=1)[0]


def neural_process(profile: str) -> NeuralProcess:
    """Return the paper's neural process."""
    if profile != "smoke":
        return NeuralProcess.load()
    return NeuralProcess(anp.AttentiveNeuralProcess().eval(), train.CurveSet(20, 0), {"steps": 0, "context": 64, "extra": 32})
