"""Bayesian attentive neural process, its baselines, and the book's own posterior for black-hole properties."""

from agnbook import extras

extras.require("torch")
