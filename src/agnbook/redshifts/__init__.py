"""Redshifts of gamma-ray AGN: the paper's networks, their strong peers, and intervals that hold."""
