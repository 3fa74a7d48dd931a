"""Three papers on active galactic nuclei, rebuilt so that every number can be rerun."""

__version__ = "0.1.0"
