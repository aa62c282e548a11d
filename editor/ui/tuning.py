"""The way to fine-tuning from anywhere in the window; what it needs is imported when it is first wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QWidget

from editor.core.errors import EditorError
from editor.core.i18n import _, ngettext
from editor.host.jobs import Jobs
from editor.host.places import Places
from editor.host.settings import Settings
from editor.ui.bridge import Bridge
from editor.ui.messages import MessageBar

if TYPE_CHECKING:
    from editor.core.document import DocumentState
    from editor.host.runner import Runner
    from editor.runtime.manifest import ModelManifest
    from editor.sdk.plugin import Plugin
    from editor.ui.dialogs.tuning import TuningWindow
    from editor.ui.tuning_work import TuningWork


class Tuning(QObject):
    """Opens the window of fine-tuning, and tells how it goes while that is closed.

    kept(): a model was installed. learned(method, model): one that is made for a photo; it is known by then.
    use_wanted(method, model): it is to be chosen. progressed(text): for the status line, empty when nothing learns.
    """

    kept = Signal()
    learned = Signal(str, str)
    use_wanted = Signal(str, str)
    progressed = Signal(str)

    def __init__(
        self,
        window: QWidget,
        places: Places,
        settings: Settings,
        jobs: Jobs,
        bridge: Bridge,
        messages: MessageBar,
        document: Callable[[], tuple[str, DocumentState] | None],
        runner: Callable[[], Runner | None],
    ) -> None:
        super().__init__(window)
        self._parent = window
        self._places = places
        self._settings = settings
        self._jobs = jobs
        self._bridge = bridge
        self._messages = messages
        self._document = document
        self._runner = runner
        self._plugins: tuple[Plugin, ...] = ()
        self.work: TuningWork | None = None
        self.window: TuningWindow | None = None

    def show(self, method: str = "", model: str = "") -> TuningWindow:
        """Opens the window, or brings it to the front; with a method, it and the model to go on from are chosen."""
        if self.window is None:
            self.window = self._make_window()
        elif not self.window.isVisible():
            self.refresh()
        if method:
            self.window.set_up.prefer(method, model)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()
        return self.window

    def learn_photo(self, method: str, model: str) -> None:
        """Lets a method learn from the open photo alone, for a few minutes in the background, from a model on."""
        from editor.host.training_choice import PHOTO_MINUTES, for_photo

        document, work = self._document(), self._working()
        plugin = work.learners.get(method)
        if document is None or plugin is None:
            return
        if not work.make_way():
            self._messages.offer(
                _("A fine-tuning is under way; this photo can be learned when it has ended."),
                _("Fine-tune…"),
                _("See how far it is, or stop it"),
                self.show,
            )
            return
        try:
            choice = for_photo(plugin, *document, model, work.trainings.bases(plugin), work.taken)
        except EditorError as error:
            self._messages.error(error)
            return
        work.cut(choice, start=True)
        self._messages.note(
            ngettext(
                "{photo} is being learned in the background, for about {count} minute; go on editing meanwhile.",
                "{photo} is being learned in the background, for about {count} minutes; go on editing meanwhile.",
                PHOTO_MINUTES,
            ).format(photo=choice.photo, count=PHOTO_MINUTES)
        )

    def set_plugins(self, plugins: Iterable[Plugin]) -> None:
        """The methods that there are, of which some can learn."""
        self._plugins = tuple(plugins)
        if self.work is not None:
            self.work.set_plugins(self._plugins)

    def refresh(self) -> None:
        """Another photo is open, it has another mask, or models came and went."""
        if self.work is not None:
            self.work.library.store.refresh()
        if self.window is not None:
            self.window.set_up.refresh()

    def follow_document(self) -> None:
        """The open photo or its mask is another."""
        if self.window is not None and self.window.set_up.isVisible():
            self.window.set_up.photos.refresh()

    def end(self) -> None:
        """The main window is closing for good: what learns saves where it is, which is waited for."""
        if self.window is not None:
            self.window.close()
        if self.work is None:
            return
        if not self.work.running:
            self.work.end()
            return
        self._messages.note(_("Saving where the fine-tuning is…"))
        # At once: from here on nothing is drawn until it is done.
        self._messages.repaint()
        QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            self.work.end()
        finally:
            QApplication.restoreOverrideCursor()

    def _make_window(self) -> TuningWindow:
        from editor.ui.dialogs.tuning import TuningWindow

        window = TuningWindow(self._working(), self._document, self._settings, self._parent)
        window.use_wanted.connect(self._use)
        return window

    def _working(self) -> TuningWork:
        """The work, which needs no window."""
        if self.work is not None:
            return self.work
        from editor.host.library import library
        from editor.host.training import Trainings
        from editor.ui.tuning_work import TuningWork

        models = library(self._places)
        trainings = Trainings(self._places.trainings, models)
        self.work = TuningWork(trainings, models, self._jobs, self._bridge, self._runner, self)
        self.work.set_plugins(self._plugins)
        self.work.changed.connect(self._tell)
        self.work.moved.connect(self._tell)
        self.work.kept.connect(self._keep)
        self.work.ended.connect(self._offer)
        self.work.failed.connect(self._fail)
        return self.work

    def _keep(self, manifest: ModelManifest) -> None:
        self.kept.emit()
        if manifest.trained is not None and manifest.trained.photo:
            self.learned.emit(manifest.trained.method, manifest.id)

    def _tell(self) -> None:
        """How far it is, in a few words."""
        from editor.host.training_course import left_text
        from editor.ui.tuning_work import Stage

        work = self.work
        assert work is not None, "it tells of itself"
        course = work.course
        if work.stage is Stage.DONE and work.verdict is not None:
            better = work.verdict.manifest is not None
            # It stays until it was seen: the line over the canvas may have gone with the next stroke.
            self.progressed.emit(_("Fine-tuning: better") if better else _("Fine-tuning: nothing gained"))
            return
        if work.stage is Stage.CUTTING:
            self.progressed.emit(_("Fine-tuning: preparing, {percent} %").format(percent=int(100 * work.share)))
            return
        if not (work.running or work.stage is Stage.JUDGING):
            self.progressed.emit("")
            return
        if not course.steps:
            self.progressed.emit(_("Fine-tuning: getting ready"))
            return
        parts = [_("Fine-tuning: {percent} %").format(percent=int(100 * course.share))]
        if work.stage is Stage.PAUSED:
            parts.append(_("paused"))
        elif work.stage is Stage.LEARNING and course.left_s is not None:
            parts.append(left_text(course.left_s))
        self.progressed.emit(", ".join(parts))

    def _offer(self, text: str) -> None:
        """A training ended; if its window is not seen, a line over the canvas leads there."""
        if self.window is None or not self.window.isVisible():
            self._messages.offer(text, _("Fine-tune…"), _("See how it went"), self.show)

    def _fail(self, error: EditorError) -> None:
        if self.window is None or not self.window.isVisible():
            self._messages.error(error)

    def _use(self, manifest: ModelManifest) -> None:
        if manifest.trained is not None:
            self.use_wanted.emit(manifest.trained.method, manifest.id)
