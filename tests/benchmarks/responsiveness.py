"""How alive the window stays while a fill runs, and how soon it is idle after Cancel.

    python -m tests.benchmarks.responsiveness [--megapixels 24]

The gap is the time between two turns of the event loop that asks to be woken every millisecond.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from editor.core.document import DocumentState
from editor.core.geometry import Rect
from editor.core.metadata import Metadata
from editor.core.session import Session
from editor.host import mask_edits
from editor.host.apply import Choosing
from editor.host.jobs import Jobs
from editor.host.places import Places
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.host.settings import Settings
from editor.ui.bridge import Bridge
from editor.ui.main_window import MainWindow
from tests.imaging.pictures import textured

_IDLE_S = 5.0


@dataclass(frozen=True)
class Gaps:
    """Times between turns of the event loop, in ms."""

    values: np.ndarray[tuple[int], np.dtype[np.float64]]

    def row(self, name: str) -> str:
        p50, p99 = np.percentile(self.values, [50, 99])
        return f"{name:34} {p50:8.1f} {p99:8.1f} {self.values.max():8.1f}"


class Meter:
    """Notes when the event loop turns."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._timer = QTimer()
        self._timer.setInterval(1)
        self._timer.timeout.connect(lambda: self._times.append(time.perf_counter()))

    def measure(self, until: Callable[[], bool]) -> Gaps:
        self._times.clear()
        self._timer.start()
        while not until():
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        self._timer.stop()
        return Gaps(np.diff(np.array(self._times)) * 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=float, default=24)
    arguments = parser.parse_args()
    application = QApplication([])
    with tempfile.TemporaryDirectory() as home:
        places = Places(*(Path(home) / name for name in ("data", "config", "state", "cache")))
        window = MainWindow(places, Settings(places.settings), Jobs(), Bridge())
        window.resize(1920, 1080)
        registry = Registry.scan()
        window.set_registry(registry)
        window.files.show(_opened(arguments.megapixels))
        window.show()
        application.processEvents()
        _measure(window)
        window.end()
        window.close()


def _opened(megapixels: float) -> Session:
    """A photo with 3 % of it masked."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    width = round(height * 1.5)
    state = DocumentState.from_pixels((textured(height, width) * 255).astype(np.uint8), Metadata(), "photo")
    side = round((0.03 * width * height) ** 0.5)
    hole = Rect(width // 3, height // 3, width // 3 + side, height // 3 + side)
    return Session.open(mask_edits.fill_rect(state, "mask", hole), None, "Open photo")


def _measure(window: MainWindow) -> None:
    meter, removal = Meter(), window.repair.removal
    deadline = time.perf_counter() + 2
    meter.measure(lambda: time.perf_counter() > deadline)
    deadline = time.perf_counter() + _IDLE_S
    idle = meter.measure(lambda: time.perf_counter() > deadline)
    window.repair.run()
    first = meter.measure(lambda: bool(removal.candidates) or not removal.running)
    removal.discard()
    cancels = [_cancel(window, after_s) for after_s in (0.3, 1.0, 2.0)]
    print(f"{'gap of the event loop, ms':34} {'median':>8} {'99 %':>8} {'max':>8}")
    print(idle.row("idle window"))
    print(first.row("while a fill runs"))
    print(f"{'cancel to idle, ms':34} {', '.join(f'{value:.0f}' for value in cancels)}")


def _cancel(window: MainWindow, after_s: float) -> float:
    """Starts a fill, cancels it after a while, and returns how long its worker took to stop, in ms."""
    session, plugin = window.files.session, Registry.scan().get("content_fill")
    assert session is not None
    jobs = Jobs()
    choosing = Choosing(session.state, Runner(Registry({plugin.id: plugin})), jobs)
    choosing.start([Request(plugin, plugin.params())])
    stopped = threading.Event()
    choosing.finished.connect(stopped.set)
    stopped.wait(after_s)
    asked = time.perf_counter()
    choosing.cancel()
    stopped.wait()
    jobs.close()
    return (time.perf_counter() - asked) * 1000


if __name__ == "__main__":
    main()
