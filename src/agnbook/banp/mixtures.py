"""A posterior that is a mixture of Gaussians with full covariances: several redshifts may fit the same colours."""

import torch

from agnbook.banp import heads


def width(dim: int, components: int) -> int:
    """Return how many numbers describe a mixture of `components` Gaussians in `dim` dimensions."""
    return components * (heads.width(dim) + 1)


def unpack(raw, dim: int, components: int):
    """Split raw outputs (..., width) into log weights (..., components) and Gaussians (..., components, heads.width(dim))."""
    gaussians = raw[..., components:].reshape(*raw.shape[:-1], components, heads.width(dim))
    return torch.log_softmax(raw[..., :components], dim=-1), gaussians


def log_prob(raw, target, dim: int, components: int, stretch: float = 1.0):
    """Log-density (...,) of `target` (..., dim); each Gaussian is made wider by the factor `stretch`."""
    log_weight, gaussians = unpack(raw, dim, components)
    mean, target = gaussians[..., :dim], target.unsqueeze(-2)
    density = heads.log_prob(gaussians, mean + (target - mean) / stretch) - dim * torch.log(torch.tensor(stretch))
    return torch.logsumexp(log_weight + density, dim=-1)


def draws(raw, uniform, noise, dim: int, components: int, stretch=1.0):
    """Draw (objects, n, dim) from the mixtures of raw outputs (objects, width).

    Parameters
    ----------
    uniform, noise : (objects, n), (objects, dim, n), uniform and standard normal numbers: the Gaussian chosen, and the place in
        it. Numbers that objects share make their errors alike, which no average over objects removes.
    stretch : factor, or one a draw (n,), by which each Gaussian is wider.
    """
    log_weight, gaussians = unpack(raw, dim, components)
    chosen = torch.searchsorted(torch.cumsum(log_weight.exp(), dim=-1), uniform)
    chosen = chosen.clamp(max=components - 1)
    noise = (noise * stretch).unsqueeze(1).expand(-1, components, -1, -1)
    every = heads.draws(gaussians, noise)  # (objects, components, dim, n)
    index = chosen[:, None, None, :].expand(-1, 1, dim, -1)
    return torch.gather(every, 1, index).squeeze(1).movedim(1, 2)


class Ensemble(torch.nn.Module):
    """Networks that each write `components` Gaussians in `dim` dimensions; together they write the even mixture of all."""

    def __init__(self, members, dim: int, components: int):
        super().__init__()
        self.members, self.dim, self.components = torch.nn.ModuleList(members), dim, components

    def forward(self, x):
        """Return what describes a mixture of ``members x components`` Gaussians, one row an object."""
        log_weights, gaussians = zip(*(unpack(member(x), self.dim, self.components) for member in self.members), strict=True)
        return torch.cat([*log_weights, *(each.flatten(-2) for each in gaussians)], dim=-1)
