"""The book's package: a small helper for chapters, the models, and the tool for one's own sources.

The names below are all that most users need; each is loaded when it is first used, so that
``import agnbook`` costs nothing. Everything else has its room, see the page *The package*.
"""

from importlib import import_module

__version__ = "0.1.0"
#: Public name -> the module it lives in, and its name there.
_DOOR = {
    "BookError": ("agnbook.errors", "BookError"),
    "catalogs": ("agnbook.sky.registry", "status"),
    "classify": ("agnbook.ask.classify", "classify"),
    "light_curves": ("agnbook.ask.light_curves", "light_curves"),
    "lookup": ("agnbook.ask.lookup", "lookup"),
    "redshift": ("agnbook.ask.redshift", "redshift"),
    "redshift_posterior": ("agnbook.ask.redshift", "redshift_posterior"),
    "score": ("agnbook.ask.scoring", "score"),
}
__all__ = [*_DOOR, "__version__"]


def __getattr__(name: str):
    if name not in _DOOR:
        raise AttributeError(f"agnbook has no {name!r}; its public names are {', '.join(_DOOR)}.")
    module, there = _DOOR[name]
    return getattr(import_module(module), there)


def __dir__() -> list[str]:
    return __all__
