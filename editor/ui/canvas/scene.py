"""What the canvas shows, without the widget: a picture, masks over it, and the part of them that is in view."""

from __future__ import annotations

import time
from collections.abc import Iterator

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QPainter

from editor.core.document import MASKS, DocumentState, MaskName
from editor.core.geometry import EMPTY, Rect, Size
from editor.core.tiles import TileMap, TileWriter
from editor.ui import theme
from editor.ui.canvas.grid import BLOCK_PX, Viewport
from editor.ui.canvas.overlay import Overlay
from editor.ui.canvas.picture import Picture
from editor.ui.canvas.plane import Plane

INCLUDE_COLOUR = QColor(60, 200, 90)
EXCLUDE_COLOUR = QColor(235, 40, 40)
GLOW_COLOUR = QColor(255, 255, 255)


class Scene:
    """A document as seen through a viewport.

    shown: the state whose pixels are shown; masks: the state whose masks are (the session's, also while a candidate or
    the original is shown).
    """

    def __init__(self, state: DocumentState, viewport: Viewport, tint: QColor) -> None:
        self.masks = state
        self.viewport = viewport
        self.masks_visible = True
        self.divider = 0.5
        self._picture = Picture(state)
        self._left: Picture | None = None
        self._glow: Overlay | None = None
        self._colours: dict[MaskName, QColor] = {"mask": tint, "include": INCLUDE_COLOUR, "exclude": EXCLUDE_COLOUR}
        self._overlays: dict[MaskName, Overlay] = {}
        self.show_masks(state)

    @property
    def shown(self) -> DocumentState:
        return self._picture.state

    @property
    def size(self) -> Size:
        return self._picture.state.size

    @property
    def split(self) -> bool:
        return self._left is not None

    def show(self, state: DocumentState) -> None:
        """Shows another state's pixels."""
        self._picture.show(state)

    def show_masks(self, state: DocumentState) -> None:
        """Shows another state's masks and ends a preview."""
        same_size = state.size == self.masks.size
        self.masks = state
        for name in MASKS:
            mask, overlay = state.masked(name), self._overlays.get(name)
            if overlay is not None and same_size:
                overlay.show(mask)
            elif mask.empty:
                self._overlays.pop(name, None)
            else:
                self._overlays[name] = self._overlay(name, mask)

    def show_left(self, state: DocumentState | None) -> None:
        """Shows another state to the left of the divider; None ends it."""
        if state is None or state.size != self.size:
            self._left = None
        elif self._left is None:
            self._left = self._picture.twin(state)
        else:
            self._left.show(state)

    def preview(self, name: MaskName, writer: TileWriter, dirty: Rect) -> Rect:
        """Shows an unfinished mask; returns the device pixels of the view that change."""
        if dirty.empty:
            return EMPTY
        overlay = self._overlays.get(name)
        if overlay is None:
            overlay = self._overlays[name] = self._overlay(name, self.masks.masked(name))
        overlay.preview(writer, dirty)
        return self.viewport.view_rect(dirty.expand(1 << self.viewport.scale.level))

    def end_preview(self) -> Rect:
        """Back to the finished masks; returns the device pixels of the view that change."""
        changed = EMPTY
        for overlay in self._overlays.values():
            changed = changed.union(overlay.end_preview())
        return self.viewport.view_rect(changed.expand(1 << self.viewport.scale.level)) if not changed.empty else EMPTY

    def set_tint(self, colour: QColor) -> None:
        self._colours["mask"] = colour
        if (overlay := self._overlays.get("mask")) is not None:
            overlay.set_colour(colour)

    def draw(self) -> None:
        """Makes what is in view presentable; call it before `paint`."""
        blocks = self._lay_out()
        if self._left is not None:
            self._left.draw(self._left_blocks(blocks))
        left = self._picture.draw(blocks)
        for overlay in (*self._shown_overlays(), *self._glows()):
            left = overlay.draw(overlay.inside(blocks), left)

    def refine(self, until: float) -> Rect | None:
        """Goes on with what was left rough or not yet made, until a time.perf_counter().

        Returns:
            The device pixels of the view that changed (empty if none did yet), or None when nothing is left to do.
        """
        blocks = self._lay_out()
        overlays = (*self._shown_overlays(), *self._glows())
        parts: list[tuple[Plane, Rect]] = [(self._picture, blocks)]
        if self._left is not None:
            parts.append((self._left, self._left_blocks(blocks)))
        parts += [(overlay, overlay.inside(blocks)) for overlay in overlays]
        changed, busy = EMPTY, False
        for plane, part in parts:
            if plane.rough(part):
                busy = True
                changed = changed.union(_device(plane.refine(part, until)))
        if busy:
            return changed.shift(-self.viewport.left, -self.viewport.top)
        ready = all(plane.pyramid.build(until=until) for plane in (self._picture, *overlays))
        return None if ready else EMPTY

    def settle(self) -> None:
        """Draws everything exactly, however long it takes."""
        self.draw()
        while self.refine(time.perf_counter() + 1) is not None:
            pass

    def paint(self, painter: QPainter, rect: Rect) -> None:
        """Draws device pixels `rect` of the view."""
        viewport = self.viewport
        dx, dy = -viewport.left, -viewport.top
        picture = viewport.scale.raster(self.size).rect.shift(dx, dy)
        _surround(painter, rect, picture)
        inside = rect.intersect(picture)
        if inside.empty:
            return
        edge = self.divider_x if self._left is not None else rect.left
        if self._left is not None:
            left = inside.intersect(Rect(rect.left, rect.top, edge, rect.bottom))
            self._left.ring.paint(painter, left.shift(-dx, -dy), dx, dy)
        right = inside.intersect(Rect(edge, rect.top, rect.right, rect.bottom))
        self._picture.ring.paint(painter, right.shift(-dx, -dy), dx, dy)
        for overlay in self._shown_overlays():
            overlay.paint(painter, inside.shift(-dx, -dy), dx, dy)

    def set_glow(self, on: bool) -> None:
        """Keeps the mask as it is now in white, for `glow`."""
        mask = self.masks.mask
        self._glow = Overlay(mask, GLOW_COLOUR) if on and not mask.empty and self.masks.size == self.size else None

    def glow(self, painter: QPainter, rect: Rect) -> None:
        """Lays the white mask over device pixels `rect` of the view."""
        for glow in self._glows():
            dx, dy = -self.viewport.left, -self.viewport.top
            inside = rect.intersect(self.viewport.scale.raster(self.size).rect.shift(dx, dy))
            glow.paint(painter, inside.shift(-dx, -dy), dx, dy)

    @property
    def divider_x(self) -> int:
        """Where the divider of a split stands, in device pixels of the view."""
        return round(self.divider * self.viewport.width)

    def _overlay(self, name: MaskName, mask: TileMap) -> Overlay:
        # Hatched, or an area never to copy from would look like a mask in the usual red.
        return Overlay(mask, self._colours[name], hatched=name != "mask")

    def _shown_overlays(self) -> Iterator[Overlay]:
        if self.masks_visible and self.masks.size == self.size:
            yield from (self._overlays[name] for name in MASKS if name in self._overlays)

    def _glows(self) -> Iterator[Overlay]:
        if self._glow is not None and self._glow.size == self.size:
            yield self._glow

    def _lay_out(self) -> Rect:
        """Makes room for the blocks in view; returns them."""
        viewport = self.viewport
        columns, rows = -(-viewport.width // BLOCK_PX) + 1, -(-viewport.height // BLOCK_PX) + 1
        for part in (self._picture, self._left, self._glow, *self._overlays.values()):
            if part is not None:
                part.lay_out(viewport.scale, columns, rows)
        return viewport.blocks(self.size)

    def _left_blocks(self, blocks: Rect) -> Rect:
        end = (self.divider_x + self.viewport.left) // BLOCK_PX + 1
        return Rect(blocks.left, blocks.top, max(blocks.left, min(blocks.right, end)), blocks.bottom)


def _device(blocks: Rect) -> Rect:
    return Rect(*(edge * BLOCK_PX for edge in (blocks.left, blocks.top, blocks.right, blocks.bottom)))


def _surround(painter: QPainter, rect: Rect, picture: Rect) -> None:
    """Fills what lies around the picture."""
    inner = rect.intersect(picture)
    if inner.empty:
        parts = [rect]
    else:
        parts = [
            Rect(rect.left, rect.top, rect.right, inner.top),
            Rect(rect.left, inner.bottom, rect.right, rect.bottom),
            Rect(rect.left, inner.top, inner.left, inner.bottom),
            Rect(inner.right, inner.top, rect.right, inner.bottom),
        ]
    for part in parts:
        if not part.empty:
            painter.fillRect(QRect(part.left, part.top, part.width, part.height), theme.SURROUND)
