"""Where the picture lies in the view: zoom steps, blocks, and the way from screen to image and back.

Everything here counts in device pixels. The picture at one zoom is a raster of its own whose first pixel is the
picture's corner; the view is a window on it at a whole-pixel offset, so that panning never samples anew.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

from editor.core.geometry import Rect, Size, TileKey, tile_rect

BLOCK_PX = 96
"""The raster is cut into squares of this side. A block always shows a whole number of pixels of a pyramid level, so
that each can be sampled by itself and still fits its neighbours exactly. 96 makes 33, 67, 75, 150 and 300 % exact."""

_MANY_TILES = 32

MAX_LEVEL = 8
MIN_ZOOM = 1 / (1 << MAX_LEVEL)
MAX_ZOOM = 32.0

STOPS = (
    *(1 / 256, 1 / 128, 1 / 64, 1 / 48, 1 / 32, 1 / 24, 1 / 16, 1 / 12, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3),
    *(1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0),
)
"""What the zoom keys step through."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A zoom that blocks fit into: a block shows `source_px` x `source_px` pixels of pyramid level `level`.

    Level n has the picture at 1 / 2**n. Below 100 % source_px is BLOCK_PX to 2 * BLOCK_PX - 1; above, level is 0.
    """

    level: int
    source_px: int

    @classmethod
    def near(cls, zoom: float) -> Scale:
        """The one next to `zoom`, which is cut to MIN_ZOOM..MAX_ZOOM."""
        level, source_px = _level_and_source(zoom)
        return cls._carried(level, round(source_px))

    @classmethod
    def at_most(cls, zoom: float) -> Scale:
        """The largest that is no larger than `zoom`."""
        level, source_px = _level_and_source(zoom)
        return cls._carried(level, math.ceil(source_px - 1e-9))

    @classmethod
    def _carried(cls, level: int, source_px: int) -> Scale:
        if source_px >= 2 * BLOCK_PX and level < MAX_LEVEL:
            return cls(level + 1, BLOCK_PX)
        return cls(level, source_px)

    @property
    def zoom(self) -> float:
        """Device pixels per image pixel."""
        return BLOCK_PX / self.image_px

    @property
    def image_px(self) -> int:
        """Image pixels along a block's side."""
        return self.source_px << self.level

    def raster(self, size: Size) -> Size:
        """The whole picture in device pixels; the last ones may be covered in part."""
        return Size(math.ceil(size.width * self.zoom - 1e-6), math.ceil(size.height * self.zoom - 1e-6))

    def blocks_of(self, rect: Rect) -> Rect:
        """The blocks that show any of an image rectangle, in columns and rows of blocks."""
        side = self.image_px
        return Rect(rect.left // side, rect.top // side, -(-rect.right // side), -(-rect.bottom // side))

    def blocks_of_tiles(self, keys: Collection[TileKey], size: Size) -> list[Rect]:
        """The blocks that change with these tiles; one box around all where there are many."""
        if len(keys) > _MANY_TILES:
            columns, rows = zip(*keys, strict=True)
            corners = (min(columns), min(rows)), (max(columns), max(rows))
            rects = [tile_rect(corners[0], size).union(tile_rect(corners[1], size))]
        else:
            rects = [tile_rect(key, size) for key in keys]
        # A neighbour's pixel of the level shown may be mixed in at a block's edge.
        return [self.blocks_of(rect.expand(1 << self.level)) for rect in rects]

    def image_of(self, blocks: Rect) -> Rect:
        """The image pixels that blocks show; may reach beyond the picture."""
        side = self.image_px
        return Rect(blocks.left * side, blocks.top * side, blocks.right * side, blocks.bottom * side)


def _level_and_source(zoom: float) -> tuple[int, float]:
    zoom = min(max(zoom, MIN_ZOOM), MAX_ZOOM)
    level = min(MAX_LEVEL, max(0, math.floor(math.log2(1 / zoom) + 1e-9)))
    return level, BLOCK_PX / (zoom * (1 << level))


@dataclass(frozen=True, slots=True)
class Viewport:
    """A window of `width` x `height` device pixels on the raster, whose corner lies at (left, top) there."""

    scale: Scale
    left: int
    top: int
    width: int
    height: int

    @classmethod
    def fitted(cls, size: Size, width: int, height: int) -> Viewport:
        """The whole picture in the middle, as large as it fits, but never above 100 %."""
        scale = Scale.at_most(min(width / size.width, height / size.height, 1.0))
        raster = scale.raster(size)
        return cls(scale, (raster.width - width) // 2, (raster.height - height) // 2, width, height)

    @property
    def rect(self) -> Rect:
        """The view's part of the raster."""
        return Rect(self.left, self.top, self.left + self.width, self.top + self.height)

    @property
    def middle(self) -> tuple[float, float]:
        """The view's centre, in device pixels of the view."""
        return self.width / 2, self.height / 2

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """The image point at a device pixel of the view."""
        return (x + self.left) / self.scale.zoom, (y + self.top) / self.scale.zoom

    def to_view(self, x: float, y: float) -> tuple[float, float]:
        """The device pixel of the view at an image point."""
        return x * self.scale.zoom - self.left, y * self.scale.zoom - self.top

    def view_rect(self, rect: Rect) -> Rect:
        """The device pixels of the view that an image rectangle touches."""
        zoom = self.scale.zoom
        return Rect(
            math.floor(rect.left * zoom),
            math.floor(rect.top * zoom),
            math.ceil(rect.right * zoom),
            math.ceil(rect.bottom * zoom),
        ).shift(-self.left, -self.top)

    def image_rect(self, size: Size) -> Rect:
        """The image pixels in view, also those seen in part."""
        left, top = self.to_image(0, 0)
        right, bottom = self.to_image(self.width, self.height)
        return Rect(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)).intersect(size.rect)

    def blocks(self, size: Size) -> Rect:
        """The blocks in view, in columns and rows of blocks."""
        seen = self.rect.intersect(self.scale.raster(size).rect)
        return Rect(
            seen.left // BLOCK_PX, seen.top // BLOCK_PX, -(-seen.right // BLOCK_PX), -(-seen.bottom // BLOCK_PX)
        )

    def placed(self, scale: Scale, image: tuple[float, float], x: float, y: float) -> Viewport:
        """Another zoom with an image point at device pixel (x, y) of the view."""
        return replace(self, scale=scale, left=round(image[0] * scale.zoom - x), top=round(image[1] * scale.zoom - y))

    def panned(self, dx: int, dy: int) -> Viewport:
        """The picture moved by device pixels to the right and down."""
        return replace(self, left=self.left - dx, top=self.top - dy)

    def resized(self, width: int, height: int) -> Viewport:
        """A view of another size with the same image point in its middle."""
        left = self.left + (self.width - width) // 2
        return replace(self, left=left, top=self.top + (self.height - height) // 2, width=width, height=height)

    def held(self, size: Size) -> Viewport:
        """Moved as little as it takes for the view's middle to lie on the picture, so that it cannot get lost."""
        raster = self.scale.raster(size)
        half_width, half_height = self.width // 2, self.height // 2
        return replace(
            self,
            left=min(max(self.left, -half_width), raster.width - half_width),
            top=min(max(self.top, -half_height), raster.height - half_height),
        )
