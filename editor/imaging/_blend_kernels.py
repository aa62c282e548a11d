"""Compiled inner loops of the gradient-domain blend. Arrays cover a box; every call works on a band of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.imaging._jit import kernel

U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]
F32 = NDArray[np.float32]


@kernel
def _mean_difference(
    image: F32, hole: U8, av: Any, au: Any, bv: Any, bu: Any, radius: Any, noise: Any, out: F32
) -> Any:
    """Mean over a window of image[a] - image[b] into `out`, a and b moving along; returns how far it can be trusted.

    Only known pixels count. The trust falls with the spread of the differences and with their size: a small step in
    brightness is believed, structures that don't fit each other are not.
    """
    rows, columns = hole.shape
    sum0 = np.float32(0)
    sum1 = np.float32(0)
    sum2 = np.float32(0)
    square = np.float32(0)
    count = 0
    for i in range(-radius, radius + 1):
        for j in range(-radius, radius + 1):
            p, q, s, t = av + i, au + j, bv + i, bu + j
            if p < 0 or q < 0 or s < 0 or t < 0 or p >= rows or s >= rows or q >= columns or t >= columns:
                continue
            if hole[p, q] or hole[s, t]:
                continue
            d0 = image[p, q, 0] - image[s, t, 0]
            d1 = image[p, q, 1] - image[s, t, 1]
            d2 = image[p, q, 2] - image[s, t, 2]
            sum0 += d0
            sum1 += d1
            sum2 += d2
            square += d0 * d0 + d1 * d1 + d2 * d2
            count += 1
    if count == 0:
        out[0] = out[1] = out[2] = 0
        return np.float32(0)
    share = np.float32(1.0 / count)
    out[0] = sum0 * share
    out[1] = sum1 * share
    out[2] = sum2 * share
    size = out[0] * out[0] + out[1] * out[1] + out[2] * out[2]
    spread = max(square * share - size, np.float32(0))
    size /= np.float32(33) * noise
    size *= size
    return np.float32(1) / (np.float32(1) + spread / noise + size * size)


@kernel
def seams_band(
    image: F32,
    hole: U8,
    map_y: I32,
    map_x: I32,
    top: int,
    left: int,
    radius: int,
    noise: float,
    first: int,
    last: int,
    across: F32,
    down: F32,
    pull: F32,
    force: F32,
) -> None:
    """Sets up the weights and the right side of the blend's equations for box rows first..last.

    image, hole, map: frame. across, down: box; weight of the edge to the next pixel. pull: box; weight of the known
    neighbours. force: 3 x box; read `editor.imaging.blend` for the equations. Each row adds the jumps of its own
    edges to its own pixels only: an edge is looked at from both of its ends.
    """
    columns = pull.shape[1]
    high, wide = hole.shape
    jump = np.zeros(3, np.float32)
    other = np.zeros(3, np.float32)
    for r in range(first, last):
        for c in range(columns):
            y, x = top + r, left + c
            if not hole[y, x]:
                continue
            v, u = np.int64(map_y[y, x]), np.int64(map_x[y, x])
            for side in range(4):
                dy = (side == 0) - (side == 1)
                dx = (side == 2) - (side == 3)
                yy, xx = y + dy, x + dx
                if yy < 0 or xx < 0 or yy >= high or xx >= wide:
                    continue
                if not hole[yy, xx]:
                    trust = _mean_difference(image, hole, yy, xx, v + dy, u + dx, radius, noise, jump)
                    pull[r, c] += trust
                    for k in range(3):
                        force[k, r, c] += trust * jump[k]
                    continue
                vv, uu = np.int64(map_y[yy, xx]), np.int64(map_x[yy, xx])
                trust = np.float32(1)
                if vv != v + dy or uu != u + dx:
                    # The same sum from either end, so that both rows of an edge see one weight.
                    if side == 0 or side == 2:
                        trust = _mean_difference(image, hole, vv - dy, uu - dx, v, u, radius, noise, jump)
                        trust += _mean_difference(image, hole, vv, uu, v + dy, u + dx, radius, noise, other)
                    else:
                        trust = _mean_difference(image, hole, vv, uu, v + dy, u + dx, radius, noise, other)
                        trust += _mean_difference(image, hole, vv - dy, uu - dx, v, u, radius, noise, jump)
                    trust = np.float32(0.02) + np.float32(0.49) * trust
                    for k in range(3):
                        force[k, r, c] += trust * np.float32(0.5) * (jump[k] + other[k])
                if side == 0:
                    down[r, c] = trust
                elif side == 2:
                    across[r, c] = trust


@kernel
def relax_band(
    across: F32, down: F32, diagonal: F32, force: F32, value: F32, colour: int, first: int, last: int
) -> None:
    """One Gauss-Seidel half sweep over the pixels of one chessboard colour in rows first..last, all three channels."""
    rows, columns = diagonal.shape
    for r in range(first, last):
        for c in range((r + colour) % 2, columns, 2):
            d = diagonal[r, c]
            if d <= 0:
                continue
            for k in range(3):
                total = force[k, r, c]
                if c + 1 < columns:
                    total += across[r, c] * value[k, r, c + 1]
                if c > 0:
                    total += across[r, c - 1] * value[k, r, c - 1]
                if r + 1 < rows:
                    total += down[r, c] * value[k, r + 1, c]
                if r > 0:
                    total += down[r - 1, c] * value[k, r - 1, c]
                value[k, r, c] = total / d
