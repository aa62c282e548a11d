"""Tile maps as entries of a project file: exact to the bit, also under a mask, and only the tiles that are there."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any
from zipfile import ZipFile

import numpy as np
import zstandard

from editor.core.geometry import Size, tile_rect
from editor.core.tiles import Tile, TileMap

_ZSTD_LEVEL = 1


def write_tiles(archive: ZipFile, name: str, tiles: TileMap) -> dict[str, Any]:
    """Stores the map as entry `name`, each tile a zstd frame of little-endian values; returns its description."""
    compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL)
    little = tiles.dtype.newbyteorder("<")
    listed = []
    with archive.open(name, "w", force_zip64=True) as entry:
        for (column, row), tile in sorted(tiles.tiles.items()):
            packed = compressor.compress(tile.pixels.astype(little, copy=False).tobytes())
            entry.write(packed)
            listed.append([column, row, len(packed)])
    return {"entry": name, "channels": tiles.channels, "dtype": tiles.dtype.name, "tiles": listed}


def read_tiles(archive: ZipFile, described: dict[str, Any], size: Size) -> TileMap:
    """The map as it was. Raises ValueError, KeyError or ZstdError where the entry is damaged."""
    channels, dtype = int(described["channels"]), np.dtype(str(described["dtype"]))
    if channels not in (1, 2, 3, 4) or dtype not in (np.uint8, np.uint16, np.float32):
        raise ValueError(f"unknown tiles {channels} x {dtype}")
    tiles = {}
    engine = zstandard.ZstdDecompressor()
    with archive.open(str(described["entry"])) as entry:
        for column, row, length in described["tiles"]:
            rect = tile_rect((int(column), int(row)), size)
            if rect.empty or column < 0 or row < 0:
                raise ValueError("a tile outside the picture")
            shape = (rect.height, rect.width, channels)
            nbytes = math.prod(shape) * dtype.itemsize
            packed = entry.read(int(length))
            if zstandard.frame_content_size(packed) != nbytes:
                raise ValueError("a tile of the wrong size")
            raw = engine.decompress(packed)
            pixels = np.frombuffer(raw, dtype.newbyteorder("<")).reshape(shape).astype(dtype)
            tiles[int(column), int(row)] = Tile(pixels)
        if entry.read(1):
            raise ValueError("more tiles than were described")
    return TileMap(size, channels, dtype, MappingProxyType(tiles))
