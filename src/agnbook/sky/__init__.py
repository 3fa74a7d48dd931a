"""Registries and readers of catalogues, light-curve archives and pass bands."""
