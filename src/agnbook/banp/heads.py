"""Gaussian posteriors with a full covariance, written by a network as a mean and a log-Cholesky precision.

With precision P = L L^T and L lower triangular, L^T (s - mu) is white, so samples are mu + L^-T e. Solving
with L instead of L^T keeps the variances nearly right and loses the correlations; a test
compares sample covariances with the analytic ones for that reason (`tests/banp/test_models.py`).
"""

import math

import torch


def width(dim: int) -> int:
    """Return how many numbers describe a Gaussian in `dim` dimensions (252 in 21)."""
    return dim + dim * (dim + 1) // 2


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


def draws(raw, noise):
    """Turn standard normal `noise` (..., dim, n) into draws mu + L^-T e, shape (..., dim, n)."""
    mean, lower = unpack(raw, noise.shape[-2])
    return mean.unsqueeze(-1) + torch.linalg.solve_triangular(lower.transpose(-1, -2), noise, upper=True)


def sample(raw, dim: int, n: int, generator: torch.Generator):
    """Draw (n, ..., dim) samples."""
    noise = torch.randn((*raw.shape[:-1], dim, n), generator=generator, dtype=raw.dtype, device=raw.device)
    return draws(raw, noise).movedim(-1, 0)


def covariance(raw, dim: int):
    """Return the covariance (..., dim, dim), the inverse of L L^T."""
    _, lower = unpack(raw, dim)
    return torch.cholesky_inverse(lower)
