"""Every so manyth pixel of a document, straight from its tiles: a first look before any level of a pyramid exists."""

from __future__ import annotations

import numpy as np

from editor.core.document import DocumentState
from editor.core.geometry import TILE_PX, Rect, TileKey, tile_keys
from editor.core.layers import Layer
from editor.core.tiles import Pixels


def picked(state: DocumentState, level: int, rect: Rect) -> Pixels:
    """`rect` of the picture at 1 / 2**level, H x W x C in the document's format, from one pixel each.

    Layers lie over each other without soft edges: what covers half or more covers.
    """
    out = np.zeros((rect.height, rect.width, state.channels), state.dtype)
    area = Rect(rect.left << level, rect.top << level, rect.right << level, rect.bottom << level)
    for layer in state.layers:
        if layer.visible and layer.opacity >= 0.5:
            for key in tile_keys(area.intersect(state.size.rect)):
                _lay(out, layer, key, level, rect)
    return out


def _lay(out: Pixels, layer: Layer, key: TileKey, level: int, rect: Rect) -> None:
    tile, mask = layer.pixels.tiles.get(key), layer.mask.tiles.get(key) if layer.mask is not None else None
    if tile is None or (mask is None and layer.mask is not None):
        return
    step, side = 1 << level, TILE_PX >> level
    left, top = key[0] * side, key[1] * side
    few = tile.pixels[::step, ::step]
    part = Rect(left, top, left + few.shape[1], top + few.shape[0]).intersect(rect)
    target = out[part.shift(-rect.left, -rect.top).slices]
    source = few[part.shift(-left, -top).slices]
    if mask is None:
        target[...] = source
    else:
        covered = mask.pixels[::step, ::step][part.shift(-left, -top).slices] >= 128
        np.copyto(target, source, where=covered)
