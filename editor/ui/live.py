"""The preview: a method's result follows its sliders, first where the user looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAction

from editor.core.document import DocumentState
from editor.core.errors import EditorError
from editor.core.i18n import _
from editor.core.session import Session
from editor.host.jobs import Job, Jobs
from editor.ui.canvas.view import CanvasView
from editor.ui.panels.method import MethodPanel
from editor.ui.repair import Repair

if TYPE_CHECKING:
    from editor.host.live import Live, Remembered

_PAUSE_MS = 40
"""A slider that rests for so long is meant; a drag has moves every 10 to 20 ms."""
_CALM_MS = 200
"""After so long without a change there is time to get ready for a preview."""


class LivePreview(QObject):
    """Runs the chosen method on what is in view as long as `action` is checked, anew with each change of its settings,
    of the mask or of the picture.

    It ends with the result accepted or dropped, and with a method that can't be watched. While it is off, what it would
    begin with is done ahead in the background, so that it shows something at once when it is switched on.
    """

    def __init__(
        self, repair: Repair, method: MethodPanel, canvas: CanvasView, action: QAction, split: QAction, jobs: Jobs
    ) -> None:
        super().__init__(repair)
        self._repair = repair
        self._method = method
        self._canvas = canvas
        self._action = action
        self._jobs = jobs
        self._session: Session | None = None
        self._live: Live | None = None
        self._remembered: Remembered | None = None
        self._ahead: Job[None] | None = None
        self._timer = self._pause(_PAUSE_MS, self._start)
        self._calm = self._pause(_CALM_MS, self._get_ready)
        action.toggled.connect(self._toggled)
        method.preview_wanted.connect(action.setChecked)
        method.edited.connect(self._changed)
        method.method_changed.connect(lambda _plugin: self._method_changed())
        canvas.view_changed.connect(self._look)
        split.toggled.connect(lambda _on: self._look())
        repair.removal.discarded.connect(self.end)
        repair.removal.failed.connect(lambda _error: self.end())

    def _pause(self, length_ms: int, then: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(length_ms)
        timer.timeout.connect(then)
        return timer

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
        self._stop_ahead()
        if session is not None:
            session.changed.connect(self._document_changed)
        self.end()
        self.get_ready()

    def get_ready(self) -> None:
        """Does ahead what the preview begins with, as soon as nothing changes any more."""
        self._stop_ahead()
        self._calm.start()

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
        from editor.host.live import Live

        self._live = Live(self._memory())
        self._look()
        if not self.possible or not self._repair.watch(self._live):
            self.end()

    def _memory(self) -> Remembered:
        from editor.host.live import Remembered

        if self._remembered is None:
            self._remembered = Remembered()
        return self._remembered

    def _get_ready(self) -> None:
        plugin, runner, session = self._method.plugin, self._repair.runner, self._session
        if self.on or self._repair.removal.running or not self.possible:
            return
        if plugin is None or plugin.prepare is None or runner is None or session is None:
            return
        try:
            request = self._method.requests()[0]
        except EditorError:
            return
        state, remembered = session.state, self._memory()
        # That it fails is said when the preview is switched on.
        self._ahead = Job(
            lambda token, _tell: runner.get_ready(state, request, remembered, token), _("Getting the preview ready")
        )
        self._jobs.start(self._ahead, "chores")

    def _stop_ahead(self) -> None:
        job, self._ahead = self._ahead, None
        if job is not None:
            job.cancel()

    def _changed(self) -> None:
        """What was asked is asked no more; what is asked now is run after a short pause, as more may change."""
        if self.on:
            self._repair.removal.supersede()
            self._timer.start()
        else:
            self.get_ready()

    def _document_changed(self, before: DocumentState, after: DocumentState) -> None:
        from editor.host.live import inputs_differ

        if inputs_differ(before, after):
            self._changed()

    def _method_changed(self) -> None:
        if self.possible:
            self._changed()
        else:
            self.end()

    def _look(self) -> None:
        if self._live is not None:
            self._live.look(*self._canvas.looked_at())
