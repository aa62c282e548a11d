"""Pixels in tiles of 256 x 256 that are never changed once frozen, so that states can share them.

A `TileMap` is a picture (or mask) as a value; editing goes through a `TileWriter`, which copies a tile when it is first
touched. What two maps differ in is found by comparing tiles by identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from editor.core.geometry import EMPTY, TILE_PX, Rect, Size, TileKey, tile_keys, tile_rect

Pixels = NDArray[Any]
"""H x W x C, uint8, uint16 or float32."""


class Tile:
    """The frozen pixels of one tile, in memory or, once a store holds them too, on disk only."""

    __slots__ = ("_load", "_pixels", "nbytes")

    def __init__(self, pixels: Pixels) -> None:
        pixels.flags.writeable = False
        self._pixels: Pixels | None = pixels
        self._load: Callable[[], Pixels] | None = None
        self.nbytes = pixels.nbytes

    @classmethod
    def on_disk(cls, load: Callable[[], Pixels], nbytes: int) -> Tile:
        """A tile that is read by `load` when it is first looked at."""
        tile = cls.__new__(cls)
        tile._pixels, tile._load, tile.nbytes = None, load, nbytes
        return tile

    @property
    def pixels(self) -> Pixels:
        """H x W x C, read-only. Raises StoreError if the disk no longer gives them back."""
        pixels = self._pixels
        if pixels is None:
            assert self._load is not None, "a tile leaves memory only when a store holds it"
            pixels = self._load()
            pixels.flags.writeable = False
            self._pixels = pixels
        return pixels

    @property
    def resident(self) -> bool:
        return self._pixels is not None

    @property
    def stored(self) -> bool:
        return self._load is not None

    def back(self, load: Callable[[], Pixels]) -> None:
        """Tells the tile that a store holds it and how to get it back."""
        self._load = load

    def release(self) -> bool:
        """Drops the pixels from memory if a store holds them; says whether it did."""
        if self._load is None or self._pixels is None:
            return False
        self._pixels = None
        return True


@dataclass(frozen=True, eq=False, slots=True)
class TileMap:
    """A picture of `size` with `channels` values of `dtype` a pixel; a missing tile is all zero."""

    size: Size
    channels: int
    dtype: np.dtype[Any]
    tiles: Mapping[TileKey, Tile] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def blank(cls, size: Size, channels: int, dtype: DTypeLike) -> TileMap:
        return cls(size, channels, np.dtype(dtype))

    @classmethod
    def from_array(cls, pixels: Pixels) -> TileMap:
        """A map of all of `pixels` (H x W x C), copied."""
        size = Size(pixels.shape[1], pixels.shape[0])
        tiles = {key: Tile(pixels[tile_rect(key, size).slices].copy()) for key in tile_keys(size.rect)}
        return cls(size, pixels.shape[2], pixels.dtype, MappingProxyType(tiles))

    def read(self, rect: Rect) -> Pixels:
        """A fresh, writable copy of the pixels of `rect`, H x W x C. Raises ValueError if it leaves the picture."""
        return _gather(self.size, self.channels, self.dtype, rect, lambda key: _pixels_of(self.tiles.get(key)))

    def write(self) -> TileWriter:
        return TileWriter(self)

    def differing(self, other: TileMap) -> set[TileKey]:
        """The keys of the tiles that are not one and the same in both maps."""
        if self.tiles is other.tiles:
            return set()
        mine, theirs = self.tiles, other.tiles
        return {key for key in mine.keys() | theirs.keys() if mine.get(key) is not theirs.get(key)}

    @property
    def empty(self) -> bool:
        """Whether every value is zero: tiles of zeros are dropped when they are frozen by a writer."""
        return not self.tiles

    @property
    def bounds(self) -> Rect:
        """The box around all tiles that are there, to the tile."""
        if not self.tiles:
            return EMPTY
        columns, rows = zip(*self.tiles, strict=True)
        return tile_rect((min(columns), min(rows)), self.size).union(tile_rect((max(columns), max(rows)), self.size))

    @property
    def nbytes(self) -> int:
        return sum(tile.nbytes for tile in self.tiles.values())


class TileWriter:
    """A writable twin of a map: tiles are copied when first touched, `freeze` makes the new map."""

    def __init__(self, base: TileMap) -> None:
        self.base = base
        self._open: dict[TileKey, Pixels] = {}

    def pixels(self, key: TileKey) -> Pixels:
        """The tile's pixels, H x W x C, to be changed in place."""
        pixels = self._open.get(key)
        if pixels is None:
            frozen = self.base.tiles.get(key)
            if frozen is not None:
                pixels = frozen.pixels.copy()
            else:
                rect = tile_rect(key, self.base.size)
                pixels = np.zeros((rect.height, rect.width, self.base.channels), self.base.dtype)
            self._open[key] = pixels
        return pixels

    def parts(self, rect: Rect) -> Iterator[tuple[Rect, Pixels]]:
        """The part of `rect` in each tile with a writable view of its pixels; `rect` is cut to the picture."""
        for part, key, inside in _parts(rect.intersect(self.base.size.rect)):
            yield part, self.pixels(key)[inside.slices]

    def write(self, rect: Rect, pixels: Pixels) -> None:
        """Puts `pixels` (H x W x C) at `rect`, which must lie inside the picture."""
        for part, target in self.parts(rect):
            target[...] = pixels[part.shift(-rect.left, -rect.top).slices]

    def read(self, rect: Rect) -> Pixels:
        """A copy of the pixels of `rect` with what was written so far."""

        def look_up(key: TileKey) -> Pixels | None:
            written = self._open.get(key)
            return written if written is not None else _pixels_of(self.base.tiles.get(key))

        return _gather(self.base.size, self.base.channels, self.base.dtype, rect, look_up)

    def freeze(self) -> TileMap:
        """The new map. Tiles that ended up all zero are left out; the writer must not be used after."""
        tiles = dict(self.base.tiles)
        for key, pixels in self._open.items():
            if pixels.any():
                tiles[key] = Tile(pixels)
            else:
                tiles.pop(key, None)
        return TileMap(self.base.size, self.base.channels, self.base.dtype, MappingProxyType(tiles))


def _pixels_of(tile: Tile | None) -> Pixels | None:
    return tile.pixels if tile is not None else None


def _parts(rect: Rect) -> Iterator[tuple[Rect, TileKey, Rect]]:
    """For each tile under a rectangle of the picture: the shared part, the key, the part in the tile's own pixels."""
    for key in tile_keys(rect):
        left, top = key[0] * TILE_PX, key[1] * TILE_PX
        part = rect.intersect(Rect(left, top, left + TILE_PX, top + TILE_PX))
        yield part, key, part.shift(-left, -top)


def _gather(
    size: Size,
    channels: int,
    dtype: np.dtype[Any],
    rect: Rect,
    look_up: Callable[[TileKey], Pixels | None],
) -> Pixels:
    if not size.rect.contains(rect):
        raise ValueError(f"{rect} leaves the picture of {size.width} x {size.height}")
    out = np.zeros((rect.height, rect.width, channels), dtype)
    for part, key, inside in _parts(rect):
        pixels = look_up(key)
        if pixels is not None:
            out[part.shift(-rect.left, -rect.top).slices] = pixels[inside.slices]
    return out
