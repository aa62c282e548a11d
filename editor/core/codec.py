"""How states become rows of a journal and back: the tables, and what is shared is written once."""

from __future__ import annotations

import json
import sqlite3
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import zstandard

from editor.core.errors import StoreError
from editor.core.geometry import TileKey
from editor.core.history import Step
from editor.core.i18n import _
from editor.core.layers import Layer
from editor.core.metadata import Metadata
from editor.core.tiles import Pixels, Tile, TileMap

FORMAT = 1

SCHEMA = """
CREATE TABLE IF NOT EXISTS info (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS steps (id INTEGER PRIMARY KEY, parent INTEGER, label TEXT, time REAL, record TEXT,
    state TEXT, visited INTEGER);
CREATE TABLE IF NOT EXISTS layers (id INTEGER PRIMARY KEY, data TEXT);
CREATE TABLE IF NOT EXISTS maps (id INTEGER PRIMARY KEY, width INTEGER, height INTEGER, channels INTEGER, dtype TEXT,
    tiles BLOB);
CREATE TABLE IF NOT EXISTS metadata (id INTEGER PRIMARY KEY, icc BLOB, exif BLOB, xmp BLOB, iptc BLOB);
CREATE TABLE IF NOT EXISTS tiles (id INTEGER PRIMARY KEY, codec INTEGER, crc INTEGER, data BLOB);
"""

_RAW, _ZSTD = 0, 1


def connect(path: Path, *, create: bool) -> sqlite3.Connection:
    """A connection in autocommit mode, for one thread at a time. Raises sqlite3.Error."""
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    if not create:
        # Otherwise SQLite refuses all of a file that lost its end.
        connection.execute("PRAGMA writable_schema = ON")
    if create:
        # Counts for a new file only. Tiles are large: pages of 4 KiB take twice as long.
        connection.execute("PRAGMA page_size = 16384")
        connection.execute("PRAGMA journal_mode = WAL")
        # A Checkpointer does it.
        connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    return connection


class TileReader:
    """Reads tiles back from a journal, in any thread; opens the file when first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    def load(self, tile_id: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Pixels:
        """The pixels of a tile. Raises StoreError."""
        try:
            codec, data = self._row(tile_id)
            raw = zstandard.ZstdDecompressor().decompress(data) if codec == _ZSTD else data
            return np.frombuffer(raw, dtype).reshape(shape)
        except (sqlite3.Error, zstandard.ZstdError, ValueError) as error:
            raise StoreError(
                _(
                    "A part of the picture could not be read back from {path}. Export what you have and reopen it."
                ).format(path=self._path)
            ) from error

    def holds(self, tile_id: int) -> bool:
        """Whether the tile can be read and is as it was written."""
        try:
            self._row(tile_id)
        except (sqlite3.Error, ValueError):
            return False
        return True

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._connection is not None:
                self._connection.close()

    def _row(self, tile_id: int) -> tuple[int, bytes]:
        with self._lock:
            if self._closed:
                raise ValueError("the journal is closed")
            if self._connection is None:
                self._connection = connect(self._path, create=False)
            # fetchall ends the statement: one left open would keep the write-ahead log from ever being emptied.
            rows = self._connection.execute("SELECT codec, crc, data FROM tiles WHERE id = ?", (tile_id,)).fetchall()
        if not rows:
            raise ValueError(f"tile {tile_id} is missing")
        codec, crc, data = rows[0]
        if not isinstance(data, bytes) or zlib.crc32(data) != crc:
            raise ValueError(f"tile {tile_id} is damaged")
        return codec, data


@dataclass(frozen=True, eq=False, slots=True)
class NewTile:
    """A tile that has an id but no row yet."""

    id: int
    tile: Tile
    is_mask: bool


@dataclass(slots=True)
class Catalog:
    """The ids of what a journal holds, by identity: states share most of what they consist of."""

    tiles: dict[Tile, int] = field(default_factory=dict)
    maps: dict[TileMap, int] = field(default_factory=dict)
    layers: dict[Layer, int] = field(default_factory=dict)
    metadata: dict[Metadata, int] = field(default_factory=dict)
    next_id: int = 0

    def add_step(self, connection: sqlite3.Connection, step: Step, visited: int) -> list[NewTile]:
        """Writes the step and all of its state but pixels; returns the tiles whose pixels no one has seen yet."""
        new: list[NewTile] = []
        state = step.state
        entry = {
            "layers": [self._add_layer(connection, layer, new) for layer in state.layers],
            "mask": self._add_map(connection, state.mask, True, new),
            "include": self._add_map(connection, state.include, True, new),
            "exclude": self._add_map(connection, state.exclude, True, new),
            "metadata": self._add_metadata(connection, state.metadata),
        }
        record = None if step.record is None else json.dumps(dict(step.record))
        connection.execute(
            "INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?, ?)",
            (step.id, step.parent, step.label, step.time, record, json.dumps(entry), visited),
        )
        return new

    def _fresh_id(self) -> int:
        self.next_id += 1
        return self.next_id

    def _add_layer(self, connection: sqlite3.Connection, layer: Layer, new: list[NewTile]) -> int:
        ident = self.layers.get(layer)
        if ident is None:
            ident = self.layers[layer] = self._fresh_id()
            data = {
                "id": layer.id,
                "name": layer.name,
                "pixels": self._add_map(connection, layer.pixels, False, new),
                "mask": None if layer.mask is None else self._add_map(connection, layer.mask, True, new),
                "opacity": layer.opacity,
                "visible": layer.visible,
                "record": None if layer.record is None else dict(layer.record),
            }
            connection.execute("INSERT INTO layers VALUES (?, ?)", (ident, json.dumps(data)))
        return ident

    def _add_map(self, connection: sqlite3.Connection, tiles: TileMap, is_mask: bool, new: list[NewTile]) -> int:
        ident = self.maps.get(tiles)
        if ident is None:
            ident = self.maps[tiles] = self._fresh_id()
            index: dict[TileKey, int] = {}
            for key, tile in tiles.tiles.items():
                tile_id = self.tiles.get(tile)
                if tile_id is None:
                    tile_id = self.tiles[tile] = self._fresh_id()
                    new.append(NewTile(tile_id, tile, is_mask))
                index[key] = tile_id
            size = tiles.size
            connection.execute(
                "INSERT INTO maps VALUES (?, ?, ?, ?, ?, ?)",
                (ident, size.width, size.height, tiles.channels, tiles.dtype.str, pack_index(index)),
            )
        return ident

    def _add_metadata(self, connection: sqlite3.Connection, metadata: Metadata) -> int:
        ident = self.metadata.get(metadata)
        if ident is None:
            ident = self.metadata[metadata] = self._fresh_id()
            connection.execute(
                "INSERT INTO metadata VALUES (?, ?, ?, ?, ?)",
                (ident, metadata.icc, metadata.exif, metadata.xmp, metadata.iptc),
            )
        return ident


def add_info(connection: sqlite3.Connection, info: Mapping[str, str]) -> None:
    """Writes what the journal says of itself. Paths may hold bytes that are no UTF-8, which SQLite takes like this."""
    rows = [(key, value.encode("utf-8", "surrogateescape")) for key, value in info.items()]
    connection.executemany("INSERT OR REPLACE INTO info VALUES (?, CAST(? AS TEXT))", rows)


def add_tile(connection: sqlite3.Connection, new: NewTile) -> None:
    """Writes a tile's pixels: masks compressed, photos raw, since compressing those costs time and saves nothing."""
    codec, data = _RAW, new.tile.pixels.tobytes()
    if new.is_mask:
        codec, data = _ZSTD, zstandard.ZstdCompressor(level=1).compress(data)
    connection.execute("INSERT OR REPLACE INTO tiles VALUES (?, ?, ?, ?)", (new.id, codec, zlib.crc32(data), data))


def pack_index(tiles: Mapping[TileKey, int]) -> bytes:
    """The tile ids of a map as bytes with a checksum."""
    rows = np.array([(*key, ident) for key, ident in tiles.items()], "<i4").reshape(-1, 3)
    return zstandard.ZstdCompressor(level=1, write_checksum=True).compress(rows.tobytes())


def unpack_index(data: bytes) -> dict[TileKey, int]:
    """Raises zstandard.ZstdError if the bytes are damaged."""
    rows = np.frombuffer(zstandard.ZstdDecompressor().decompress(data), "<i4").reshape(-1, 3)
    return {(column, row): ident for column, row, ident in rows.tolist()}
