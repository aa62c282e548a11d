"""What the canvas shows: the document, a candidate over it, the original while a key is held, masks or not."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication

from editor.core.document import DocumentState
from editor.core.session import Session
from editor.ui.canvas.view import CanvasView
from editor.ui.removal import Removal

_LOOKING_TOOLS = ("pan", "zoom")


class Showing(QObject):
    """hold: shows the original as long as its key is down. split: original left, result right. masks: the tint."""

    def __init__(
        self, canvas: CanvasView, removal: Removal, hold: QAction, split: QAction, masks: QAction, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._removal = removal
        self._hold = hold
        self._split = split
        self._masks = masks
        self._session: Session | None = None
        self._held = False
        self._painting = False
        self._preview: DocumentState | None = None
        hold.triggered.connect(self._begin_hold)
        split.toggled.connect(lambda _on: self.refresh())
        masks.toggled.connect(lambda _on: self.refresh())
        removal.shown_changed.connect(self._candidate_changed)
        canvas.installEventFilter(self)

    def set_session(self, session: Session | None) -> None:
        if self._session is not None:
            self._session.changed.disconnect(self._changed)
        self._session = session
        if session is not None:
            session.changed.connect(self._changed)
        self._end_hold()
        self._split.setChecked(False)
        self.refresh()

    def preview(self, state: DocumentState | None) -> None:
        """Shows a state while something is being dragged; None ends it."""
        self._preview = state
        self.refresh()

    def refresh(self) -> None:
        session = self._session
        if session is None:
            return
        result = self._removal.preview()
        self._canvas.show_state(session.opened if self._held else self._preview or result)
        self._canvas.show_split(session.opened if self._split.isChecked() and not self._held else None)
        # A candidate is judged without the tint over it, until the user paints on.
        judged = result is not None and not self._painting
        self._canvas.set_masks_visible(self._masks.isChecked() and not self._held and not judged)
        self._canvas.set_busy(self._removal.busy)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._canvas:
            if event.type() == QEvent.Type.TabletPress or (
                isinstance(event, QMouseEvent)
                and event.type() == QEvent.Type.MouseButtonPress
                and event.button() == Qt.MouseButton.LeftButton
            ):
                self._begin_painting()
            return False
        if _ends_hold(event):
            self._end_hold()
        return False

    def _begin_painting(self) -> None:
        if self._removal.current is not None and not self._painting and self._canvas.tool.id not in _LOOKING_TOOLS:
            self._painting = True
            self.refresh()

    def _candidate_changed(self) -> None:
        self._painting = False
        self.refresh()

    def _changed(self, _before: DocumentState, _after: DocumentState) -> None:
        self.refresh()

    def _begin_hold(self) -> None:
        if self._session is None or self._held:
            return
        self._held = True
        application = QApplication.instance()
        if application is not None:
            # Only while the key is down: a filter on the application costs every event a call.
            application.installEventFilter(self)
        self.refresh()

    def _end_hold(self) -> None:
        if not self._held:
            return
        self._held = False
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self.refresh()


def _ends_hold(event: QEvent) -> bool:
    """Any key that comes up: on some keyboards the bound one needs a modifier, which may be let go first."""
    if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyRelease:
        return not event.isAutoRepeat()
    return event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.WindowDeactivate)
