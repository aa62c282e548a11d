"""How the compiled kernels are compiled. Importing this imports numba, so do it only when work begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """Compiles on first call, keeps the machine code on disk, and runs without the interpreter lock."""
    return cast(F, numba.njit(nogil=True, cache=True, fastmath=True)(function))


def exact_kernel(function: F) -> F:
    """As `kernel`, but every sum is taken as written: a pixel gets the same bits wherever in an array it lies."""
    return cast(F, numba.njit(nogil=True, cache=True)(function))


def steady_kernel(function: F) -> F:
    """As `exact_kernel`, but a product and the sum it goes into may be rounded once, and dividing by 0 is not asked
    about: loops become vectors, and a pixel still gets the same bits wherever it lies."""
    flags = {"contract", "nnan", "ninf", "nsz"}
    return cast(F, numba.njit(nogil=True, cache=True, fastmath=flags, error_model="numpy")(function))
