"""The strip of candidates over the canvas's lower end; there only while they are made and one is to be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QPushButton, QVBoxLayout, QWidget

from editor.core.i18n import _

THUMB = QSize(132, 84)
_STRIP_HEIGHT_PX = 142
_LINE_PX = THUMB.width() + 10


@dataclass(frozen=True, slots=True)
class Entry:
    """One candidate in the strip.

    thumb: H x W x 3, uint8, no larger than THUMB.
    lines: what stands below it, each cut where it is too long.
    facts: what else its tooltip says.
    """

    thumb: NDArray[np.uint8]
    lines: Sequence[str]
    facts: Sequence[str]


class CandidateStrip(QWidget):
    """Thumbnails in the order of arrival, with the current one marked. Never takes the focus from the canvas.

    picked(index): the user clicked one. accepted(), again(), cancelled(): the buttons.
    """

    picked = Signal(int)
    accepted = Signal()
    again = Signal()
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(_STRIP_HEIGHT_PX)
        self.setAutoFillBackground(True)
        self._list = QListWidget(self)
        self._list.setObjectName("candidates")
        self._list.setViewMode(QListWidget.ViewMode.IconMode)
        self._list.setFlow(QListWidget.Flow.LeftToRight)
        self._list.setWrapping(False)
        self._list.setMovement(QListWidget.Movement.Static)
        self._list.setIconSize(THUMB)
        self._list.setGridSize(THUMB + QSize(16, 44))
        self._list.setWordWrap(True)
        # Qt would cut the second line of the current one.
        self._list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setToolTip(_("Click a result, or go through them with the arrow keys"))
        self._list.itemClicked.connect(lambda item: self.picked.emit(self._list.row(item)))
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 4, 6, 4)
        row.addWidget(self._list, 1)
        self._wait = QLabel(_("The first result appears in the picture as soon as it is there."), self._list)
        self._wait.setObjectName("hint")
        self._wait.move(12, 12)
        buttons = QVBoxLayout()
        self.accept_button = self._button(_("Accept"), self.accepted)
        self.accept_button.setObjectName("primary")
        self.again_button = self._button(_("Again"), self.again)
        self.cancel_button = self._button(_("Discard"), self.cancelled)
        for button in (self.accept_button, self.again_button, self.cancel_button):
            buttons.addWidget(button)
        row.addLayout(buttons)
        self.clear()
        self.hide()

    def clear(self) -> None:
        self._list.clear()
        self._wait.show()
        self.accept_button.setEnabled(False)

    def add(self, entry: Entry) -> None:
        """Appends a candidate; it does not become the current one."""
        height, width = entry.thumb.shape[:2]
        image = QImage(entry.thumb.data, width, height, entry.thumb.strides[0], QImage.Format.Format_RGB888)
        icon = QIcon()
        # The same when selected, or Qt would tint the very result that is to be judged.
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
            icon.addPixmap(QPixmap.fromImage(image), mode)
        cut = self._list.fontMetrics().elidedText
        # In the middle: models that the user trained are often called alike but for their ends.
        label = "\n".join(cut(line, Qt.TextElideMode.ElideMiddle, _LINE_PX) for line in entry.lines)
        # Made by Qt: of items made here Python may free its side first, and Qt crashes when the list is cleared.
        self._list.addItem(label)
        item = self._list.item(self._list.count() - 1)
        item.setIcon(icon)
        item.setToolTip("\n".join((*entry.lines, *entry.facts)))
        self._wait.hide()
        self.accept_button.setEnabled(True)

    def show_newest(self) -> None:
        """Brings the last candidate into view."""
        self._list.scrollToItem(self._list.item(self._list.count() - 1))

    def mark(self, index: int) -> None:
        """Marks the current candidate and brings it into view."""
        self._list.setCurrentRow(index)

    @property
    def labels(self) -> list[str]:
        return [self._list.item(row).text() for row in range(self._list.count())]

    @property
    def marked(self) -> int:
        """The index of the current candidate, -1 without one."""
        return self._list.currentRow()

    def _button(self, text: str, signal: SignalInstance) -> QPushButton:
        button = QPushButton(text, self)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: signal.emit())
        return button
