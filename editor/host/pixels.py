"""A document's pixels as methods see them, and back: float32 RGB, alpha kept apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


def to_rgb(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """H x W x 3 float32 RGB of H x W x C pixels; integers become 0..1, grey becomes three equal channels."""
    colour = pixels[..., : _colours(pixels)]
    if np.issubdtype(pixels.dtype, np.integer):
        colour = colour / np.float32(np.iinfo(pixels.dtype).max)
    rgb = np.broadcast_to(colour, (*pixels.shape[:2], 3))
    return np.ascontiguousarray(rgb, np.float32)


def to_alpha(pixels: NDArray[Any]) -> NDArray[np.float32] | None:
    """H x W float32, 0..1, of H x W x C pixels; None if they have no alpha."""
    if pixels.shape[-1] == _colours(pixels):
        return None
    alpha = pixels[..., -1]
    if np.issubdtype(pixels.dtype, np.integer):
        alpha = alpha / np.float32(np.iinfo(pixels.dtype).max)
    # A float document may exceed it.
    return np.ascontiguousarray(np.clip(alpha, 0, 1), np.float32)


def from_rgb(rgb: NDArray[np.float32], like: NDArray[Any]) -> NDArray[Any]:
    """Float RGB (... x 3) in the format of `like` (... x C), whose alpha is kept.

    Integers are rounded to the nearest, so that a value that came from `to_rgb` goes back to itself. A grey document
    takes the mean of the channels, which of equal ones is the value itself.
    """
    out = like.copy()
    colours = _colours(like)
    colour = rgb if colours == 3 else rgb.astype(np.float64).mean(axis=-1, keepdims=True)
    out[..., :colours] = to_depth(colour, like.dtype)
    return out


def to_depth(values: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Floats, 0..1, as values of a document's dtype: integers clipped and rounded, floats as they are."""
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return values.astype(kind, copy=False)
    rounded: NDArray[Any] = np.rint(np.clip(values, 0, 1) * np.iinfo(kind).max).astype(kind)
    return rounded


def _colours(pixels: NDArray[Any]) -> int:
    return 1 if pixels.shape[-1] in (1, 2) else 3
