"""The one way from worker threads to the main thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVarTuple, Unpack

from PySide6.QtCore import QObject, Qt, QTimer, Signal

Args = TypeVarTuple("Args")

PROGRESS_INTERVAL_MS = 50
"""20 Hz: more often costs the window frames and shows the eye nothing."""


class Bridge(QObject):
    """Calls functions in the main thread, where it must be made and closed; `post` may be called from any thread."""

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._open = True
        self._posted.connect(self._call, Qt.ConnectionType.QueuedConnection)
        self._due: list[_Coalesced] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PROGRESS_INTERVAL_MS)
        self._timer.timeout.connect(self._deliver_due)

    def post(self, call: Callable[[], object]) -> None:
        """Calls `call` in the main thread soon; dropped once the bridge is closed."""
        with self._lock:
            if self._open:
                self._posted.emit(call)

    def queued(self, slot: Callable[[Unpack[Args]], object]) -> Callable[[Unpack[Args]], None]:
        """A listener for any thread that calls `slot` in the main thread, each time, in order."""

        def listener(*args: *Args) -> None:
            self.post(lambda: slot(*args))

        return listener

    def coalesced(self, slot: Callable[[Unpack[Args]], object]) -> Callable[[Unpack[Args]], None]:
        """A listener for any thread that calls `slot` with the latest arguments, at most 20 times a second."""
        return _Coalesced(self, slot)

    def close(self) -> None:
        """Drops what is still under way; workers may go on posting into the void."""
        with self._lock:
            self._open = False
        self._timer.stop()

    def deliver_soon(self, listener: _Coalesced) -> None:
        """Lets a listener deliver now, or with the next tick if one did so less than a tick ago."""
        self._due.append(listener)
        if not self._timer.isActive():
            self._deliver_due()

    def _deliver_due(self) -> None:
        due, self._due = self._due, []
        for listener in due:
            listener.deliver()
        if due:
            self._timer.start()

    def _call(self, call: Callable[[], object]) -> None:
        if self._open:
            call()


class _Coalesced:
    """Keeps the newest arguments only."""

    def __init__(self, bridge: Bridge, slot: Callable[..., object]) -> None:
        self._bridge = bridge
        self._slot = slot
        self._lock = threading.Lock()
        self._latest: tuple[object, ...] | None = None

    def __call__(self, *args: object) -> None:
        with self._lock:
            waiting = self._latest is not None
            self._latest = args
        if not waiting:
            self._bridge.post(lambda: self._bridge.deliver_soon(self))

    def deliver(self) -> None:
        with self._lock:
            args, self._latest = self._latest, None
        if args is not None:
            self._slot(*args)
