"""Compile a function with numba, and keep the result on disk where that is possible.

A read-only installation without a home has no place for it: the function is then compiled anew in each process.
"""

import numba


def compiled(function=None, **options):
    """Decorate a function: ``numba.njit`` with `options`, cached on disk or else in memory."""
    if function is None:
        return lambda function: compiled(function, **options)
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # "no locator available": neither the package's folder nor a cache folder can be written
        return numba.njit(**options)(function)
