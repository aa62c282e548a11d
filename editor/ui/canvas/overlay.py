"""A mask as blocks of device pixels: a translucent tint, premultiplied, as soft as the mask."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter

from editor.core.geometry import EMPTY, TILE_PX, Rect, TileKey, tile_keys
from editor.core.tiles import TileMap, TileWriter
from editor.ui.canvas.cover import Cover, CoverPyramid
from editor.ui.canvas.grid import BLOCK_PX, MAX_LEVEL
from editor.ui.canvas.plane import Plane
from editor.ui.canvas.raster import Bytes, resize
from editor.ui.canvas.ring import Quality, largest
from editor.ui.canvas.sampling import covered, sample

_STRENGTH = 0.5
_TINTING = 1.5
_STRIPES_PX = 12  # divides BLOCK_PX


class _Source:
    """What the pyramid reads: a finished mask, or the one being painted. By itself, as in a Picture."""

    def __init__(self, mask: TileMap) -> None:
        self.mask = mask
        self.writer: TileWriter | None = None

    def full(self, rect: Rect) -> Bytes:
        return self.mask.read(rect) if self.writer is None else self.writer.read(rect)


class Overlay(Plane):
    """One mask, finished or being painted (ARGB32, premultiplied); only its box is ever drawn."""

    image_format = QImage.Format.Format_ARGB32_Premultiplied

    def __init__(self, mask: TileMap, colour: QColor, *, hatched: bool = False) -> None:
        self._source = _Source(mask)
        self._hatched = hatched
        self._touched: set[TileKey] = set()
        self.bounds = mask.bounds
        self._set_table(colour)
        # Blocks that are not drawn since they are all tinted (or not at all), and whether they are.
        self._flat = EMPTY
        self._flat_tinted = False
        self._cover = CoverPyramid(mask, self._source.full)
        super().__init__(self._cover)

    def set_colour(self, colour: QColor) -> None:
        self._set_table(colour)
        self.ring.forget()

    def show(self, mask: TileMap) -> None:
        """Goes to another mask of the same size; ends a preview."""
        self._cover.painting = False
        keys = self._touched | mask.differing(self._source.mask)
        self.pyramid.invalidate(keys)
        for blocks in self.scale.blocks_of_tiles(keys, mask.size):
            self.ring.forget(blocks)
        self._source.mask, self._source.writer, self._touched = mask, None, set()
        self.bounds = mask.bounds

    def preview(self, writer: TileWriter, dirty: Rect) -> None:
        """Shows what is in `writer`, which changed within `dirty`."""
        self._source.writer = writer
        self._cover.painting = True
        keys = set(tile_keys(dirty))
        self._touched |= keys
        self.pyramid.invalidate(keys)
        self.ring.forget(self.scale.blocks_of(dirty.expand(1 << self.scale.level)))
        self.bounds = self.bounds.union(dirty)

    def end_preview(self) -> Rect:
        """Back to the finished mask; returns what was shown of the other, in image pixels."""
        if self._source.writer is None:
            return EMPTY
        shown = self.bounds
        self.show(self._source.mask)
        return shown

    def inside(self, blocks: Rect) -> Rect:
        """The part of `blocks` that may show any of the mask."""
        return blocks.intersect(self.scale.blocks_of(self.bounds))

    def wanting(self, blocks: Rect, quality: Quality) -> NDArray[np.bool_]:
        missing = super().wanting(blocks, quality)
        self._flat, self._flat_tinted = self._find_flat(blocks)
        if not self._flat.empty:
            inside = self._flat.shift(-blocks.left, -blocks.top).slices
            # What was drawn roughly before its tiles were known is drawn again, or nobody would show it anew.
            missing[inside] &= ~self.ring.wanting(self._flat, Quality.ROUGH)
        return missing

    def _find_flat(self, blocks: Rect) -> tuple[Rect, bool]:
        """The largest rectangle within `blocks` where the mask is all on or all off, and whether it is on."""
        if blocks.empty:
            return EMPTY, False
        scale = self.scale
        covers = self._cover.covers(blocks, scale.image_px, 1 << scale.level)
        on, off = covers == Cover.ON, covers == Cover.OFF
        # A hatched mask is nowhere the same.
        tinted = not self._hatched and bool(np.count_nonzero(on) > np.count_nonzero(off))
        return largest(on if tinted else off, blocks.left, blocks.top), tinted

    def work(self, blocks: Rect) -> float:
        stale = (
            self.pyramid.stale_tiles(self.scale.image_of(blocks).intersect(self.size.rect)) if self.scale.level else 0
        )
        return _TINTING * blocks.area * BLOCK_PX**2 + stale * TILE_PX**2

    def fill(self, blocks: Rect, quality: Quality, out: Bytes) -> None:
        level = self.scale.level
        if quality == Quality.EXACT:
            cover = np.empty((*out.shape[:2], 1), np.uint8)
            read = partial(self.pyramid.read, level)
            sample(read, self.pyramid.size_of(level), self.scale, blocks, cover)
            for top in range(0, len(out), BLOCK_PX):
                # In parts that fit into the processor's cache.
                out[top : top + BLOCK_PX] = self._tinted(cover[top : top + BLOCK_PX])
        else:
            # Tinted while it is small, then enlarged: the tinting is what takes the time.
            level = min(level + 1, MAX_LEVEL)
            few = covered(partial(self.pyramid.read, level), self.pyramid.size_of(level), level, self.scale, blocks)
            resize(self._tinted(few), cv2.INTER_NEAREST_EXACT, out)
        if self._hatched:
            _hatch(out)

    def paint(self, painter: QPainter, rect: Rect, dx: int, dy: int) -> None:
        """Draws the device pixels `rect` of the raster, moved by (dx, dy)."""
        inside = rect.intersect(_device(self.scale.blocks_of(self.bounds)))
        flat = inside.intersect(_device(self._flat))
        for part in _around(flat, inside):
            self.ring.paint(painter, part, dx, dy)
        if self._flat_tinted and not flat.empty:
            painter.fillRect(QRect(flat.left + dx, flat.top + dy, flat.width, flat.height), self._full_tint)

    def _set_table(self, colour: QColor) -> None:
        self._words = _table(colour)
        # Two pixels at once take half the time.
        self._pairs = (self._words[:, None].astype(np.uint64) << np.uint64(32) | self._words).ravel()
        self._full_tint = _as_colour(int(self._words[255]))

    def _tinted(self, cover: Bytes) -> Bytes:
        """Coverages H x W x 1 as premultiplied BGRA."""
        flat = cover.reshape(-1)
        if flat.size % 2:
            words = self._words.take(flat, mode="clip")
        else:
            words = self._pairs.take(flat.view(np.uint16), mode="clip").view(np.uint32)
        return words.view(np.uint8).reshape(*cover.shape[:2], 4)


def _table(colour: QColor) -> NDArray[np.uint32]:
    """The premultiplied ARGB word for each of the 256 coverages."""
    alpha = np.arange(256) * _STRENGTH
    parts = [np.rint(alpha * part / 255).astype(np.uint32) for part in (colour.red(), colour.green(), colour.blue())]
    words: NDArray[np.uint32] = np.rint(alpha).astype(np.uint32) << 24 | parts[0] << 16 | parts[1] << 8 | parts[2]
    return words


def _as_colour(word: int) -> QColor:
    """A colour that Qt premultiplies to just this word, which the tint itself would miss by one at times."""
    alpha = word >> 24
    red, green, blue = (round((word >> shift & 255) / alpha * 255) for shift in (16, 8, 0))
    return QColor(red, green, blue, alpha)


def _device(blocks: Rect) -> Rect:
    return Rect(*(edge * BLOCK_PX for edge in blocks))


def _around(hole: Rect, rect: Rect) -> list[Rect]:
    """`rect` without `hole`, which lies in it or is empty."""
    if hole.empty:
        return [rect]
    return [
        Rect(rect.left, rect.top, rect.right, hole.top),
        Rect(rect.left, hole.bottom, rect.right, rect.bottom),
        Rect(rect.left, hole.top, hole.left, hole.bottom),
        Rect(hole.right, hole.top, rect.right, hole.bottom),
    ]


def _hatch(pixels: Bytes) -> None:
    """Halves the tint in slanting stripes, which go on from block to block."""
    ys, xs = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
    pixels[(xs + ys) % _STRIPES_PX < _STRIPES_PX // 2] >>= 1
