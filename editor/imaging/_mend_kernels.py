"""Compiled loops of `mend`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editor.imaging._jit import exact_kernel

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_MOST_PX = 7
_FEWEST = 10
_TERMS = 6


@exact_kernel
def _spacing(known: Bool, y: int, x: int) -> tuple[float, int]:
    """How far apart known pixels are around a pixel, and how many there are; nothing of them is (0, 0)."""
    high, wide = known.shape
    radius = 0
    count = 0
    while count < _FEWEST and radius < _MOST_PX:
        radius += 1
        count = 0
        for v in range(max(0, y - radius), min(high, y + radius + 1)):
            for u in range(max(0, x - radius), min(wide, x + radius + 1)):
                count += known[v, u]
    return (np.sqrt((2 * radius + 1) ** 2 / count) if count else 0.0), count


@exact_kernel
def regress(
    image: F32,
    known: Bool,
    todo: Bool,
    tensor: F32,
    rough: F32,
    rise: F32,
    top: int,
    bottom: int,
    out: F32,
    spread: F32,
) -> None:
    """Sets the pixels of `out` that are `todo`, in rows `top` to `bottom`, see `editor.imaging.mend`.

    image, rough, out: H x W x C. tensor: H x W x 3, the xx, xy and yy of the metric. rise: H x W x 2 C, of `rough`.
    spread: H x W, set to how much the known pixels around differ from the plane of `rough` (standard deviation).
    """
    high, wide, channels = image.shape
    normal = np.zeros((_TERMS, _TERMS))
    wanted = np.zeros((_TERMS, channels))
    known_normal = np.zeros((_TERMS, _TERMS))
    known_wanted = np.zeros((_TERMS, channels))
    basis = np.zeros(_TERMS)
    plain = np.zeros(channels)
    squares = np.zeros(channels)
    for y in range(top, bottom):
        for x in range(wide):
            if not todo[y, x]:
                continue
            spacing, count = _spacing(known, y, x)
            if count == 0:
                continue
            # The sparser the samples, the wider the kernel and the plainer the surface that is laid through them.
            width = (0.5 + 0.1 * spacing) * spacing
            radius = max(1, min(_MOST_PX, int(np.ceil(2.2 * width))))
            normal[:] = 0
            wanted[:] = 0
            squares[:] = 0
            xx, xy, yy = tensor[y, x, 0], tensor[y, x, 1], tensor[y, x, 2]
            for v in range(max(0, y - radius), min(high, y + radius + 1)):
                dy = (v - y) / width
                for u in range(max(0, x - radius), min(wide, x + radius + 1)):
                    if not known[v, u]:
                        continue
                    dx = (u - x) / width
                    weight = np.exp(-0.5 * (xx * dx * dx + 2 * xy * dx * dy + yy * dy * dy))
                    basis[0], basis[1], basis[2] = 1, dx, dy
                    basis[3], basis[4], basis[5] = dx * dx, dx * dy, dy * dy
                    for c in range(channels):
                        expected = rough[y, x, c] + rise[y, x, 2 * c] * (u - x) + rise[y, x, 2 * c + 1] * (v - y)
                        plain[c] = image[v, u, c] - expected
                        squares[c] += weight * plain[c] * plain[c]
                    for i in range(_TERMS):
                        share = weight * basis[i]
                        for j in range(i + 1):
                            normal[i, j] += share * basis[j]
                        for c in range(channels):
                            wanted[i, c] += share * plain[c]
            total = normal[0, 0]
            if total < 1e-9:
                continue
            variance = 0.0
            for c in range(channels):
                variance += max(0.0, squares[c] / total - (wanted[0, c] / total) ** 2)
            spread[y, x] = np.sqrt(variance / channels)
            known_normal[:] = normal
            known_wanted[:] = wanted
            _hold(normal, spacing, 0.0)
            _solve(normal, wanted)
            explained = 0.0
            for i in range(_TERMS):
                for c in range(channels):
                    explained += known_wanted[i, c] * wanted[i, c]
            # What a surface can't explain is noise, of which the pixel shall not get its share.
            noise = max(0.0, 1 - explained / max(1e-12, squares.sum()))
            normal[:] = known_normal
            wanted[:] = known_wanted
            _hold(normal, spacing, noise)
            _solve(normal, wanted)
            for c in range(channels):
                out[y, x, c] = rough[y, x, c] + wanted[0, c]


@exact_kernel
def _hold(normal: NDArray[np.float64], spacing: float, noise: float) -> None:
    """Holds a surface to the rough plane, the more so the farther apart its samples are and the more (0..1) they differ
    by noise. The factors were measured on photos without noise at all densities, and on a slope with noise."""
    normal[0, 0] += 0.003 * spacing**2 + 10 * noise**4
    for i in range(1, _TERMS):
        normal[i, i] += (0.02 if i < 3 else 0.05) * spacing**2


@exact_kernel
def _solve(normal: NDArray[np.float64], wanted: NDArray[np.float64]) -> None:
    """Cholesky's way, in place, of which only the lower half of the matrix is read."""
    size = len(normal)
    for j in range(size):
        for k in range(j):
            normal[j, j] -= normal[j, k] * normal[j, k]
        # The ridge that was added keeps it positive.
        normal[j, j] = np.sqrt(max(normal[j, j], 1e-12))
        for i in range(j + 1, size):
            for k in range(j):
                normal[i, j] -= normal[i, k] * normal[j, k]
            normal[i, j] /= normal[j, j]
    for c in range(wanted.shape[1]):
        for i in range(size):
            for k in range(i):
                wanted[i, c] -= normal[i, k] * wanted[k, c]
            wanted[i, c] /= normal[i, i]
        for i in range(size - 1, -1, -1):
            for k in range(i + 1, size):
                wanted[i, c] -= normal[k, i] * wanted[k, c]
            wanted[i, c] /= normal[i, i]
