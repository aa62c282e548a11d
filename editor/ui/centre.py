"""The middle of the window: the canvas with the strip and messages over it, or a welcome without a photo."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QStackedWidget, QWidget

from editor.core.i18n import _
from editor.ui.canvas.view import CanvasView
from editor.ui.messages import MessageBar
from editor.ui.panels.candidates import CandidateStrip


class Centre(QStackedWidget):
    """canvas, strip and messages are what the window talks to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._welcome = QLabel(self)
        self._welcome.setObjectName("hint")
        self._welcome.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._desk = QWidget(self)
        self.canvas = CanvasView(self._desk)
        self.canvas.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.strip = CandidateStrip(self._desk)
        grid = QGridLayout(self._desk)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.canvas, 0, 0)
        # Over the canvas: below it, its coming and going would resize the canvas and move the picture.
        grid.addWidget(self.strip, 0, 0, Qt.AlignmentFlag.AlignBottom)
        self.strip.installEventFilter(self)
        self.addWidget(self._welcome)
        self.addWidget(self._desk)
        self.messages = MessageBar(self)

    def greet(self, open_key: str) -> None:
        """Shows how to begin."""
        self._welcome.setText(_("Drop a photo here, or open one with {key}").format(key=open_key))
        self.setCurrentWidget(self._welcome)
        self.messages.raise_()

    def wait(self, text: str) -> None:
        """Shows what is being opened, as long as there is nothing else to show."""
        if self.currentWidget() is self._welcome and text:
            self._welcome.setText(text)

    def show_desk(self) -> None:
        """Shows the canvas."""
        self.setCurrentWidget(self._desk)
        self.messages.raise_()
        self.canvas.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.strip and event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self.canvas.set_covered(0 if self.strip.isHidden() else self.strip.height())
        return super().eventFilter(watched, event)
