"""How long a brush move, a pan and a zoom take until they are on the screen, and how soon a photo is there at all.

    python -m tests.benchmarks.canvas [--data DIR] [--megapixels 100]

Events come at the pace of a 60-Hz screen, with the event loop running in between, and a time is counted from the
moment the event is due: what the canvas does when it believes to be idle counts against it when it is late for that.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import psutil
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from editor.core.document import DocumentState
from editor.core.layers import Layer
from editor.core.metadata import Metadata
from editor.core.session import Session
from editor.core.tiles import TileMap
from editor.ui.canvas.grid import MAX_ZOOM
from editor.ui.canvas.view import CanvasView

U8 = NDArray[np.uint8]
FRAME_S = 1 / 60
VIEW = (1920, 1080)
MOVES = 150

_FIRST_PAINT = """
import sys, time
from pathlib import Path
from PySide6.QtWidgets import QApplication
application = QApplication(sys.argv)
from editor.host.documents import open_document
from editor.ui.canvas.view import CanvasView
class View(CanvasView):
    def paintEvent(self, event):
        super().paintEvent(event)
        print(time.time(), flush=True)
        application.quit()
session, _ = open_document(Path(sys.argv[1]))
view = View()
view.resize(1920, 1080)
view.set_session(session)
view.show()
application.exec()
"""


class TimedView(CanvasView):
    """Notes when it has painted."""

    painted_at = 0.0

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        super().paintEvent(event)
        self.painted_at = time.perf_counter()


def mosaic(photo: U8, megapixels: float) -> U8:
    """The photo mirrored until it has the size, 3:2."""
    height = int(np.sqrt(megapixels * 1e6 / 1.5))
    width = int(1.5 * height)
    pads = [(0, max(0, height - photo.shape[0])), (0, max(0, width - photo.shape[1])), (0, 0)]
    return np.pad(photo, pads, mode="symmetric")[:height, :width]


def photo_of(folder: Path | None) -> U8:
    if folder is not None:
        for path in sorted(folder.glob("*.jpg")):
            found = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if found is not None:
                return np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (1200, 1800, 3), np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 2), np.uint8)


class Bench:
    """Sends events to a view and times them to the end of the paint that shows them."""

    def __init__(self, application: QApplication, view: TimedView) -> None:
        self._application = application
        self.view = view

    def settle(self) -> None:
        self.view.settle()
        self._application.processEvents()

    def run(self, events: Iterator[Callable[[], None]]) -> list[float]:
        """Milliseconds from each event's due time to the end of its paint."""
        times = []
        due = time.perf_counter()
        for send in events:
            while time.perf_counter() < due:
                self._application.processEvents()
            send()
            sent = time.perf_counter()
            while self.view.painted_at < sent:
                self._application.processEvents()
            times.append((self.view.painted_at - due) * 1e3)
            due = max(due + FRAME_S, self.view.painted_at)
        return times

    def mouse(self, kind: QEvent.Type, x: float, y: float, button: Qt.MouseButton) -> None:
        at = QPointF(x, y)
        pressed = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else button
        event = QMouseEvent(kind, at, at, pressed, button, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self.view, event)

    def drag(self, path: list[tuple[float, float]], button: Qt.MouseButton) -> list[float]:
        self.mouse(QEvent.Type.MouseButtonPress, *path[0], button)
        self._application.processEvents()
        move = QEvent.Type.MouseMove
        times = self.run(partial(self.mouse, move, x, y, button) for x, y in path[1:])
        self.mouse(QEvent.Type.MouseButtonRelease, *path[-1], button)
        return times

    def brush(self, radius_px: int, zoom: float) -> list[float]:
        view = self.view
        view.zoom_to(zoom)
        view.tool.options = replace(view.tool.options, size_px=2 * radius_px, hardness=60, fill_loops=False)
        self.settle()
        times = self.drag(spiral(MOVES), Qt.MouseButton.LeftButton)
        self.settle()
        return times

    def pan(self, zoom: float) -> list[float]:
        self.view.zoom_to(zoom)
        self.settle()
        return self.drag(spiral(MOVES), Qt.MouseButton.MiddleButton)

    def wheel(self) -> list[float]:
        self.view.zoom_fit()
        self.settle()
        return self.run(self._notches())

    def _notches(self) -> Iterator[Callable[[], None]]:
        """Up to the limit at most, beyond which nothing is painted anew, and back; three times."""
        for _round in range(3):
            count = 0
            while count < 24 and self.view.zoom < MAX_ZOOM:
                count += 1
                yield partial(self._turn, 120)
            for _notch in range(count):
                yield partial(self._turn, -120)

    def undo_and_redo(self, session: Session) -> tuple[list[float], list[float]]:
        """To the paint of the whole picture, twice each; the layer that comes and goes has a mask over all."""
        self.view.zoom_fit()
        size = session.state.size
        pixels = np.full((size.height, size.width, 3), 90, np.uint8)
        mask = np.full((size.height, size.width, 1), 200, np.uint8)
        layer = Layer(1, "veil", TileMap.from_array(pixels), TileMap.from_array(mask))
        session.commit(session.state.with_layer(layer), "Veil")
        self.settle()
        undone, redone = [], []
        for _ in range(2):
            undone += self.run(iter([partial(_do, session.undo)]))
            self.settle()
            redone += self.run(iter([partial(_do, session.redo)]))
            self.settle()
        return undone, redone

    def _turn(self, turn: int) -> None:
        at = QPointF(900, 500)
        none = Qt.KeyboardModifier.NoModifier
        event = QWheelEvent(
            at, at, QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton, none, Qt.ScrollPhase.NoScrollPhase, False
        )
        QApplication.sendEvent(self.view, event)


def _do(step: Callable[[], object]) -> None:
    step()


def spiral(count: int) -> list[tuple[float, float]]:
    """A hand's way around the middle of the view, about 25 pixels a move."""
    turns = np.linspace(0, 8 * np.pi, count)
    radius = np.linspace(120, 400, count)
    return list(zip((960 + radius * np.cos(turns)).tolist(), (540 + radius * np.sin(turns)).tolist(), strict=True))


def report(name: str, times: list[float]) -> None:
    median, slow = np.percentile(times, [50, 99])
    print(f"{name:42} {median:8.1f} {slow:8.1f} {max(times):8.1f}")


def first_paint(photo: U8) -> float:
    """Seconds from process start to the first paint of the canvas with a 24-MP JPEG, the better of two starts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        cv2.imwrite(str(path), cv2.cvtColor(mosaic(photo, 24), cv2.COLOR_RGB2BGR))
        waits = []
        for _ in range(2):
            start = time.time()
            command = [sys.executable, "-c", _FIRST_PAINT, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            waits.append(float(done.stdout.split()[0]) - start)
    return min(waits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, help="a folder with a photo to make the document of")
    parser.add_argument("--megapixels", type=float, default=100)
    options = parser.parse_args()
    photo = photo_of(options.data)
    process = psutil.Process()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    for variable in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        os.environ.pop(variable, None)  # set by OpenCV to folders of its own

    print(f"process start to first paint, 24 MP: {first_paint(photo):.2f} s (bar 1.5)")
    application = QApplication.instance() or QApplication(sys.argv)
    assert isinstance(application, QApplication), "made in a window's process"
    pixels = mosaic(photo, options.megapixels)
    session = Session.open(DocumentState.from_pixels(pixels, Metadata(), "mosaic"), None, "Open")
    document_mb = pixels.nbytes / 1e6
    del pixels
    before_mb = process.memory_info().rss / 1e6
    view = TimedView()
    view.resize(*VIEW)
    view.set_session(session)
    start = time.perf_counter()
    view.show()
    while not view.painted_at:
        application.processEvents()
    print(f"first paint of {options.megapixels:g} MP in a running window: {time.perf_counter() - start:.3f} s")
    bench = Bench(application, view)
    start = time.perf_counter()
    bench.settle()
    print(f"  all of it exact, and ready for any zoom: {time.perf_counter() - start:.3f} s more")
    print(f"  memory beside the document's {document_mb:.0f} MB: {process.memory_info().rss / 1e6 - before_mb:.0f} MB")

    print(f"\n{'milliseconds (bars 8 and 16)':42} {'median':>8} {'p99':>8} {'max':>8}")
    for zoom in (view.zoom, 0.4, 0.7, 1.0, 2.0):
        for radius_px in (5, 50, 250, 500):
            report(f"brush, radius {radius_px} px, at {zoom:.0%}", bench.brush(radius_px, zoom))
            while session.undo():
                pass
    for zoom in (0.16, 0.4, 0.7, 1.0, 1.5, 4.0):
        report(f"pan at {zoom:.0%}", bench.pan(zoom))
    report("zoom, wheel from fit and back", bench.wheel())
    bench.brush(500, 0.5)
    report("  the same with a large mask", bench.wheel())
    for name, times in zip(("undo", "redo"), bench.undo_and_redo(session), strict=True):
        report(f"{name} of the whole picture, to its paint", times)
    print(f"\nmemory beside the document at the end: {process.memory_info().rss / 1e6 - before_mb:.0f} MB")
    view.set_session(None)
    view.close()


if __name__ == "__main__":
    main()
