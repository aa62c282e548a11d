"""Loaded models, kept for the next use within a budget of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray

Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """What a loaded model says of an input or output.

    shape: None for a length that is not fixed. dtype: a numpy name; ONNX Runtime's own word for what numpy has no name.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str


class Session(Protocol):
    """A loaded model. Safe to run from several threads at once."""

    @property
    def providers(self) -> tuple[str, ...]:
        """What it really runs on, best first."""
        ...

    @property
    def input_names(self) -> tuple[str, ...]: ...

    @property
    def output_names(self) -> tuple[str, ...]: ...

    @property
    def inputs(self) -> tuple[TensorInfo, ...]: ...

    @property
    def outputs(self) -> tuple[TensorInfo, ...]: ...

    def run(self, inputs: Tensors, cancel: Callable[[], bool]) -> dict[str, NDArray[Any]]:
        """All outputs by name.

        Raises:
            Cancelled: `cancel` became true; the session stays usable.
            OutOfMemory: there was not enough memory for inputs of this size.
            ModelError: anything else.
        """
        ...


@dataclass(frozen=True, slots=True)
class SessionKey:
    """All that makes two sessions differ: the same model on another device or with other options is another one."""

    sha256: str
    provider: str
    device_id: int = 0
    options: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True, eq=False)
class _Entry:
    """A session or one being loaded; `leases` counts those who use it or wait for it."""

    size_bytes: int
    session: Future[Session] = field(default_factory=Future)
    leases: int = 0


class SessionPool:
    """Hands out sessions as leases; the least recently used ones go first when the budget is exceeded.

    A leased session is never dropped, so with many leases at once the budget can be exceeded for that long.
    """

    def __init__(self, budget_bytes: int) -> None:
        self._budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._entries: OrderedDict[SessionKey, _Entry] = OrderedDict()

    @property
    def used_bytes(self) -> int:
        with self._lock:
            return sum(entry.size_bytes for entry in self._entries.values())

    @contextmanager
    def lease(self, key: SessionKey, size_bytes: int, load: Callable[[], Session]) -> Iterator[Session]:
        """The session for `key`, loaded by `load` if it is not there; others who want it meanwhile wait for it.

        Args:
            key: which one.
            size_bytes: about how much memory it holds while idle: that of its weights.
            load: makes it; room for it is made before.

        Raises:
            whatever `load` raises, also in those who waited; nothing is kept then.
        """
        with self._lock:
            entry = self._entries.get(key)
            mine = entry is None
            if entry is None:
                entry = self._entries[key] = _Entry(size_bytes)
            self._entries.move_to_end(key)
            entry.leases += 1
            dropped = self._evict(self._budget_bytes)
        # Sessions are freed outside the lock: giving back a GPU's memory takes a while.
        del dropped
        try:
            if mine:
                self._load(key, entry, load)
            yield entry.session.result()
        finally:
            with self._lock:
                entry.leases -= 1
                dropped = self._evict(self._budget_bytes)
            del dropped

    def discard(self, key: SessionKey) -> None:
        """Forgets a session that is no longer to be trusted; those who hold a lease may finish."""
        with self._lock:
            dropped = self._entries.pop(key, None)
        del dropped

    def clear(self) -> None:
        """Drops every session that is not leased."""
        with self._lock:
            dropped = self._evict(0)
        del dropped

    def _load(self, key: SessionKey, entry: _Entry, load: Callable[[], Session]) -> None:
        try:
            entry.session.set_result(load())
        except BaseException as error:  # noqa: BLE001 - handed on to everyone who waits
            with self._lock:
                if self._entries.get(key) is entry:
                    del self._entries[key]
            entry.session.set_exception(error)

    def _evict(self, budget_bytes: int) -> list[_Entry]:
        """Takes idle entries out, oldest first, until the budget holds. Call with the lock held."""
        used = sum(entry.size_bytes for entry in self._entries.values())
        dropped: list[_Entry] = []
        for key, entry in list(self._entries.items()):
            if used <= budget_bytes:
                break
            if entry.leases == 0:
                used -= entry.size_bytes
                dropped.append(self._entries.pop(key))
        return dropped
