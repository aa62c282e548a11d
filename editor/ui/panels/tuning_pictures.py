"""A patch that is not learned from: as the network gets it, what it makes of it, and what it should be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from editor.core.i18n import _
from editor.host.training_course import Course

ZOOM = 2
_LEAST_PX = 128 * ZOOM


class Pictures(QWidget):
    """The three beside each other at 200 %, each pixel as it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        self.captions: list[QLabel] = []
        self.pictures: list[QLabel] = []
        for column, (text, tip) in enumerate(
            (
                (_("Before"), _("A patch of a photo that is not learned from, as the network gets it")),
                (_("After"), _("What the network makes of it")),
                (_("Wanted"), _("What it should be")),
            )
        ):
            caption, picture = QLabel(text, self), QLabel(self)
            caption.setObjectName("faint")
            caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
            picture.setMinimumSize(_LEAST_PX, _LEAST_PX)
            picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
            for label in (caption, picture):
                label.setToolTip(tip)
            grid.addWidget(picture, 0, column, Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(caption, 1, column)
            self.captions.append(caption)
            self.pictures.append(picture)
        self._shown: object = None

    def show_course(self, course: Course, *, coming: bool) -> None:
        """Shows the newest pictures; until there are any, a line if they are coming."""
        newest = course.pictures
        if newest is self._shown and newest is not None:
            return
        self._shown = newest
        if newest is None or newest.pictures is None:
            for picture in self.pictures:
                picture.clear()
            self.pictures[1].setText(_("The first pictures come soon.") if coming else "")
        else:
            for label, pixels in zip(self.pictures, newest.pictures, strict=True):
                label.setPixmap(enlarged(pixels))
        step = "" if newest is None else _("After {step} steps").format(step=newest.step)
        self.captions[1].setText(step or _("After"))


def enlarged(pixels: NDArray[np.uint8]) -> QPixmap:
    """H x W x 3 uint8 RGB at 200 %, nearest neighbours."""
    height, width, _channels = pixels.shape
    packed = np.ascontiguousarray(pixels)
    image = QImage(packed.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return QPixmap.fromImage(image.scaled(width * ZOOM, height * ZOOM))
