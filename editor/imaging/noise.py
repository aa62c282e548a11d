"""Noise: how strong it is in a picture that nobody has a clean version of, and pieces of it lifted from flat parts.

A camera's noise is white on the sensor only; demosaicing smears it over two or three pixels, so that what is measured
between neighbours is far too little. So it is measured octave by octave, each in small blocks that are flat there: the
multi-scale principle of Lebrun, Colom and Morel (The Noise Clinic, 2015, https://doi.org/10.5201/ipol.2015.125), with
blocks chosen by the energy of their lower frequencies and measured by that of their higher ones, as Ponomarenko et al.
(2007) do. Haar's wavelet serves for both.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

_BLOCK_PX = 8
_STEP_PX = 4
_MOST_BLOCKS = 10_000
_CLIPPED = 1.5 / 255

# By brightness: noise grows with the light, and a dark corner must not speak for the whole picture.
_GROUPS = 4
_FEWEST_IN_GROUP = 100
_FLATTEST = 0.02
# Blocks with less than so many times the low frequencies of the flattest ones count as flat, too.
_ALSO_FLAT = 3.0
# A group of nothing but texture says at most this many times what the lower half of the groups says.
_MOST_IN_GROUP = 1.5

# From octave to octave a photo's structure doubles at least. Noise that was smeared over a few pixels
# rises likewise from the first to the second at most, and then levels out.
_MOST_AT_SECOND = 3.0
_MOST_AT_THIRD = 1.5


def level(image: F32) -> float:
    """A blind estimate of the noise in a picture.

    Right for white noise and for noise that hangs together over two or three pixels. Fine texture all over a picture
    that has nothing flat is taken for noise in part.

    Args:
        image: H x W x 3 float32 RGB, 0..1.

    Returns:
        Its standard deviation, 0..1, the root of the mean square over channels and over dark and light parts; 0 for a
        picture of less than 8 x 8 pixels or with nothing between black and white.
    """
    octaves: list[float] = []
    for number in range(3):
        if number:
            image = np.ascontiguousarray(_halved(image[None, ...])[0])
        found = _octave(image)
        if found is None:
            break
        octaves.append(found * 2**number)
    if not octaves:
        return 0.0
    first = octaves[0]
    second = min(octaves[1] if len(octaves) > 1 else first, _MOST_AT_SECOND * first)
    third = min(octaves[2] if len(octaves) > 2 else second, _MOST_AT_THIRD * second)
    # Each octave holds three quarters of what is left; what is coarser than the third is as in the third.
    squares = 0.75 * (first**2 + second**2 / 4 + third**2 / 16) + third**2 / 64
    return float(np.sqrt(squares))


def _octave(image: F32) -> float | None:
    """The standard deviation of white noise that has as much in the picture's finest octave; None if nothing shows."""
    blocks = _blocks(image)
    if len(blocks) == 0:
        return None
    light = blocks.mean(axis=(1, 2, 3))
    rest = _without_plane(blocks)
    coarse = np.mean(np.square(_halved(rest)), axis=(1, 2, 3))
    fine = (np.mean(np.square(rest), axis=(1, 2, 3)) - coarse) / 0.75
    groups = _GROUPS if len(light) > _GROUPS * _FEWEST_IN_GROUP else 1
    found = np.array([_of_flat(coarse[part], fine[part]) for part in np.array_split(np.argsort(light), groups)])
    low = np.sort(found)[(len(found) - 1) // 2]
    return float(np.sqrt(np.mean(np.square(np.minimum(found, _MOST_IN_GROUP * low)))))


def _of_flat(coarse: F32, fine: F32) -> float:
    order = np.argsort(coarse)
    count = max(8, int(_FLATTEST * len(order)))
    limit = _ALSO_FLAT * np.median(coarse[order[:count]])
    count = max(count, int(np.count_nonzero(coarse < limit)))
    return float(np.sqrt(max(0.0, float(np.median(fine[order[:count]])))))


def _blocks(image: F32) -> F32:
    """N x 8 x 8 x 3: blocks from all over the picture, without those that are black or white in part."""
    if min(image.shape[:2]) < _BLOCK_PX:
        return np.empty((0, _BLOCK_PX, _BLOCK_PX, 3), np.float32)
    tops = np.arange(0, image.shape[0] - _BLOCK_PX + 1, _STEP_PX)
    lefts = np.arange(0, image.shape[1] - _BLOCK_PX + 1, _STEP_PX)
    count = len(tops) * len(lefts)
    chosen = np.linspace(0, count - 1, min(count, _MOST_BLOCKS)).astype(np.int64)
    views = np.lib.stride_tricks.sliding_window_view(image, (_BLOCK_PX, _BLOCK_PX), axis=(0, 1))
    blocks: F32 = views[tops[chosen // len(lefts)], lefts[chosen % len(lefts)]].transpose(0, 2, 3, 1)
    return blocks[~_clipped(blocks, 0.1)]


def _clipped(blocks: F32, share: float) -> NDArray[np.bool_]:
    """Whether in a channel of a block more than this share is black or white."""
    ends = (blocks < _CLIPPED) | (blocks > 1 - _CLIPPED)
    return np.asarray(ends.mean(axis=(1, 2)).max(axis=1) > share)


def _halved(blocks: F32) -> F32:
    """N x h x w x 3 to the means of 2 x 2 pixels each; an odd last row or column is left out."""
    high, wide = blocks.shape[1] // 2, blocks.shape[2] // 2
    even = blocks[:, : 2 * high, : 2 * wide]
    pairs = even[:, ::2] + even[:, 1::2]
    return np.asarray((pairs[:, :, ::2] + pairs[:, :, 1::2]) * np.float32(0.25))


def _without_plane(blocks: F32) -> F32:
    return _without(blocks, degree=1)


def _without(blocks: F32, degree: int) -> F32:
    """Square blocks, N x side x side x 3, less the polynomial of this degree that fits each channel best."""
    side = blocks.shape[1]
    along = np.linspace(-1, 1, side)
    terms = [np.outer(along**i, along**j).ravel() for i in range(degree + 1) for j in range(degree + 1 - i)]
    basis = np.linalg.qr(np.stack(terms, axis=1))[0].astype(np.float32)
    flat = blocks.reshape(len(blocks), side * side, blocks.shape[3])
    centred = flat - flat.mean(axis=1, keepdims=True)
    return np.asarray((centred - basis @ (basis.T @ centred)).reshape(blocks.shape))
