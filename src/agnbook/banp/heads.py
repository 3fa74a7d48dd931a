"""Gaussian posteriors with a full covariance, written by a network as a mean and a log-Cholesky precision.

With precision P = L L^T and L lower triangular, L^T (s - mu) is white, so samples are mu + L^-T e. Solving
with L instead of L^T keeps the variances nearly right and loses the correlations; `tests/test_banp_heads.py`
compares sample covariances with the analytic ones for that reason.
"""

import math

import torch


def width(dim: int, components: int = 1) -> int:
    """Return how many numbers describe `components` Gaussians in `dim` dimensions (252 for one in 21)."""
    return components * (dim + dim * (dim + 1) // 2) + (components if components > 1 else 0)


def unpack(raw, dim: int):
    """Split raw outputs (..., dim + dim (dim + 1) / 2) into mean (..., dim) and L (..., dim, dim); L's diagonal is positive."""
    rows, columns = torch.tril_indices(dim, dim, device=raw.device)
    lower = raw.new_zeros((*raw.shape[:-1], dim, dim))
    lower[..., rows, columns] = raw[..., dim:]
    diagonal = torch.diagonal(lower, dim1=-2, dim2=-1)
    return raw[..., :dim], lower - torch.diag_embed(diagonal) + torch.diag_embed(torch.exp(diagonal.clamp(-8, 12)))


def log_prob(raw, target):
    """Log-density (...,) of `target` (..., dim) under the Gaussian that `raw` describes."""
    dim = target.shape[-1]
    mean, lower = unpack(raw, dim)
    white = torch.einsum("...ji,...j->...i", lower, target - mean)
    log_det = torch.log(torch.diagonal(lower, dim1=-2, dim2=-1)).sum(-1)
    return log_det - 0.5 * (white**2).sum(-1) - 0.5 * dim * math.log(2 * math.pi)


def sample(raw, dim: int, n: int, generator: torch.Generator):
    """Draw (n, ..., dim) samples mu + L^-T e."""
    mean, lower = unpack(raw, dim)
    noise = torch.randn((*mean.shape, n), generator=generator, dtype=mean.dtype, device=mean.device)
    draws = torch.linalg.solve_triangular(lower.transpose(-1, -2), noise, upper=True)
    return (mean.unsqueeze(-1) + draws).movedim(-1, 0)


def covariance(raw, dim: int):
    """Return the covariance (..., dim, dim), the inverse of L L^T."""
    _, lower = unpack(raw, dim)
    return torch.cholesky_inverse(lower)


def mixture_log_prob(raw, target, components: int):
    """Log-density under a mixture of Gaussians; `raw` holds the weights' logits, then each component's numbers."""
    if components == 1:
        return log_prob(raw, target)
    weights = torch.log_softmax(raw[..., :components], -1)
    parts = raw[..., components:].reshape(*raw.shape[:-1], components, -1)
    return torch.logsumexp(weights + log_prob(parts, target.unsqueeze(-2).expand(*parts.shape[:-1], -1)), -1)


def mixture_sample(raw, dim: int, n: int, components: int, generator: torch.Generator):
    """Draw (n, batch, dim) samples of a mixture; `raw` is (batch, width)."""
    if components == 1:
        return sample(raw, dim, n, generator)
    chosen = torch.multinomial(torch.softmax(raw[:, :components], -1), n, replacement=True, generator=generator)
    parts = raw[:, components:].reshape(len(raw), components, -1)
    picked = torch.gather(parts, 1, chosen.unsqueeze(-1).expand(-1, -1, parts.shape[-1]))
    return sample(picked, dim, 1, generator)[0].movedim(1, 0)
