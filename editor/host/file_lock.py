"""A lock that the system takes away when its process ends, however that ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """Holds a file of its own from `acquire` to `release`. A process id would not do: those are used again."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, path: Path) -> FileLock | None:
        """The lock, or None if someone holds it. Raises OSError if the file can't be made."""
        # Not inherited by child processes, so that one that outlives us does not keep it.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor)
        except OSError:
            os.close(descriptor)
            return None
        return cls(path, descriptor)

    def release(self, *, delete: bool) -> None:
        """Lets go; `delete` takes the file away, when what it guarded is gone too."""
        if delete and sys.platform != "win32":
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
        if delete and sys.platform == "win32":
            self._path.unlink(missing_ok=True)
