"""Compile a function with numba, and keep the result on disk where that is possible.

A read-only installation without a home has no place for it: the function is then compiled anew in each process.
"""

from pathlib import Path

import numba
from filelock import FileLock


def compiled(function=None, **options):
    """Decorate a function: ``numba.njit`` with `options`, cached on disk or else in memory."""
    if function is None:
        return lambda function: compiled(function, **options)
    try:
        made = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # "no locator available": neither the package's folder nor a cache folder can be written
        return numba.njit(**options)(function)
    _one_at_a_time(made)
    return made


def _one_at_a_time(made) -> None:
    """Let one process at a time read or write what numba keeps of a function.

    Numba lists its files before it writes them, and numbers them by a list that another process may be changing: two that compile
    at once could leave one signature's code under the other's name.
    """
    files = getattr(getattr(made, "_cache", None), "_cache_file", None)  # none where compiling is switched off
    if files is None:
        return
    folder, load, save = Path(made._cache.cache_path), files.load, files.save

    def locked(action):
        def wait(*arguments):
            if not folder.is_dir():
                return action(*arguments)
            with FileLock(folder / "numba.lock"):
                return action(*arguments)

        return wait

    files.load, files.save = locked(load), locked(save)
