"""A band of light that passes over the mask while a job works on it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QPainter

from editor.core.geometry import Rect

_INTERVAL_MS = 50
_PASS_S = 1.6
_STRIPS = 24
_STRENGTH = 0.55


class Shimmer(QObject):
    """The band over an image rectangle; `moved` is called 20 times a second while it is on."""

    def __init__(self, moved: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self.rect: Rect | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(moved)

    def set_rect(self, rect: Rect | None) -> None:
        """Starts, moves or (None) ends it."""
        self.rect = rect
        if rect is None:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def paint(self, painter: QPainter, box: Rect, lay: Callable[[QPainter, Rect], None]) -> None:
        """Draws the band over `box`, the rectangle in device pixels; `lay` draws the lit mask in a part of it."""
        part = time.monotonic() % _PASS_S / _PASS_S
        for strip, strength in _strips(box, part):
            inside = strip.intersect(box)
            if not inside.empty:
                painter.setOpacity(strength)
                lay(painter, inside)
        painter.setOpacity(1.0)


def _strips(box: Rect, part: float) -> Iterator[tuple[Rect, float]]:
    """Upright strips of the band, brightest in its middle, at `part` of its way from left to right."""
    width = max(2, round(box.width / 2 / _STRIPS))
    start = round(box.left - _STRIPS * width + part * (box.width + _STRIPS * width))
    for index in range(_STRIPS):
        left = start + index * width
        yield (
            Rect(left, box.top, left + width, box.bottom),
            _STRENGTH * math.sin(math.pi * (index + 0.5) / _STRIPS) ** 2,
        )
