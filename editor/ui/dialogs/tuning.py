"""The window of fine-tuning, which stays beside the main one and remembers its place."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent
from PySide6.QtWidgets import QDialog, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from editor.core.errors import EditorError
from editor.core.i18n import _
from editor.host.settings import Settings
from editor.host.training import Run
from editor.ui.dialogs import ask
from editor.ui.panels.tuning_course import CoursePanel
from editor.ui.panels.tuning_photos import Document, dropped_photos
from editor.ui.panels.tuning_ready import ReadyPanel
from editor.ui.panels.tuning_setup import SetUpPanel
from editor.ui.tuning_work import Stage, TuningWork

_GEOMETRY = "tuning.geometry"


class TuningWindow(QDialog):
    """Closing it only hides it: what learns goes on. use_wanted(manifest): a new model is to be chosen."""

    use_wanted = Signal(object)

    def __init__(self, work: TuningWork, document: Document, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Fine-tune"))
        self.setAcceptDrops(True)
        self._work = work
        self._settings = settings
        self.set_up = SetUpPanel(work, document, settings, self)
        self.ready = ReadyPanel(work, self)
        self.course = CoursePanel(work, self)
        self.pages = QStackedWidget(self)
        for page in (self.set_up, self.ready, self.course):
            self.pages.addWidget(page)
        self.error = QLabel(self)
        self.error.setObjectName("warning")
        self.error.setTextFormat(Qt.TextFormat.PlainText)
        self.error.setWordWrap(True)
        self.error.setToolTip(_("What did not succeed"))
        self.error.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.addWidget(self.error)
        column.addWidget(self.pages)
        self.resize(840, 620)
        geometry = settings.get(_GEOMETRY, "")
        if geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
        work.changed.connect(self._turn)
        work.failed.connect(self._show_error)
        self.set_up.forget_wanted.connect(self._forget)
        self.course.forget_wanted.connect(self._forget_current)
        self.course.use_wanted.connect(self._use)
        self._turn()
        self.set_up.begin()

    def reject(self) -> None:
        """Whoever closes the window has seen how it ended."""
        if self._work.stage is Stage.DONE:
            self._work.leave()
        super().reject()

    def hideEvent(self, event: QHideEvent) -> None:
        self._settings.set(_GEOMETRY, bytes(self.saveGeometry().toBase64().data()).decode("ascii"))
        super().hideEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._work.stage is Stage.SET_UP and dropped_photos(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = dropped_photos(event)
        if self._work.stage is Stage.SET_UP and paths:
            event.acceptProposedAction()
            self.set_up.photos.add(paths)

    def _turn(self) -> None:
        """Shows the page of the stage."""
        stage = self._work.stage
        page: SetUpPanel | ReadyPanel | CoursePanel = self.course
        if stage is Stage.SET_UP:
            page = self.set_up
        elif stage in (Stage.CUTTING, Stage.READY):
            page = self.ready
        self.error.hide()
        if page is not self.pages.currentWidget():
            self.pages.setCurrentWidget(page)
            if page is self.set_up:
                self.set_up.begin()
        self._enter(page.enter_button)

    def _enter(self, wanted: QPushButton | None) -> None:
        """Lets Enter press a button, or none."""
        for button in self.findChildren(QPushButton):
            button.setDefault(False)
        # Only now: a button that is the default already would not be made the one that Qt comes back to.
        if wanted is not None:
            wanted.setDefault(True)

    def _show_error(self, error: EditorError) -> None:
        self.error.setText(str(error))
        self.error.show()

    def _forget(self, run: Run) -> None:
        """Asks, if something was learned. It may have ended by itself meanwhile: then it stays."""
        mine = self._work.run is not None and self._work.run.folder.path == run.folder.path
        if (run.begun or mine) and not ask.forget_training(self, run.name):
            return
        if mine and self._work.stage in (Stage.JUDGING, Stage.DONE, Stage.SET_UP):
            return
        self._work.forget(run)

    def _forget_current(self) -> None:
        if self._work.run is not None:
            self._forget(self._work.run)

    def _use(self, manifest: object) -> None:
        self.use_wanted.emit(manifest)
        self._work.leave()
        self.close()
