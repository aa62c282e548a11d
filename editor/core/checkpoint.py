"""Moves a journal's write-ahead log into its file, beside the thread that writes."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path

from editor.core.codec import connect

_LIMIT_BYTES = 16 << 20


class Checkpointer:
    """Waits for the disk in a thread of its own, so that a step is in the log, and so safe, within milliseconds.

    Left to itself SQLite does this work within some commit, which on a slow disk takes seconds after a large step.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._wake = threading.Condition()
        self._bytes = 0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"checkpoints {path.name}", daemon=True)
        self._thread.start()

    def wrote(self, size_bytes: int) -> None:
        """Tells how much was added to the log; never waits."""
        with self._wake:
            self._bytes += size_bytes
            self._wake.notify()

    def close(self) -> None:
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while self._due():
            # A full disk is reported by the writer when it can't go on; here it is tried again next time.
            with (
                contextlib.suppress(sqlite3.Error),
                contextlib.closing(connect(self._path, create=False)) as connection,
            ):
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _due(self) -> bool:
        with self._wake:
            self._wake.wait_for(lambda: self._closing or self._bytes >= _LIMIT_BYTES)
            self._bytes = 0
            return not self._closing
