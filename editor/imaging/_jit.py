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
