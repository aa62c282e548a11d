"""Journals of documents whose editor ended without closing them, and the journals of those open now."""

from __future__ import annotations

import logging
import secrets
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from editor.core.codec import connect
from editor.core.document import DocumentState
from editor.core.errors import StoreError
from editor.core.i18n import _
from editor.core.restore import ReadSource
from editor.core.session import Session
from editor.core.store import Store, delete_journal
from editor.host.file_lock import FileLock

_SUFFIX = ".journal"
_log = logging.getLogger("kintsugi")


@dataclass(frozen=True, slots=True)
class Recoverable:
    """A document that can be brought back.

    title: the file's name, or how the document came to be.
    path: where it was last opened from or saved to, if it was ever a file.
    time: when its last step was made, in seconds since the epoch.
    steps: how many were made since it was opened, or to make it if it was never a file; 0 if the journal is damaged, so
        that nobody knows.
    """

    title: str
    path: Path | None
    time: float
    steps: int
    journal: Path


def read_source(path: Path) -> DocumentState:
    """The state of a freshly opened file. Raises ReadError."""
    # Only a recovery needs it; the first paint of the window must not wait for the readers.
    from editor.host.documents import open_document

    return open_document(path)[0].state


class Recovery:
    """Gives every open document a journal, and brings back those whose process is gone. For one thread."""

    def __init__(self, state_folder: Path, read_source: ReadSource = read_source) -> None:
        self._folder = state_folder / "journals"
        self._read_source = read_source
        self._held: dict[Path, FileLock] = {}

    def attach(self, session: Session) -> Store:
        """Begins the journal of a newly opened document; `close` it when the document is closed.

        Raises:
            StoreError: there is no place for it on the disk.
        """
        name = session.path.stem if session.path is not None else "untitled"
        journal = self._folder / f"{name[:40]}-{secrets.token_hex(8)}{_SUFFIX}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock.acquire(_lock_path(journal))
        except OSError as error:
            raise StoreError(
                _("No journal can be kept in {folder} ({reason}). Save often.").format(
                    folder=self._folder, reason=error.strerror
                )
            ) from error
        assert lock is not None, "the name is new"
        return self._hold(Store.create(journal, session), lock)

    def pending(self) -> list[Recoverable]:
        """The documents that can be brought back, the one worked on last first.

        Journals that hold nothing but the opened picture are deleted on the way: nothing is lost with them.
        """
        found = []
        for journal in sorted(self._folder.glob(f"*{_SUFFIX}")):
            lock = self._claim(journal)
            if lock is None:
                continue
            item = _look_into(journal)
            empty = item is not None and item.steps == 0
            if empty:
                delete_journal(journal)
            lock.release(delete=empty)
            if not empty:
                found.append(item or Recoverable(journal.stem, None, journal.stat().st_mtime, 0, journal))
        return sorted(found, key=lambda item: item.time, reverse=True)

    def recover(self, item: Recoverable) -> tuple[Session, Store]:
        """The document with its whole history, and its journal, which is written on.

        Raises:
            StoreError: it can't be brought back, and why; the journal stays until it is discarded.
        """
        lock = self._claim_or_raise(item)
        try:
            store, session = Store.open(item.journal, self._read_source)
        except StoreError:
            _log.warning("Recovery of %s failed", item.journal.name, exc_info=True)
            lock.release(delete=False)
            raise
        return session, self._hold(store, lock)

    def discard(self, item: Recoverable) -> None:
        """Deletes a journal for good. Raises StoreError if another window recovered it meanwhile."""
        lock = self._claim_or_raise(item)
        delete_journal(item.journal)
        lock.release(delete=True)

    def _hold(self, store: Store, lock: FileLock) -> Store:
        journal = store.path
        self._held[journal] = lock

        def let_go() -> None:
            del self._held[journal]
            lock.release(delete=not journal.exists())

        store.closed.connect(let_go)
        return store

    def _claim(self, journal: Path) -> FileLock | None:
        if journal in self._held:
            return None
        try:
            return FileLock.acquire(_lock_path(journal))
        except OSError:
            return None

    def _claim_or_raise(self, item: Recoverable) -> FileLock:
        lock = self._claim(item.journal)
        if lock is None:
            raise StoreError(
                _("{title} is open in another window, or its journal can't be opened.").format(title=item.title)
            )
        if not item.journal.exists():
            lock.release(delete=True)
            raise StoreError(_("{title} was recovered or discarded in another window.").format(title=item.title))
        return lock


def _lock_path(journal: Path) -> Path:
    return journal.with_suffix(".lock")


def _look_into(journal: Path) -> Recoverable | None:
    """What the journal says of itself; None if it is damaged."""
    try:
        with closing(connect(journal, create=False)) as connection:
            if not connection.execute("SELECT * FROM sqlite_master").fetchall():
                return Recoverable(journal.stem, None, 0.0, 0, journal)
            info = dict(connection.execute("SELECT key, value FROM info").fetchall())
            rows = connection.execute("SELECT label, time, record FROM steps ORDER BY id").fetchall()
    except (sqlite3.Error, ValueError):
        return None
    path = Path(info["path"]) if "path" in info else None
    if not rows:
        return Recoverable(journal.stem, path, 0.0, 0, journal)
    title = path.name if path is not None else str(rows[0][0])
    made = path is None and rows[0][2] is not None
    return Recoverable(title, path, max(time for _, time, _ in rows), len(rows) - (0 if made else 1), journal)
