"""JPEG: how coarsely a quality quantises, and at which quality a picture was saved of which there are only pixels left.

A decoded JPEG has only multiples of the quantisation steps among the DCT coefficients of its blocks of 8 x 8 pixels
(ITU-T T.81). That shows where the blocks begin and what the steps were (Z. Fan and R. L. de Queiroz: Identification of
bitmap compression history, 2003, https://doi.org/10.1109/TIP.2002.807361). Here a step is looked for by its Fourier
coefficient, the mean of cos(2 pi c / step) over the coefficients c that are not quantised to 0: 1 if all are multiples.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from editor.imaging.measures import BRIGHTNESS

F32 = NDArray[np.float32]

_BLOCK_PX = 8

# T.81, table K.1: luminance, the 3 x 3 lowest frequencies.
_LUMA = np.array([[16, 11, 10], [12, 12, 14], [14, 13, 16]], np.int64)
_STRONGEST = 0.3

# What a picture of more than 4 megapixels is seen in, see `editor.sdk.plugin.Plugin`; blocks don't reach across.
_BAND_PX = 64
_MOST_PLACES = 2_500
_MOST_BLOCKS = 1_500
_MOST_WHILE_SEARCHING = 400
_LARGEST_STEP = 180
# In a step of 1 the rounding of pixels hides everything.
_SMALLEST_STEP = 2
_FEWEST_MULTIPLES = 12
# Rounded pixels spread the multiples by about this.
_SPREAD = 0.3
_NEARLY = 0.85
_FEWEST_STEPS = 3
_CLIPPED = 0.75 / 255


def steps(quality: int) -> NDArray[np.int64]:
    """The quantisation steps of the 3 x 3 lowest frequencies of brightness at a quality of 1 to 100, as libjpeg scales
    them."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((_LUMA * scale + 50) // 100, 1, 255)


def coarseness(quality: int) -> float:
    """How coarsely a quality (1 to 100) quantises: the mean of `steps` as a share of white, at most 0.3."""
    return min(_STRONGEST, float(steps(quality).mean()) / 255)


def find(image: F32, each: Callable[[], None] = lambda: None) -> int | None:
    """The quality at which a picture was last saved as JPEG.

    Args:
        image: H x W x 3 float32 RGB, 0..1, cut but not scaled since; at black and white nothing is looked for.
        each: called now and then; may raise.

    Returns:
        1 to about 94, the quality of libjpeg that comes nearest; None if no traces of JPEG are found.
    """
    if min(image.shape[:2]) < 2 * _BLOCK_PX:
        return None
    best, found = 0.0, None
    for top in range(_BLOCK_PX):
        for left in range(_BLOCK_PX):
            each()
            score = _score(_coefficients(image, top, left, _MOST_WHILE_SEARCHING))
            if score > best:
                best, found = score, (top, left)
    if found is None:
        return None
    coefficients = _coefficients(image, *found, _MOST_BLOCKS)
    seen = [_step(values) for values in coefficients.T]
    if sum(step is not None for step in seen) < _FEWEST_STEPS:
        return None
    return _nearest(seen)


def _nearest(seen: list[int | None]) -> int:
    """The quality whose steps differ the least from those seen, as ratios."""
    known = np.array([step is not None for step in seen])
    logs = np.log(np.array([step for step in seen if step is not None]))
    misses = [np.abs(np.log(steps(quality).ravel()[known]) - logs).sum() for quality in range(1, 101)]
    return 1 + int(np.argmin(misses))


def _score(coefficients: F32) -> float:
    """How much speaks for a grid of blocks: the steps found on it, where larger ones are less likely to be chance."""
    found = (_step(values) for values in coefficients.T)
    return sum(float(np.log2(step)) for step in found if step is not None)


def _step(values: F32) -> int | None:
    """The quantisation step of one frequency: the largest of which nearly all are multiples."""
    likeness, number = _likeness(values)
    fits = (likeness >= _NEARLY) & (number >= _FEWEST_MULTIPLES)
    if not fits.any():
        return None
    last = int(np.flatnonzero(fits)[-1])
    # Of its neighbours, which fit nearly as well, the best.
    first = last - int(np.argmin(np.append(fits[last::-1], False))) + 1
    return _SMALLEST_STEP + first + int(np.argmax(likeness[first : last + 1]))


def _likeness(values: F32) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """For each step, how near the values that are not quantised to 0 are to its multiples, 1 as near as rounding
    allows; and how many there are."""
    sizes = np.arange(_SMALLEST_STEP, _LARGEST_STEP + 1)
    ratios = np.abs(values)[:, None] / sizes
    counted = ratios > 0.5
    number = counted.sum(axis=0)
    mean = np.where(counted, np.cos(2 * np.pi * ratios), 0).sum(axis=0) / np.maximum(number, 1)
    return np.asarray(mean / np.exp(-2 * (np.pi * _SPREAD / sizes) ** 2)), number


def _coefficients(image: F32, top: int, left: int, most: int) -> F32:
    """N x 9: the lowest frequencies, as in `steps`, of the liveliest blocks that begin there, in 255 levels."""
    tops = np.arange(top, image.shape[0] - _BLOCK_PX + 1, _BLOCK_PX)
    tops = tops[tops % _BAND_PX <= _BAND_PX - _BLOCK_PX]
    lefts = np.arange(left, image.shape[1] - _BLOCK_PX + 1, _BLOCK_PX)
    number = len(tops) * len(lefts)
    places = np.linspace(0, number - 1, min(number, _MOST_PLACES)).astype(np.int64)
    views = np.lib.stride_tricks.sliding_window_view(image, (_BLOCK_PX, _BLOCK_PX), axis=(0, 1))
    blocks = views[tops[places // len(lefts)], lefts[places % len(lefts)]]
    whole = (blocks.min(axis=(1, 2, 3)) > _CLIPPED) & (blocks.max(axis=(1, 2, 3)) < 1 - _CLIPPED)
    light = np.einsum("ncyx,c->nyx", blocks[whole], BRIGHTNESS) * np.float32(255) - np.float32(128)
    along = np.arange(_BLOCK_PX) + 0.5
    basis = np.stack([np.cos(np.pi * u * along / _BLOCK_PX) for u in range(len(_LUMA))]) * np.sqrt(2 / _BLOCK_PX)
    basis[0] /= np.sqrt(2)
    coefficients = np.einsum("uy,nyx,vx->nuv", basis, light, basis, optimize=True)
    liveliest = np.argsort(-np.abs(coefficients).sum(axis=(1, 2)) + np.abs(coefficients[:, 0, 0]), kind="stable")
    return np.asarray(coefficients[liveliest[:most]].reshape(-1, _LUMA.size), np.float32)
