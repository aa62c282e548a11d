"""One SQLite file beside an open document: journal, spill to disk and crash recovery in one.

A thread of its own writes every finished step as it comes: the new tiles and the step in one transaction. Tiles that
are written may leave memory. The opened picture, which is large and can be read again from its file, follows in small
pieces whenever there is no step to write.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections import deque
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from editor.core.checkpoint import Checkpointer
from editor.core.codec import FORMAT, SCHEMA, Catalog, NewTile, TileReader, add_info, add_tile, connect
from editor.core.document import DocumentState
from editor.core.errors import StoreError
from editor.core.history import Step
from editor.core.i18n import _
from editor.core.restore import ReadSource, Restored, restore
from editor.core.session import Session
from editor.core.signal import Signal

_PIECE_TILES = 8
_PAUSE_S = 0.005
_ROWS_BYTES = 1 << 16
"""About what a step takes beside its tiles."""


@dataclass(frozen=True, slots=True)
class _Move:
    """What is to be written: where the user stands now, and the step if it is a new one."""

    step_id: int
    step: Step | None
    visit: int
    path: Path | None


class _Dropped(Exception):  # noqa: N818 - control flow
    """The file is about to be deleted: what is being written is not needed."""


class Store:
    """The journal of one session. Only `flush` and `close` wait for the disk.

    stored(step id): the step is on disk and survives a crash; emitted in the writing thread.
    failed(error): the disk is full or gone, the session goes on without a journal; emitted in the writing thread, once.
    closed(): no file is open any more; emitted in the thread that called `close`.
    """

    def __init__(self, path: Path, session: Session, reader: TileReader, restored: Restored | None = None) -> None:
        """Use `create` or `open`."""
        self.path = path
        self.stored: Signal[int] = Signal()
        self.failed: Signal[StoreError] = Signal()
        self.closed: Signal[()] = Signal()
        self._session = session
        self._reader = reader
        self._catalog = restored.catalog if restored else Catalog()
        self._lost = restored.lost if restored else ()
        self._visit = restored.last_visit if restored else 0
        self._opened_tiles = deque(restored.unwritten if restored else ())
        self._source = None if restored else _identify(session.path)
        self._moves: deque[_Move] = deque()
        self._at = session.history.current.id
        self._shown_path = restored.path if restored else None
        self._wake = threading.Condition()
        self._busy = True
        self._closing = False
        self._keep = True
        self._error: StoreError | None = None
        self._writer = threading.Thread(target=self._run, name=f"journal {path.name}", daemon=True)

    @classmethod
    def create(cls, path: Path, session: Session) -> Store:
        """Begins a journal at `path`, where no file is yet, of all that the session holds and will do."""
        store = cls(path, session, TileReader(path))
        for step in session.history.steps.values():
            store._put(step.id, step)
        store._put(session.history.current.id, None)
        store._start()
        return store

    @classmethod
    def open(cls, path: Path, read_source: ReadSource) -> tuple[Store, Session]:
        """Recovers the document of a journal that nobody writes any more, and goes on writing it.

        Pixels come from the disk when they are first looked at.

        read_source: reads the opened file again, in case the journal does not hold all of it.

        Raises:
            StoreError: nothing can be recovered; the message says why. The file is left as it is.
        """
        reader = TileReader(path)
        try:
            restored = restore(path, reader, read_source)
        except StoreError:
            reader.close()
            raise
        session = Session(restored.history, restored.path)
        store = cls(path, session, reader, restored)
        store._start()
        return store, session

    @property
    def error(self) -> StoreError | None:
        """Why the journal is no longer written, if so: for who connects to `failed` too late."""
        return self._error

    def flush(self, timeout_s: float) -> bool:
        """Waits until everything is on disk, the opened picture too; says whether it is."""
        with self._wake:
            return self._wake.wait_for(lambda: self._error or not self._pending, timeout_s) and self._error is None

    def close(self, *, keep: bool) -> None:
        """Stops; the file is deleted, or with `keep` written to the end and left to be recovered.

        Tiles that are no longer in memory can't be read after that.
        """
        with self._wake:
            if self._closing:
                return
            self._closing, self._keep = True, keep
            self._wake.notify_all()
        self._session.stepped.disconnect(self._on_stepped)
        self._session.changed.disconnect(self._on_changed)
        self._writer.join()
        self._reader.close()
        if not keep:
            delete_journal(self.path)
        self.closed.emit()

    @property
    def _pending(self) -> bool:
        return self._busy or bool(self._moves) or bool(self._opened_tiles)

    def _start(self) -> None:
        self._session.stepped.connect(self._on_stepped)
        self._session.changed.connect(self._on_changed)
        self._writer.start()

    def _on_stepped(self, step: Step) -> None:
        self._put(step.id, step)

    def _on_changed(self, _before: DocumentState, _after: DocumentState) -> None:
        current = self._session.history.current.id
        if current != self._at:
            self._put(current, None)

    def _put(self, step_id: int, step: Step | None) -> None:
        with self._wake:
            if self._error is not None:
                return
            self._at = step_id
            self._visit += 1
            self._moves.append(_Move(step_id, step, self._visit, self._session.path))
            self._wake.notify_all()

    def _run(self) -> None:
        try:
            connection = connect(self.path, create=True)
            try:
                self._prepare(connection)
                self._work(connection)
            finally:
                connection.rollback()
                if not self._keep:
                    # Closing moves the log into the file: no use to wait until the disk has it.
                    connection.execute("PRAGMA synchronous = OFF")
                connection.close()
        except _Dropped:
            return
        except Exception as error:  # noqa: BLE001 - whatever it was, the user must know that nothing is written
            self._fail(error)

    def _work(self, connection: sqlite3.Connection) -> None:
        checkpointer = Checkpointer(self.path)
        try:
            while (work := self._next()) is not None:
                if isinstance(work, _Move):
                    written = self._write_move(connection, work)
                else:
                    written = self._write_opened(connection, work)
                checkpointer.wrote(_ROWS_BYTES + sum(new.tile.nbytes for new in written))
        finally:
            checkpointer.close()

    def _next(self) -> _Move | list[NewTile] | None:
        """The next thing to write, steps first; waits for it. None when all is done and the store is closing."""
        with self._wake:
            self._busy = False
            self._wake.notify_all()
            self._wake.wait_for(lambda: self._moves or self._closing, _PAUSE_S if self._opened_tiles else None)
            if self._closing and not self._keep:
                return None
            self._busy = self._pending
            if self._moves:
                return self._moves.popleft()
            return [self._opened_tiles.popleft() for _ in range(min(_PIECE_TILES, len(self._opened_tiles)))] or None

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
        connection.execute("BEGIN IMMEDIATE")
        add_info(connection, {"format": str(FORMAT)} | (self._source or {}))
        # A later step may get the number of one that was damaged.
        connection.executemany("DELETE FROM steps WHERE id = ?", [(ident,) for ident in self._lost])
        connection.execute("COMMIT")

    def _write_move(self, connection: sqlite3.Connection, move: _Move) -> list[NewTile]:
        new: list[NewTile] = []
        later: list[NewTile] = []
        connection.execute("BEGIN IMMEDIATE")
        if move.step is None:
            connection.execute("UPDATE steps SET visited = ? WHERE id = ?", (move.visit, move.step_id))
        else:
            new = self._catalog.add_step(connection, move.step, move.visit)
            if move.step.parent is None and self._source is not None:
                new, later = [], new
            self._insert(connection, new)
        if move.path is not None and move.path != self._shown_path:
            add_info(connection, {"path": str(move.path.absolute())})
        connection.execute("COMMIT")
        self._shown_path = move.path
        self._opened_tiles.extend(later)
        self._let_go(new)
        if move.step is not None:
            self.stored.emit(move.step_id)
        return new

    def _write_opened(self, connection: sqlite3.Connection, piece: list[NewTile]) -> list[NewTile]:
        connection.execute("BEGIN IMMEDIATE")
        self._insert(connection, piece)
        connection.execute("COMMIT")
        self._let_go(piece)
        return piece

    def _insert(self, connection: sqlite3.Connection, tiles: list[NewTile]) -> None:
        for new in tiles:
            if self._closing and not self._keep:
                raise _Dropped
            add_tile(connection, new)

    def _let_go(self, tiles: list[NewTile]) -> None:
        """Lets tiles leave memory that are on disk now."""
        for new in tiles:
            pixels = new.tile.pixels
            new.tile.back(partial(self._reader.load, new.id, pixels.shape, pixels.dtype))
        if tiles:
            self._session.history.trim()

    def _fail(self, cause: Exception) -> None:
        if self._closing and not self._keep:
            return
        error = StoreError(
            _("The recovery journal can't be written ({cause}). Save your work: a crash would lose it now.").format(
                cause=cause
            )
        )
        error.__cause__ = cause
        with self._wake:
            self._error = error
            self._moves.clear()
            self._opened_tiles.clear()
            self._wake.notify_all()
        self.failed.emit(error)


def delete_journal(path: Path) -> None:
    """Deletes a journal that nobody has open. One that can't be deleted is offered for recovery again."""
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def _identify(path: Path | None) -> dict[str, str] | None:
    """What tells later whether the opened file is still the same; None if there is no file."""
    try:
        stat = path.stat() if path is not None else None
    except OSError:
        return None
    if path is None or stat is None:
        return None
    return {
        "source_path": str(path.absolute()),
        "source_bytes": str(stat.st_size),
        "source_mtime_ns": str(stat.st_mtime_ns),
    }
