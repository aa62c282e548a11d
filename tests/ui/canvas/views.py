"""A canvas on the offscreen screen, and hands to use it with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QInputDevice, QPainter, QPointingDevice, QTabletEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from editor.core.document import DocumentState
from editor.core.geometry import Rect
from editor.core.metadata import Metadata
from editor.core.session import Session
from editor.ui.canvas.scene import Scene
from editor.ui.canvas.view import CanvasView

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NONE = Qt.KeyboardModifier.NoModifier
ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
Point = tuple[float, float]


def state_of(pixels: NDArray[Any], icc: bytes | None = None) -> DocumentState:
    return DocumentState.from_pixels(pixels, Metadata(icc=icc), "photo")


def flat(width: int, height: int, *values: int) -> NDArray[np.uint8]:
    return np.broadcast_to(np.array(values, np.uint8), (height, width, len(values))).copy()


def noise(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def opened(qtbot: QtBot, state: DocumentState, width: int = 400, height: int = 300) -> tuple[CanvasView, Session]:
    """A view of that size with a session of `state`, shown and drawn."""
    view, session = CanvasView(), Session.open(state, None, "Open")
    qtbot.addWidget(view)
    view.resize(width, height)
    view.set_session(session)
    with qtbot.waitExposed(view):
        view.show()
    view.settle()
    return view, session


def at(view: CanvasView, point: Point) -> QPoint:
    """The widget's pixel next to an image point."""
    return view.widget_point(*point).toPoint()


def press(view: CanvasView, point: Point, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = NONE) -> None:
    QTest.mousePress(view, button, keys, at(view, point))


def release(view: CanvasView, point: Point, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = NONE) -> None:
    QTest.mouseRelease(view, button, keys, at(view, point))


def move(view: CanvasView, point: Point) -> None:
    QTest.mouseMove(view, at(view, point))


def drag(view: CanvasView, *points: Point, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = NONE) -> None:
    """A drag through image points, all translated before it begins."""
    places = [at(view, point) for point in points]
    QTest.mousePress(view, button, keys, places[0])
    for place in places[1:]:
        QTest.mouseMove(view, place)
    QTest.mouseRelease(view, button, keys, places[-1])


def wheel(view: CanvasView, place: QPointF, turn: int, keys: Qt.KeyboardModifier = NONE) -> None:
    """`turn`: 120 is one notch away from the user."""
    event = QWheelEvent(place, place, QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton, keys, _NO_PHASE, False)
    QApplication.sendEvent(view, event)


_NO_PHASE = Qt.ScrollPhase.NoScrollPhase


def pen(view: CanvasView, kind: QTabletEvent.Type, point: Point, pressure: float) -> QTabletEvent:
    """Sends a pen's event."""
    place = QPointF(at(view, point))
    device = QPointingDevice(
        "pen",
        1,
        QInputDevice.DeviceType.Stylus,
        QPointingDevice.PointerType.Pen,
        QInputDevice.Capability.Pressure | QInputDevice.Capability.Position,
        1,
        1,
    )
    down = LEFT if kind != QTabletEvent.Type.TabletRelease else Qt.MouseButton.NoButton
    event = QTabletEvent(kind, device, place, place, pressure, 0, 0, 0, 0, 0, NONE, LEFT, down)
    QApplication.sendEvent(view, event)
    return event


def mask_of(state: DocumentState) -> NDArray[np.uint8]:
    mask: NDArray[np.uint8] = state.mask.read(state.size.rect)[..., 0]
    return mask


def shot(view: CanvasView) -> NDArray[np.uint8]:
    """What the widget shows with the pointer elsewhere, H x W x 3, RGB."""
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    view.settle()
    return rgb(view.grab().toImage())


def drawn(scene: Scene) -> NDArray[np.uint8]:
    """What a scene draws, all of it exact, H x W x 3, RGB."""
    viewport = scene.viewport
    image = QImage(viewport.width, viewport.height, QImage.Format.Format_RGB32)
    scene.settle()
    painter = QPainter(image)
    scene.paint(painter, Rect(0, 0, viewport.width, viewport.height))
    painter.end()
    return rgb(image)


def rgb(image: QImage) -> NDArray[np.uint8]:
    flat_image = image.convertToFormat(QImage.Format.Format_RGB32)
    words = np.frombuffer(flat_image.constBits(), np.uint8).reshape(flat_image.height(), flat_image.width(), 4)
    return words[..., 2::-1].copy()
