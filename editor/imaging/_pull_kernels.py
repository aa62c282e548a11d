"""Compiled loops of `pull`.

Moments are H x W x (6 + 3 C) float32: the weighted sums of 1, dx, dy, dx dx, dx dy and dy dy over the known pixels
around, then of f, f dx and f dy of each channel f; dx and dy in pixels of the level that they belong to. Planes are
H x W x 3 C: for each channel its value at the pixel, and by how much it rises a pixel to the right and down.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editor.imaging._jit import exact_kernel

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_TAPS = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
_NOTHING = 1e-6


@exact_kernel
def gather(image: F32, known: Bool, out: F32) -> None:
    """The moments of half the size of a picture, H x W x C, of which some pixels are known."""
    high, wide, channels = image.shape
    sums = np.zeros(6 + 3 * channels)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            sums[:] = 0
            for v in range(max(0, 2 * y - 2), min(high, 2 * y + 3)):
                dy = (v - 2 * y) / 2
                for u in range(max(0, 2 * x - 2), min(wide, 2 * x + 3)):
                    if not known[v, u]:
                        continue
                    dx = (u - 2 * x) / 2
                    weight = _TAPS[v - 2 * y + 2] * _TAPS[u - 2 * x + 2]
                    sums[0] += weight
                    sums[1] += weight * dx
                    sums[2] += weight * dy
                    sums[3] += weight * dx * dx
                    sums[4] += weight * dx * dy
                    sums[5] += weight * dy * dy
                    for c in range(channels):
                        value = weight * image[v, u, c]
                        sums[6 + 3 * c] += value
                        sums[7 + 3 * c] += value * dx
                        sums[8 + 3 * c] += value * dy
            out[y, x] = sums


@exact_kernel
def halve(moments: F32, out: F32) -> None:
    """The moments of half the size."""
    high, wide, count = moments.shape
    sums = np.zeros(count)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            sums[:] = 0
            for v in range(max(0, 2 * y - 2), min(high, 2 * y + 3)):
                dy = (v - 2 * y) / 2
                for u in range(max(0, 2 * x - 2), min(wide, 2 * x + 3)):
                    dx = (u - 2 * x) / 2
                    weight = _TAPS[v - 2 * y + 2] * _TAPS[u - 2 * x + 2]
                    part = moments[v, u]
                    there_x, there_y = part[1] / 2, part[2] / 2
                    sums[0] += weight * part[0]
                    sums[1] += weight * (there_x + dx * part[0])
                    sums[2] += weight * (there_y + dy * part[0])
                    sums[3] += weight * (part[3] / 4 + 2 * dx * there_x + dx * dx * part[0])
                    sums[4] += weight * (part[4] / 4 + dx * there_y + dy * there_x + dx * dy * part[0])
                    sums[5] += weight * (part[5] / 4 + 2 * dy * there_y + dy * dy * part[0])
                    for c in range(6, count, 3):
                        sums[c] += weight * part[c]
                        sums[c + 1] += weight * (part[c + 1] / 2 + dx * part[c])
                        sums[c + 2] += weight * (part[c + 2] / 2 + dy * part[c])
            out[y, x] = sums


@exact_kernel
def double(planes: F32, out: F32) -> None:
    """The planes of twice the size: means of what those near by say of each pixel."""
    high, wide, count = planes.shape
    sums = np.zeros(count)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            sums[:] = 0
            total = 0.0
            for v in range(max(0, (y - 1) // 2), min(high, y // 2 + 2)):
                dy = (y - 2 * v) / 2
                for u in range(max(0, (x - 1) // 2), min(wide, x // 2 + 2)):
                    dx = (x - 2 * u) / 2
                    weight = _TAPS[y - 2 * v + 2] * _TAPS[x - 2 * u + 2]
                    total += weight
                    for c in range(0, count, 3):
                        right, down = planes[v, u, c + 1], planes[v, u, c + 2]
                        sums[c] += weight * (planes[v, u, c] + dx * right + dy * down)
                        sums[c + 1] += weight * right / 2
                        sums[c + 2] += weight * down / 2
            out[y, x] = sums / total


@exact_kernel
def refine(moments: F32, planes: F32, ridge: float, enough: float) -> None:
    """Brings planes nearer to what is known at their own scale, as far as that is `enough`; the less is known, the more
    (`ridge`) they keep of how they rise."""
    high, wide, count = planes.shape
    for y in range(high):
        for x in range(wide):
            part = moments[y, x]
            known = part[0]
            if known < _NOTHING:
                continue
            trust = min(1.0, known / enough) ** 2
            # About the mean place of what is known, where value and rise are found apart.
            xx = part[3] - part[1] * part[1] / known + ridge
            xy = part[4] - part[1] * part[2] / known
            yy = part[5] - part[2] * part[2] / known + ridge
            scale = trust / (xx * yy - xy * xy)
            for c in range(0, count, 3):
                value, right, down = planes[y, x, c], planes[y, x, c + 1], planes[y, x, c + 2]
                beyond = part[6 + c] - known * value - part[1] * right - part[2] * down
                along_x = part[7 + c] - part[1] * value - part[3] * right - part[4] * down - part[1] * beyond / known
                along_y = part[8 + c] - part[2] * value - part[4] * right - part[5] * down - part[2] * beyond / known
                more_right = scale * (yy * along_x - xy * along_y)
                more_down = scale * (xx * along_y - xy * along_x)
                planes[y, x, c] += (trust * beyond - part[1] * more_right - part[2] * more_down) / known
                planes[y, x, c + 1] += more_right
                planes[y, x, c + 2] += more_down
