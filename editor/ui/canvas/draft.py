"""Every so manyth pixel of a document, straight from its tiles: a first look before any level of a pyramid exists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.geometry import TILE_PX, Rect, TileKey, tile_keys
from editor.core.layers import Layer
from editor.core.tiles import Pixels

_HALF = 128


def picked(state: DocumentState, level: int, rect: Rect) -> Pixels:
    """`rect` of the picture at 1 / 2**level, H x W x C in the document's format, from one pixel each.

    Layers lie over each other without soft edges: what covers half or more covers.
    """
    out = np.zeros((rect.height, rect.width, state.channels), state.dtype)
    area = Rect(rect.left << level, rect.top << level, rect.right << level, rect.bottom << level)
    layers = [layer for layer in reversed(state.layers) if layer.visible and layer.opacity >= 0.5]
    side = TILE_PX >> level
    for key in tile_keys(area.intersect(state.size.rect)):
        left, top = key[0] * side, key[1] * side
        part = rect.intersect(Rect(left, top, left + side, top + side))
        target = out[part.shift(-rect.left, -rect.top).slices]
        source = part.shift(-left, -top).slices
        for pixels, covered in reversed(_seen(layers, key, 1 << level)):
            if covered is None:
                target[...] = pixels[source]
            else:
                np.copyto(target, pixels[source], where=covered[source])
    return out


def _seen(layers: Sequence[Layer], key: TileKey, step: int) -> list[tuple[Pixels, NDArray[np.bool_] | None]]:
    """What shows in a tile, from the top down to the layer that hides the rest, and where (None: everywhere).

    Looking from the top saves the pixels below, whose way from memory is what takes the time.
    """
    seen: list[tuple[Pixels, NDArray[np.bool_] | None]] = []
    for layer in layers:
        tile = layer.pixels.tiles.get(key)
        if tile is None:
            continue
        if layer.mask is not None:
            mask = layer.mask.tiles.get(key)
            cover = mask.pixels[::step, ::step] if mask is not None else None
            if cover is None or cover.max() < _HALF:
                continue
            if cover.min() < _HALF:
                seen.append((tile.pixels[::step, ::step], cover >= _HALF))
                continue
        seen.append((tile.pixels[::step, ::step], None))
        break
    return seen
