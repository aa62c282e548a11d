"""Compiled loops of `grain`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editor.imaging._jit import exact_kernel

F32 = NDArray[np.float32]

# Of a sum of four numbers that are evenly spread over 0 to 65535.
_MEAN = np.float32(2 * 65535)
_DEVIATION = np.float32(65536 / 3**0.5)


@exact_kernel
def _mixed(value: np.uint64) -> np.uint64:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@exact_kernel
def white(top: int, left: int, seed: int, out: F32) -> None:
    """Fills H x W x C with nearly normal numbers of variance 1 that depend on the pixel's place and the seed only."""
    start = _mixed(np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15))
    for y in range(out.shape[0]):
        line = _mixed(start ^ np.uint64(top + y))
        for x in range(out.shape[1]):
            place = _mixed(line ^ np.uint64(left + x))
            for c in range(out.shape[2]):
                bits = _mixed(place + np.uint64(c))
                total = np.float32(0)
                for part in range(4):
                    total += np.float32((bits >> np.uint64(16 * part)) & np.uint64(0xFFFF))
                out[y, x, c] = (total - _MEAN) / _DEVIATION


@exact_kernel
def add(picture: F32, noise: F32, mix: F32, level: F32, brightness: F32) -> None:
    """Adds `mix` times the noise, scaled by the level at the pixel's brightness, to an H x W x 3 picture in place."""
    last = level.size - 1
    for y in range(picture.shape[0]):
        for x in range(picture.shape[1]):
            pixel, draw = picture[y, x], noise[y, x]
            light = np.float32(0)
            for c in range(3):
                light += brightness[c] * pixel[c]
            light = min(max(light, np.float32(0)), np.float32(1))
            place = light * np.float32(last)
            step = min(int(place), last - 1)
            share = place - np.float32(step)
            amount = (np.float32(1) - share) * level[step] + share * level[step + 1]
            # Where black or white is near, noise would be clipped on one side and shift the colour.
            amount = min(amount, np.float32(0.5) * min(light, np.float32(1) - light))
            for c in range(3):
                pixel[c] += amount * (mix[c, 0] * draw[0] + mix[c, 1] * draw[1] + mix[c, 2] * draw[2])
