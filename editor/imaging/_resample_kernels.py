"""Compiled loops of `resample`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editor.imaging._jit import exact_kernel

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]


@exact_kernel
def sum_rows(source: F32, index: I32, weight: F32, out: F32) -> None:
    """Row y of `out` is the sum of weight[y, t] times row index[y, t] of `source`; both H x N, `out` is written."""
    for y in range(index.shape[0]):
        row = out[y]
        row[:] = 0
        for t in range(index.shape[1]):
            part, share = source[index[y, t]], weight[y, t]
            if share != 0:
                for x in range(row.size):
                    row[x] += share * part[x]


@exact_kernel
def sum_columns(source: F32, index: I32, weight: F32, out: F32) -> None:
    """The same along the second axis of H x W x C arrays."""
    for y in range(out.shape[0]):
        for x in range(index.shape[0]):
            for c in range(out.shape[2]):
                total = np.float32(0)
                for t in range(index.shape[1]):
                    total += weight[x, t] * source[y, index[x, t], c]
                out[y, x, c] = total
