"""Edits of a document's masks as functions from state to state; what they cost depends on the mask, not the photo."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from editor.core.document import DocumentState, MaskName
from editor.core.geometry import Rect
from editor.core.tiles import TileMap
from editor.host.regions import mask_box
from editor.imaging import masks as shapes
from editor.imaging.masks import Mask8


def clear(state: DocumentState, name: MaskName) -> DocumentState:
    return state.with_mask(name, TileMap.blank(state.size, 1, np.uint8))


def select_all(state: DocumentState, name: MaskName) -> DocumentState:
    return _laid(state, name, state.size.rect, np.full((state.size.height, state.size.width), 255, np.uint8))


def invert(state: DocumentState, name: MaskName) -> DocumentState:
    writer = state.masked(name).write()
    for _, target in writer.parts(state.size.rect):
        np.subtract(255, target, out=target)
    return state.with_mask(name, writer.freeze())


def grow(state: DocumentState, name: MaskName, px: int) -> DocumentState:
    """Widens the mask by `px` pixels, or narrows it where `px` is negative."""
    mask = state.masked(name)
    box = mask_box(mask).expand(abs(px) + 1).intersect(state.size.rect)
    return _replaced(state, name, box, shapes.grow(mask.read(box)[..., 0], px)) if not box.empty else state


def feather(state: DocumentState, name: MaskName, px: float) -> DocumentState:
    """Softens the mask's edge over about `px` pixels to both sides."""
    mask = state.masked(name)
    box = mask_box(mask).expand(round(2 * px) + 1).intersect(state.size.rect)
    return _replaced(state, name, box, shapes.feather(mask.read(box)[..., 0], px)) if not box.empty else state


def fill_rect(state: DocumentState, name: MaskName, rect: Rect, *, erase: bool = False) -> DocumentState:
    box = rect.intersect(state.size.rect)
    return _laid(state, name, box, np.full((box.height, box.width), 255, np.uint8), erase=erase)


def fill_ellipse(state: DocumentState, name: MaskName, rect: Rect, *, erase: bool = False) -> DocumentState:
    """Lays the ellipse that fills `rect`, which may reach beyond the picture."""
    box = rect.expand(1).intersect(state.size.rect)
    edges = rect.shift(-box.left, -box.top)
    cover = shapes.ellipse((box.height, box.width), edges.left, edges.top, edges.right, edges.bottom)
    return _laid(state, name, box, cover, erase=erase)


def fill_polygon(
    state: DocumentState, name: MaskName, points: Sequence[tuple[float, float]], *, erase: bool = False
) -> DocumentState:
    """Lays the area inside a closed line through points in image pixels."""
    if not points:
        return state
    xs, ys = [x for x, _ in points], [y for _, y in points]
    box = Rect(int(min(xs)) - 1, int(min(ys)) - 1, int(max(xs)) + 2, int(max(ys)) + 2).intersect(state.size.rect)
    if box.empty:
        return state
    cover = shapes.polygon((box.height, box.width), [(x - box.left, y - box.top) for x, y in points])
    return _laid(state, name, box, cover, erase=erase)


def _laid(state: DocumentState, name: MaskName, box: Rect, cover: Mask8, *, erase: bool = False) -> DocumentState:
    """Joins a shape with the mask as a dab of the brush would."""
    writer = state.masked(name).write()
    for part, target in writer.parts(box):
        shape = cover[part.shift(-box.left, -box.top).slices]
        mask = target[..., 0]
        mask[...] = np.minimum(mask, 255 - shape) if erase else np.maximum(mask, shape)
    return state.with_mask(name, writer.freeze())


def _replaced(state: DocumentState, name: MaskName, box: Rect, values: Mask8) -> DocumentState:
    writer = state.masked(name).write()
    writer.write(box, values[..., None])
    return state.with_mask(name, writer.freeze())
