"""The preview: a method's result follows its sliders, first where the user looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAction

from editor.core.document import DocumentState
from editor.core.session import Session
from editor.ui.canvas.view import CanvasView
from editor.ui.panels.method import MethodPanel
from editor.ui.repair import Repair

if TYPE_CHECKING:
    from editor.host.live import Live, Remembered

_PAUSE_MS = 40
"""A slider that rests for so long is meant; a drag has moves every 10 to 20 ms."""


class LivePreview(QObject):
    """Runs the chosen method on what is in view as long as `action` is checked, anew with each change of its settings,
    of the mask or of the picture.

    It ends with the result accepted or dropped, and with a method that can't be watched.
    """

    def __init__(
        self, repair: Repair, method: MethodPanel, canvas: CanvasView, action: QAction, split: QAction
    ) -> None:
        super().__init__(repair)
        self._repair = repair
        self._method = method
        self._canvas = canvas
        self._action = action
        self._session: Session | None = None
        self._live: Live | None = None
        self._remembered: Remembered | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._start)
        action.toggled.connect(self._toggled)
        method.preview_wanted.connect(action.setChecked)
        method.edited.connect(self._changed)
        method.method_changed.connect(lambda _plugin: self._method_changed())
        canvas.view_changed.connect(self._look)
        split.toggled.connect(lambda _on: self._look())
        repair.removal.discarded.connect(self.end)
        repair.removal.failed.connect(lambda _error: self.end())

    @property
    def on(self) -> bool:
        return self._action.isChecked()

    @property
    def possible(self) -> bool:
        """Whether the chosen method can be watched on what is open."""
        return self._session is not None and self._method.plugin is not None and self._method.plugin.local

    def set_session(self, session: Session | None) -> None:
        """Another document is open."""
        if self._session is not None:
            self._session.changed.disconnect(self._document_changed)
        self._session = session
        self._remembered = None
        if session is not None:
            session.changed.connect(self._document_changed)
        self.end()

    def end(self) -> None:
        """Shows the document again as it is."""
        self._action.setChecked(False)

    def _toggled(self, on: bool) -> None:
        self._method.preview_box.setChecked(on)
        if on:
            self._start()
            return
        self._timer.stop()
        self._live = None
        if self._repair.removal.watched:
            self._repair.removal.discard()

    def _start(self) -> None:
        from editor.host.live import Live, Remembered

        if self._remembered is None:
            self._remembered = Remembered()
        self._live = Live(self._remembered)
        self._look()
        if not self.possible or not self._repair.watch(self._live):
            self.end()

    def _changed(self) -> None:
        """What was asked is asked no more; what is asked now is run after a short pause, as more may change."""
        if self.on:
            self._repair.removal.supersede()
            self._timer.start()

    def _document_changed(self, before: DocumentState, after: DocumentState) -> None:
        from editor.host.live import inputs_differ

        if self.on and inputs_differ(before, after):
            self._changed()

    def _method_changed(self) -> None:
        if self.possible:
            self._changed()
        else:
            self.end()

    def _look(self) -> None:
        if self._live is not None:
            self._live.look(*self._canvas.looked_at())
