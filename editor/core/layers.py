"""Layers and how they are laid over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.core.geometry import Rect
from editor.core.tiles import Pixels, TileMap


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """Pixels in the document's format, shown through a mask.

    pixels: as large as the document and with its channels.
    mask: uint8, one channel; None shows the layer everywhere. Where it is 0 what lies below is untouched to the bit.
    opacity: 0 to 1.
    record: how the layer was made (an operation record as JSON values), or None for an opened photo.
    """

    id: int
    name: str
    pixels: TileMap
    mask: TileMap | None = None
    opacity: float = 1.0
    visible: bool = True
    record: Mapping[str, Any] | None = None


def composite(layers: Sequence[Layer], rect: Rect) -> Pixels:
    """The visible layers over each other within `rect`, bottom first, H x W x C in the document's dtype.

    A layer with straight alpha replaces colour and alpha alike in the measure of its mask:
    out = below + (layer - below) * mask, rounded to the nearest integer.
    """
    bottom = layers[0].pixels
    out = np.zeros((rect.height, rect.width, bottom.channels), bottom.dtype)
    for layer in layers:
        if not layer.visible or layer.opacity <= 0:
            continue
        if layer.mask is None and layer.opacity >= 1:
            out = layer.pixels.read(rect)
            continue
        part = rect if layer.mask is None else rect.intersect(layer.mask.bounds)
        if part.empty:
            continue
        coverage = _coverage(layer, part)
        if coverage.any():
            view = out[part.shift(-rect.left, -rect.top).slices]
            view[...] = _mix(view, layer.pixels.read(part), coverage)
    return out


def _coverage(layer: Layer, rect: Rect) -> NDArray[np.uint8]:
    if layer.mask is None:
        return np.full((rect.height, rect.width), round(255 * layer.opacity), np.uint8)
    mask: NDArray[np.uint8] = layer.mask.read(rect)[..., 0]
    if layer.opacity >= 1:
        return mask
    scaled: NDArray[np.uint8] = np.rint(mask * np.float32(layer.opacity)).astype(np.uint8)
    return scaled


def _mix(below: Pixels, above: Pixels, coverage: NDArray[np.uint8]) -> Pixels:
    out = np.where((coverage == 255)[..., None], above, below)
    soft = (coverage > 0) & (coverage < 255)
    if soft.any():
        weight = coverage[soft][:, None].astype(np.float64) / 255
        low, high = below[soft].astype(np.float64), above[soft].astype(np.float64)
        mixed = low + (high - low) * weight
        out[soft] = mixed if np.issubdtype(out.dtype, np.floating) else np.rint(mixed)
    return out
