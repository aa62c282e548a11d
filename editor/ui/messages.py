"""One line for the user over the canvas: never a window that must be closed before going on."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from editor.core.i18n import _
from editor.ui import theme

log = logging.getLogger("kintsugi.ui")

_NOTE_MS = 6000
_MARGIN_PX = 12


class MessageBar(QFrame):
    """Lies over the top of the widget it is given; notes go by themselves, errors stay until closed or outdated.

    details_wanted(text, details): the user wants to see the cause of an error.
    """

    details_wanted = Signal(str, str)

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self._cause = ""
        self.setObjectName("message")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 6, 6)
        row.setSpacing(8)
        self._icon = QLabel(self)
        self._text = QLabel(self)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.details_button = QPushButton(_("Details"), self)
        self.details_button.setToolTip(_("What went wrong, for a report"))
        self.details_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.details_button.clicked.connect(lambda: self.details_wanted.emit(self._text.text(), self._cause))
        self.offer_button = QPushButton(self)
        self.offer_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.offer_button.clicked.connect(self._take_offer)
        self._offered: Callable[[], object] | None = None
        close = QToolButton(self)
        close.setIcon(theme.icon("close"))
        close.setToolTip(_("Close this message"))
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(self.hide)
        for widget in (self._icon, self._text, self.offer_button, self.details_button, close):
            row.addWidget(widget)
        row.setStretch(1, 1)
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.timeout.connect(self.hide)
        over.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """The line that is shown, or an empty text."""
        return self._text.text() if not self.isHidden() else ""

    def note(self, text: str) -> None:
        """Shows a line that goes by itself."""
        self._show(text, "information-outline", "")
        self.timer.start(_NOTE_MS)

    def error(self, *errors: BaseException) -> None:
        """Shows an error's own line, of several each different one; their causes can be looked at."""
        lines = dict.fromkeys(str(error) or type(error).__name__ for error in errors)
        cause = "\n".join("".join(traceback.format_exception(error)) for error in errors)
        self._show("\n".join(lines), "alert-circle-outline", cause)
        self.timer.stop()

    def offer(self, text: str, label: str, tip: str, take: Callable[[], object]) -> None:
        """Shows what is wrong with a button that leads to the remedy; it stays as long as an error does."""
        self.offer_button.setText(label)
        self.offer_button.setToolTip(tip)
        self._show(text, "alert-circle-outline", "", take)
        self.timer.stop()

    def drop_error(self) -> None:
        """Takes an error away, because the user has gone on and it would be taken for the newest news."""
        if self._cause or self._offered is not None:
            self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _take_offer(self) -> None:
        offered = self._offered
        self.hide()
        if offered is not None:
            offered()

    def _show(self, text: str, icon: str, cause: str, offered: Callable[[], object] | None = None) -> None:
        log.info("shown: %s", text)
        self._text.setText(text)
        self._icon.setPixmap(theme.icon(icon).pixmap(QSize(18, 18)))
        self._cause = cause
        self.details_button.setVisible(bool(cause))
        self._offered = offered
        self.offer_button.setVisible(offered is not None)
        self._place()
        self.show()
        self.raise_()

    def _place(self) -> None:
        advance = self._text.fontMetrics().horizontalAdvance
        natural = max(advance(line) for line in self._text.text().split("\n")) + 190
        width = min(natural, self._over.width() - 2 * _MARGIN_PX, 900)
        height = max(self.heightForWidth(width), self.sizeHint().height())
        self.setGeometry((self._over.width() - width) // 2, _MARGIN_PX, width, height)
