"""Which extra of the package brings a library that only some commands need, and one clear message where it is missing."""

import importlib.util

from agnbook.errors import BookError

#: Library -> extra, as in ``pip install 'agnbook[app]'``.
EXTRAS = {
    "torch": "networks", "streamlit": "app", "dask": "bulk", "distributed": "bulk", "lsdb": "hats", "hats": "hats",
    "tensorflow": "tensorflow", "tensorflow_probability": "tensorflow", "tf_keras": "tensorflow",
    "lightgbm": "learning", "sklearn": "learning", "joblib": "learning",
}  # fmt: skip


class MissingExtraError(BookError):
    """A library that this question needs is not installed."""


def missing(library: str) -> MissingExtraError | None:
    """Return the error for a library that an extra brings; None for any other, whose absence is a fault of ours."""
    name = library.partition(".")[0]
    if name not in EXTRAS:
        return None
    return MissingExtraError(f"This needs {name}, which is not installed. Run: pip install 'agnbook[{EXTRAS[name]}]'")


def require(*libraries: str) -> None:
    """Raise a `MissingExtraError` for the first of these libraries that is not installed."""
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            raise missing(library)
