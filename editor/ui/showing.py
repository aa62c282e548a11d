"""What the canvas shows: the document, a candidate over it, the original while a key is held, masks or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QApplication

from editor.core.document import DocumentState
from editor.core.geometry import Rect
from editor.core.session import Session
from editor.ui.canvas.view import CanvasView
from editor.ui.removal import Removal

if TYPE_CHECKING:
    from editor.host.made import Made

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
        self._busy: Rect | None = None
        self._tint_before: bool | None = None
        self._preview: DocumentState | None = None
        self._masks_of: Made | None = None
        hold.triggered.connect(self._begin_hold)
        split.toggled.connect(lambda _on: self.refresh())
        masks.toggled.connect(lambda _on: self.refresh())
        masks.triggered.connect(self._tint_chosen)
        removal.shown_changed.connect(self._candidate_changed)
        removal.grew.connect(self._candidate_changed)
        canvas.tool_begun.connect(self._begin_painting)

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
        candidate = self._removal.current
        masks = candidate.made if candidate is not None and candidate.is_mask else None
        if masks is not self._masks_of:
            # Only then: it would end the preview of a stroke under way.
            self._masks_of = masks
            self._canvas.show_masks(result if masks is not None else None)
        # What is watched is compared with what it is made of.
        before = session.state if self._removal.watched else session.opened
        self._canvas.show_split(before if self._split.isChecked() and not self._held else None)
        self._canvas.set_masks_visible(self._masks.isChecked() and not self._held)
        busy = self._removal.busy
        self._canvas.set_busy(busy)
        if busy is not None and busy != self._busy:
            self._canvas.reveal(busy)
        self._busy = busy

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if _ends_hold(event):
            self._end_hold()
        return super().eventFilter(watched, event)

    def _begin_painting(self) -> None:
        """Whoever paints on while a candidate is shown has to see where; whoever only looks around does not."""
        if self._canvas.tool.id in _LOOKING_TOOLS:
            return
        # Another candidate under the stroke would be in its way.
        self._removal.stay()
        if self._tint_before and not self._masks.isChecked():
            self._painting = True
            self._masks.setChecked(True)

    def _tint_chosen(self) -> None:
        """The user switched the tint: over candidates it then stays as it is."""
        self._painting = False

    def _candidate_changed(self) -> None:
        """Candidates are judged without the tint, until the user paints on or switches it on; masks by nothing else."""
        if not self._removal.showing:
            if self._tint_before is not None:
                self._masks.setChecked(self._tint_before or self._masks.isChecked())
            self._tint_before = None
        elif self._tint_before is None or self._painting:
            if self._tint_before is None:
                self._tint_before = self._masks.isChecked()
            candidate = self._removal.current
            self._masks.setChecked(candidate is not None and candidate.is_mask)
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
