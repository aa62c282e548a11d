"""A run that is watched: what the user looks at comes first, in small parts that are shown as they are done.

Small parts cost more than large ones, as each needs its surroundings; and networks round the last bit of a number
differently in pictures of different sizes. So they are drafts: they are shown, while the result is made of the same
regions as that of a run that nobody watches, and takes the drafts' place bit by bit.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.errors import Cancelled
from editor.core.geometry import EMPTY, Rect, tile_keys, tile_rect
from editor.core.layers import Layer
from editor.core.signal import Signal
from editor.core.tiles import TileMap
from editor.host.jobs import CancelToken
from editor.host.regions import Region
from editor.sdk.plugin import Plugin

_WAIT_S = 0.05
_CELL_PX = 64
_LARGEST_CELLS = 8
# A draft is at most this many times as wide as it lies away from the point that is looked at.
_GROWTH = 4

_ABSENT, _TAKEN, _THERE = range(3)

Point = tuple[float, float]
Draft = Callable[[Rect], NDArray[Any]]
"""Makes a part of the result, as a layer of the document would hold it."""
Make = Callable[[int, CancelToken], TileMap]
"""Makes a region of the result, by its number."""


class Remembered:
    """What a method learned of the whole picture, for the next run on the same picture. Safe to use from several
    threads: who asks for what is being found out waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: tuple[DocumentState, str, tuple[object, ...]] | None = None
        self._found: Any = None

    def prepared(
        self, state: DocumentState, plugin: Plugin, params: Any, token: CancelToken, prepare: Callable[[], Any]
    ) -> Any:
        """What `prepare` finds, or found before when all that it depends on was the same.

        Raises:
            Cancelled: `token` was cancelled.
        """
        names = plugin.prepares_from
        if names is None:
            names = tuple(spec.name for spec in plugin.specs)
        values = tuple(getattr(params, name) for name in names)
        while not self._lock.acquire(timeout=_WAIT_S):
            token.check()
        try:
            known = self._of
            if known is None or known[1:] != (plugin.id, values) or inputs_differ(known[0], state):
                self._found = prepare()
                self._of = state, plugin.id, values
            return self._found
        finally:
            self._lock.release()


class Live:
    """One watched run: where the user looks, and what of it is there already. Safe to use from several threads.

    shown(state): the document with what is there so far; emitted in a worker's thread.
    remembered: outlives the run.
    """

    def __init__(self, remembered: Remembered) -> None:
        self.remembered = remembered
        self.shown: Signal[DocumentState] = Signal()
        self._lock = threading.Lock()
        self._view = EMPTY
        self._point: Point = (0.0, 0.0)
        self._cells: NDArray[np.uint8] = np.zeros((0, 0), np.uint8)

    def look(self, view: Rect, point: Point) -> None:
        """Says which part of the picture is in view, and around which point of it the user looks."""
        with self._lock:
            self._view, self._point = view, point

    def begin(self, state: DocumentState, mask: TileMap, regions: Sequence[Region]) -> int:
        """A run on `state` begins, of what is under `mask`; its result will be made of `regions`.

        Returns:
            how many pixels in view are to be drafted first.
        """
        with self._lock:
            self._state, self._whole = state, mask
            self._regions = regions
            self._waiting = set(range(len(regions)))
            self._pixels = TileMap.blank(state.size, state.channels, state.dtype)
            self._mask = TileMap.blank(state.size, 1, np.uint8)
            self._cells = np.where(_masked_cells(mask), np.uint8(_ABSENT), np.uint8(_THERE))
            return int(np.count_nonzero(self._cells[self._seen().slices] == _ABSENT)) * _CELL_PX**2

    def work_off(self, token: CancelToken, draft: Draft, make: Make) -> None:
        """Works until all regions are done; for each of the threads that share the work.

        A region that is under way when the user looks at what is not there is begun anew once that was drafted.

        Raises:
            Cancelled: `token` was cancelled.
        """
        while True:
            token.check()
            hole = self._take()
            if hole is not None:
                self._drafted(hole, draft(hole))
                continue
            index = self._next()
            if index is None:
                return
            region = self._regions[index]
            try:
                pixels = make(index, _GivingWay(token, self))
            except Cancelled:
                token.check()
                with self._lock:
                    self._waiting.add(index)
            else:
                self._finished(region, pixels)

    @property
    def behind(self) -> bool:
        """Whether something is looked at that is not there, and that nobody works on."""
        with self._lock:
            return bool((self._cells[self._seen().slices] == _ABSENT).any())

    def _take(self) -> Rect | None:
        """What is to be drafted next, in image pixels; None if all that is in view is there or taken."""
        with self._lock:
            seen = self._seen()
            rows, columns = np.nonzero(self._cells[seen.slices] == _ABSENT)
            if not rows.size:
                return None
            x, y = (place / _CELL_PX - 0.5 for place in self._point)
            away = np.maximum(abs(rows + seen.top - y), abs(columns + seen.left - x))
            first = int(away.argmin())
            block = self._block(int(rows[first]) + seen.top, int(columns[first]) + seen.left, float(away[first]), seen)
            self._cells[block.slices] = _TAKEN
            return Rect(*(edge * _CELL_PX for edge in block)).intersect(self._whole.size.rect)

    def _drafted(self, rect: Rect, pixels: NDArray[Any]) -> None:
        """A draft is done: `pixels` as a layer of the document would hold them."""
        with self._lock:
            self._pixels = _with(self._pixels, rect, pixels)
            self._mask = _with(self._mask, rect, self._whole.read(rect))
            self._arrived(rect)

    def _finished(self, region: Region, pixels: TileMap) -> None:
        """A region of the result is done: whole tiles, or all of them that is masked."""
        with self._lock:
            keys = list(tile_keys(region.hole))
            self._pixels = _with_tiles(self._pixels, pixels, keys)
            self._mask = _with_tiles(self._mask, self._whole, keys)
            self._arrived(region.hole)

    def _next(self) -> int | None:
        """The number of the region that the user is likely to look at next; it waits no more."""
        with self._lock:
            x, y = self._point
            away = {
                index: math.hypot(max(hole.left - x, x - hole.right, 0), max(hole.top - y, y - hole.bottom, 0))
                for index, hole in ((index, self._regions[index].hole) for index in self._waiting)
            }
            if not away:
                return None
            index = min(away, key=lambda each: away[each])
            self._waiting.remove(index)
            return index

    def _seen(self) -> Rect:
        """The cells in view, in columns and rows."""
        rows, columns = self._cells.shape
        return _cells_of(self._view).intersect(Rect(0, 0, columns, rows))

    def _block(self, row: int, column: int, away: float, seen: Rect) -> Rect:
        """A square of cells around one, the larger the farther away it lies; none of it is there yet."""
        block = Rect(column, row, column + 1, row + 1)
        side = 2
        while side <= _LARGEST_CELLS and side <= _GROWTH * (away - 0.5):
            left, top = column // side * side, row // side * side
            larger = Rect(left, top, left + side, top + side).intersect(seen)
            if (self._cells[larger.slices] != _ABSENT).any():
                break
            block = larger
            side *= 2
        return block

    def _arrived(self, rect: Rect) -> None:
        self._cells[_cells_of(rect).slices] = _THERE
        layer = Layer(self._state.next_layer_id(), "", self._pixels, self._mask)
        self.shown.emit(self._state.with_layer(layer))


class _GivingWay(CancelToken):
    def __init__(self, token: CancelToken, live: Live) -> None:
        super().__init__()
        self._token = token
        self._live = live

    @property
    def cancelled(self) -> bool:
        return self._token.cancelled or self._live.behind


def inputs_differ(one: DocumentState, other: DocumentState) -> bool:
    """Whether a method may make something else of the one than of the other."""
    return one.mask is not other.mask or bool(one.pixels_differ(other))


def _cells_of(rect: Rect) -> Rect:
    if rect.empty:
        return EMPTY
    return Rect(rect.left // _CELL_PX, rect.top // _CELL_PX, -(-rect.right // _CELL_PX), -(-rect.bottom // _CELL_PX))


def _masked_cells(mask: TileMap) -> NDArray[np.bool_]:
    """For each cell, in rows and columns, whether any of it is masked."""
    size = mask.size
    masked = np.zeros((-(-size.height // _CELL_PX), -(-size.width // _CELL_PX)), np.bool_)
    for key, tile in mask.tiles.items():
        rect = tile_rect(key, size)
        cells = _cells_of(rect)
        starts = (np.arange(0, length, _CELL_PX) for length in (rect.height, rect.width))
        rows, columns = starts
        there = np.logical_or.reduceat(tile.pixels[..., 0] > 0, rows, axis=0)
        masked[cells.slices] = np.logical_or.reduceat(there, columns, axis=1)
    return masked


def _with(base: TileMap, rect: Rect, pixels: NDArray[Any]) -> TileMap:
    writer = base.write()
    writer.write(rect, pixels)
    return writer.freeze()


def _with_tiles(base: TileMap, of: TileMap, keys: Sequence[tuple[int, int]]) -> TileMap:
    """`base` with tiles of another map, which are the same objects: nothing has to be drawn anew for them later."""
    tiles = {key: tile for key, tile in base.tiles.items() if key not in set(keys)}
    tiles |= {key: of.tiles[key] for key in keys if key in of.tiles}
    return TileMap(base.size, base.channels, base.dtype, MappingProxyType(tiles))
