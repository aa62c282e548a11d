"""What is drawn over the picture and is not part of it: the brush's circle, a sketch, the divider of a split."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from editor.core.geometry import Rect
from editor.ui.canvas.grid import Viewport
from editor.ui.tools.base import Outline, Sketch

_DARK = QColor(0, 0, 0, 160)
_LIGHT = QColor(255, 255, 255, 230)
_FAINT = QColor(255, 255, 255, 110)
# Beyond this a circle is drawn without antialiasing: the eye sees no step, and it is forty times as fast.
_SMOOTH_RADIUS = 60.0
_MARGIN = 3
_HANDLE_RADIUS = 9


class BrushMark:
    """The circle at the pointer, in device pixels of the view."""

    def __init__(self, outline: Outline, zoom: float, x: float, y: float) -> None:
        self._radius = outline.radius_px * zoom
        self._hard = outline.hard_px * zoom
        self._centre = QPointF(x, y)

    @property
    def tiny(self) -> bool:
        """Too small to show where the pointer is."""
        return self._radius < 4

    @property
    def rect(self) -> Rect:
        """What has to be painted anew when the circle comes or goes."""
        x, y, reach = self._centre.x(), self._centre.y(), self._radius + _MARGIN
        return Rect(math.floor(x - reach), math.floor(y - reach), math.ceil(x + reach), math.ceil(y + reach))

    def paint(self, painter: QPainter, view: Rect) -> None:
        """A dark and a light line, so that one of them shows on any photo; a faint one where the hard part ends.

        view: the device pixels of the view. Circles around all of it are not drawn: Qt would follow them all the way.
        """
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self._radius < _SMOOTH_RADIUS)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        corner = self._farthest(view) + _MARGIN
        for colour, radius in ((_DARK, self._radius + 1), (_LIGHT, self._radius), (_FAINT, self._hard)):
            if 2 <= radius <= corner:
                painter.setPen(QPen(colour, 1))
                painter.drawEllipse(self._centre, radius, radius)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _farthest(self, view: Rect) -> float:
        """From the centre to the corner that lies farthest from it."""
        x, y = self._centre.x(), self._centre.y()
        return math.hypot(max(x - view.left, view.right - x), max(y - view.top, view.bottom - y))


def paint_sketch(painter: QPainter, sketch: Sketch, viewport: Viewport) -> None:
    """The line of a lasso or a shape while it is drawn."""
    points = [QPointF(*viewport.to_view(x, y)) for x, y in sketch.points]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(_DARK, 3), QPen(_LIGHT, 1)):
        painter.setPen(pen)
        if sketch.kind == "polygon":
            painter.drawPolygon(QPolygonF(points))
        elif sketch.kind == "rectangle":
            painter.drawRect(QRectF(points[0], points[1]))
        else:
            painter.drawEllipse(QRectF(points[0], points[1]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_divider(painter: QPainter, x: int, height: int) -> None:
    """The line between before and after, with a knob to drag."""
    painter.fillRect(x - 1, 0, 3, height, _DARK)
    painter.fillRect(x, 0, 1, height, _LIGHT)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(_LIGHT, 1.5))
    painter.setBrush(_DARK)
    painter.drawEllipse(QPointF(x + 0.5, height / 2), _HANDLE_RADIUS, _HANDLE_RADIUS)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
