"""Brings a document back from a journal that its editor left behind."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import zstandard

from editor.core.codec import FORMAT, Catalog, NewTile, TileReader, connect, unpack_index
from editor.core.document import DocumentState
from editor.core.errors import EditorError, StoreError
from editor.core.geometry import Size, TileKey, tile_rect
from editor.core.history import History, Step
from editor.core.i18n import _
from editor.core.layers import Layer
from editor.core.metadata import Metadata
from editor.core.tiles import Pixels, Tile, TileMap

ReadSource = Callable[[Path], DocumentState]
"""Reads the opened file again, just as it was read at first. Raises ReadError."""

_DAMAGE = (sqlite3.Error, zstandard.ZstdError, ValueError, KeyError, TypeError)
"""What decoding the rows of a damaged file may raise."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a journal gave back.

    path: where the document was last opened from or saved to.
    unwritten: tiles that were taken from the source file, since the journal lacked them.
    lost: steps that were damaged, or come after such a step.
    last_visit: the highest number of a visit to a step.
    """

    history: History
    path: Path | None
    catalog: Catalog
    unwritten: list[NewTile]
    lost: tuple[int, ...]
    last_visit: int


def restore(path: Path, reader: TileReader, read_source: ReadSource) -> Restored:
    """All whole steps of the journal, standing where the user stood, or at the last whole step visited before.

    Every tile of that step is verified, those of the others when they are looked at.

    Raises:
        StoreError: not even the opened picture can be brought back; the message says why.
    """
    try:
        connection = connect(path, create=False)
    except sqlite3.Error as error:
        raise _beyond_repair(path) from error
    try:
        info = _read_info(connection, path)
        decoder = _Decoder(connection, reader)
        steps, visits, lost = _read_steps(decoder, path)
        base = _Base(info, steps[next(iter(steps))].state, decoder, read_source)
        base.heal({ident for ident in base.ids if ident not in decoder.stored})
        while damaged := decoder.damaged(steps[_last(visits)].state):
            base.heal(damaged & base.ids)
            lost += _drop(steps, visits, decoder, damaged - base.ids)
        decoder.catalog.next_id = _last_id(connection, decoder.catalog)
    finally:
        connection.close()
    history = History(steps.pop(next(iter(steps))))
    for step in steps.values():
        history.insert(step)
    history.walk(sorted(visits, key=visits.__getitem__))
    shown = Path(info["path"]) if "path" in info else None
    return Restored(history, shown, decoder.catalog, base.unwritten, tuple(lost), max(visits.values()))


@dataclass(slots=True)
class _Decoder:
    """Turns rows into values, each row into one value."""

    connection: sqlite3.Connection
    reader: TileReader
    catalog: Catalog = field(default_factory=Catalog)
    stored: set[int] = field(default_factory=set)
    verified: set[int] = field(default_factory=set)
    _tiles: dict[int, Tile] = field(default_factory=dict)
    _maps: dict[int, TileMap] = field(default_factory=dict)
    _layers: dict[int, Layer] = field(default_factory=dict)
    _metadata: dict[int, Metadata] = field(default_factory=dict)

    def state(self, text: str) -> DocumentState:
        """Raises one of _DAMAGE."""
        entry = json.loads(text)
        return DocumentState(
            tuple(self._layer(ident) for ident in entry["layers"]),
            self._map(entry["mask"]),
            self._map(entry["include"]),
            self._map(entry["exclude"]),
            self._metadata_block(entry["metadata"]),
        )

    def damaged(self, state: DocumentState) -> set[int]:
        """The tiles of `state` that the journal does not give back as they were written."""
        damaged = set()
        for tile in state.tiles():
            ident = self.catalog.tiles[tile]
            if ident not in self.verified:
                if self.reader.holds(ident):
                    self.verified.add(ident)
                else:
                    damaged.add(ident)
        return damaged

    def _row(self, table: str, ident: int) -> tuple[Any, ...]:
        rows = self.connection.execute(f"SELECT * FROM {table} WHERE id = ?", (ident,)).fetchall()  # noqa: S608 - one of our names
        if not rows:
            raise KeyError(f"{table} {ident}")
        row: tuple[Any, ...] = rows[0]
        return row[1:]

    def _layer(self, ident: int) -> Layer:
        if ident not in self._layers:
            data = json.loads(self._row("layers", ident)[0])
            mask = None if data["mask"] is None else self._map(data["mask"])
            layer = Layer(
                data["id"],
                data["name"],
                self._map(data["pixels"]),
                mask,
                data["opacity"],
                data["visible"],
                data["record"],
            )
            self._layers[ident] = layer
            self.catalog.layers[layer] = ident
        return self._layers[ident]

    def _map(self, ident: int) -> TileMap:
        if ident not in self._maps:
            width, height, channels, dtype_name, index = self._row("maps", ident)
            size, dtype = Size(width, height), np.dtype(dtype_name)
            tiles = {
                key: self._tile(tile_id, key, size, channels, dtype) for key, tile_id in unpack_index(index).items()
            }
            self._maps[ident] = TileMap(size, channels, dtype, tiles)
            self.catalog.maps[self._maps[ident]] = ident
        return self._maps[ident]

    def _tile(self, ident: int, key: TileKey, size: Size, channels: int, dtype: np.dtype[Any]) -> Tile:
        if ident not in self._tiles:
            rect = tile_rect(key, size)
            shape = (rect.height, rect.width, channels)
            nbytes = rect.area * channels * dtype.itemsize
            tile = Tile.on_disk(partial(self.reader.load, ident, shape, dtype), nbytes)
            self._tiles[ident] = tile
            self.catalog.tiles[tile] = ident
        return self._tiles[ident]

    def _metadata_block(self, ident: int) -> Metadata:
        if ident not in self._metadata:
            metadata = Metadata(*self._row("metadata", ident))
            self._metadata[ident] = metadata
            self.catalog.metadata[metadata] = ident
        return self._metadata[ident]


class _Base:
    """The opened picture, whose tiles may have to come from its file once more."""

    def __init__(self, info: dict[str, str], opened: DocumentState, decoder: _Decoder, read_source: ReadSource) -> None:
        self._info = info
        self._opened = opened
        self._decoder = decoder
        self._read_source = read_source
        self._source: DocumentState | None = None
        self.ids = {decoder.catalog.tiles[tile] for tile in opened.tiles()}
        self.unwritten: list[NewTile] = []

    def heal(self, missing: set[int]) -> None:
        """Takes tiles from the opened file. Raises StoreError if it is gone or is another one now."""
        if not missing:
            return
        if self._source is None:
            self._source = self._read()
        opened = self._opened
        masks = {opened.mask, opened.include, opened.exclude, *(layer.mask for layer in opened.layers)}
        for tiles, source in zip(opened.maps(), self._source.maps(), strict=True):
            for key, tile in tiles.tiles.items():
                ident = self._decoder.catalog.tiles[tile]
                if ident in missing:
                    missing.discard(ident)
                    self._decoder.verified.add(ident)
                    tile.back(partial(_pixels_of, source.tiles[key]))
                    self.unwritten.append(NewTile(ident, tile, tiles in masks))

    def _read(self) -> DocumentState:
        if "source_path" not in self._info:
            raise StoreError(
                _("This picture was never a file, and it had not been written to the journal in full yet.")
            )
        path = Path(self._info["source_path"])
        try:
            stat = path.stat()
        except OSError as error:
            raise StoreError(
                _("The edits build on {path}, which is gone. Put it back there and try again.").format(path=path)
            ) from error
        changed = StoreError(
            _("The edits build on {path}, which was changed since. Put the old file back and try again.").format(
                path=path
            )
        )
        if [str(stat.st_size), str(stat.st_mtime_ns)] != [self._info["source_bytes"], self._info["source_mtime_ns"]]:
            raise changed
        try:
            source = self._read_source(path)
        except EditorError as error:
            raise StoreError(
                _("The edits build on {path}, which can't be read: {error}").format(path=path, error=error)
            ) from error
        if [_outline(tiles) for tiles in self._opened.maps()] != [_outline(tiles) for tiles in source.maps()]:
            raise changed
        return source


def _outline(tiles: TileMap) -> tuple[object, ...]:
    return tiles.size, tiles.channels, tiles.dtype, set(tiles.tiles)


def _pixels_of(tile: Tile) -> Pixels:
    return tile.pixels


def _read_info(connection: sqlite3.Connection, path: Path) -> dict[str, str]:
    info = dict(_while_readable(connection, "SELECT key, value FROM info"))
    if "format" not in info:
        raise _beyond_repair(path)
    if info["format"] != str(FORMAT):
        raise StoreError(
            _("The journal {path} was written by another version of Kintsugi. Recover it with that one.").format(
                path=path
            )
        )
    return info


def _read_steps(decoder: _Decoder, path: Path) -> tuple[dict[int, Step], dict[int, int], list[int]]:
    """The steps that can be decoded, when each was last visited, and the ids of those that cannot."""
    decoder.stored.update(ident for (ident,) in _while_readable(decoder.connection, "SELECT id FROM tiles"))
    steps: dict[int, Step] = {}
    visits: dict[int, int] = {}
    lost: list[int] = []
    query = "SELECT id, parent, label, time, record, state, visited FROM steps ORDER BY id"
    for ident, parent, label, time, record, text, visited in _while_readable(decoder.connection, query):
        try:
            if parent is not None and parent not in steps:
                raise KeyError(parent)
            state = decoder.state(text)
            step = Step(ident, parent, label, state, None if record is None else json.loads(record), float(time))
        except _DAMAGE as error:
            if parent is None:
                raise _beyond_repair(path) from error
            lost.append(ident)
        else:
            steps[ident], visits[ident] = step, int(visited)
    if not steps:
        raise _beyond_repair(path)
    opened = {decoder.catalog.tiles[tile] for tile in steps[next(iter(steps))].state.tiles()}
    absent = {ident for ident in decoder.catalog.tiles.values() if ident not in decoder.stored} - opened
    lost += _drop(steps, visits, decoder, absent)
    return steps, visits, lost


def _drop(steps: dict[int, Step], visits: dict[int, int], decoder: _Decoder, tiles: set[int]) -> list[int]:
    """Takes out the steps that need any of `tiles`, and what follows on them."""
    if not tiles:
        return []
    dropped: list[int] = []
    for ident, step in [*steps.items()]:
        orphan = step.parent is not None and step.parent not in steps
        if orphan or any(decoder.catalog.tiles[tile] in tiles for tile in step.state.tiles()):
            dropped.append(ident)
            del steps[ident], visits[ident]
    return dropped


def _last(visits: dict[int, int]) -> int:
    return max(visits, key=visits.__getitem__)


def _last_id(connection: sqlite3.Connection, catalog: Catalog) -> int:
    last = max(catalog.tiles.values(), default=0)
    for table in ("tiles", "maps", "layers", "metadata"):
        for (ident,) in _while_readable(connection, f"SELECT max(id) FROM {table}"):  # noqa: S608 - one of our names
            last = max(last, ident or 0)
    return last


def _while_readable(connection: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...]]:
    """The rows up to the first that is damaged."""
    try:
        yield from connection.execute(query)
    except sqlite3.Error:
        return


def _beyond_repair(path: Path) -> StoreError:
    return StoreError(_("The journal {path} is damaged and nothing in it can be recovered.").format(path=path))
