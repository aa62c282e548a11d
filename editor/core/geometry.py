"""Integer rectangles in image pixels, half-open: a pixel (x, y) lies inside if left <= x < right.

The centre of pixel (0, 0) is at (0.5, 0.5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

TILE_PX = 256

TileKey = tuple[int, int]
"""Column and row of a tile: tile (c, r) starts at pixel (c * TILE_PX, r * TILE_PX)."""


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels, both at least 1."""

    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a picture needs at least one pixel, got {self.width} x {self.height}")

    @property
    def rect(self) -> Rect:
        return Rect(0, 0, self.width, self.height)


class Rect(NamedTuple):
    """A half-open rectangle; empty when it has no width or no height.

    A tuple because a frame of the canvas makes thousands of them, and a frozen dataclass takes three times as long.
    """

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return max(0, self.right - self.left)

    @property
    def height(self) -> int:
        return max(0, self.bottom - self.top)

    @property
    def area(self) -> int:
        return self.width * self.height

    @property
    def empty(self) -> bool:
        return self.right <= self.left or self.bottom <= self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of this rectangle in an array whose first two axes are y and x."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def intersect(self, other: Rect) -> Rect:
        # Without min and max, whose calls take longer than all the rest.
        left, top, right, bottom = self
        other_left, other_top, other_right, other_bottom = other
        return Rect(
            left if left > other_left else other_left,
            top if top > other_top else other_top,
            right if right < other_right else other_right,
            bottom if bottom < other_bottom else other_bottom,
        )

    def union(self, other: Rect) -> Rect:
        """The smallest rectangle around both; an empty one adds nothing."""
        if self.empty:
            return other
        if other.empty:
            return self
        return Rect(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def expand(self, margin_px: int) -> Rect:
        return Rect(
            self.left - margin_px,
            self.top - margin_px,
            self.right + margin_px,
            self.bottom + margin_px,
        )

    def shift(self, dx: int, dy: int) -> Rect:
        left, top, right, bottom = self
        return Rect(left + dx, top + dy, right + dx, bottom + dy)

    def contains(self, other: Rect) -> bool:
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )


EMPTY = Rect(0, 0, 0, 0)


def tile_keys(rect: Rect) -> Iterator[TileKey]:
    """The keys of all tiles that `rect` touches, row by row."""
    if rect.empty:
        return
    for row in range(rect.top // TILE_PX, (rect.bottom - 1) // TILE_PX + 1):
        for column in range(rect.left // TILE_PX, (rect.right - 1) // TILE_PX + 1):
            yield column, row


def tile_rect(key: TileKey, size: Size) -> Rect:
    """The pixels of a tile; tiles at the right and bottom edge are cut to the picture."""
    left, top = key[0] * TILE_PX, key[1] * TILE_PX
    return Rect(left, top, left + TILE_PX, top + TILE_PX).intersect(size.rect)
