"""Which document is open, and its way from and to disk; reading and writing happen in the background."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from editor.core.errors import EditorError
from editor.core.i18n import _
from editor.core.session import Session
from editor.host.jobs import Job, Jobs
from editor.host.settings import Settings
from editor.io.options import ExportOptions
from editor.ui.bridge import Bridge
from editor.ui.dialogs import ask

if TYPE_CHECKING:
    from editor.core.store import Store

T = TypeVar("T")
Opened = tuple[Session, tuple[str, ...]]
_Place = tuple[Session | None, int]

_NOWHERE: _Place = (None, 0)

_RECENT = 10


class Files(QObject):
    """Opens, saves, exports and leaves documents; one is open at a time.

    session_changed(session | None): another document is open. saved(): it was saved, its name may have changed.
    noted(text), failed(error): a line for the user. working(text): what is being read or written, empty when done.
    """

    session_changed = Signal(object)
    saved = Signal()
    noted = Signal(str)
    failed = Signal(object)
    working = Signal(str)

    def __init__(self, window: QWidget, settings: Settings, jobs: Jobs, bridge: Bridge) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._jobs = jobs
        self._bridge = bridge
        self._attach: Callable[[Session], Store] | None = None
        self.journal: Store | None = None
        self._wanted = 0
        self._writing = 0
        self._then: Callable[[], None] | None = None
        self._left: list[Store] = []
        self.session: Session | None = None

    @property
    def name(self) -> str:
        """The open document's name for the user."""
        if self.session is None:
            return ""
        if self.session.path is not None:
            return self.session.path.name
        first = next(iter(self.session.history.steps.values()))
        return _("Untitled ({origin})").format(origin=first.label) if first.record else _("Recovered photo")

    @property
    def stem(self) -> str:
        """What a new file of the document is called to begin with, without a suffix."""
        if self.session is None:
            return ""
        path = self.session.path
        return path.stem if path is not None else self.session.name.replace("/", "-").replace("\\", "-")

    @property
    def recent(self) -> list[Path]:
        return [Path(name) for name in self._settings.get("files.recent", list[str]())]

    def keep_journals(self, attach: Callable[[Session], Store]) -> None:
        """From now on every open document is journalled by what `attach` begins."""
        self._attach = attach
        if self.session is not None and self.journal is None:
            self._begin_journal(self.session)

    def ask_and_open(self) -> None:
        """Lets the user choose a file and opens it."""
        from editor.host.documents import OPEN_SUFFIXES

        path = ask.file_to_open(self._window, _("Open"), self._folder(), OPEN_SUFFIXES)
        if path is not None:
            self.open(path)

    def open(self, path: Path) -> None:
        """Opens a file in place of the document that is open, after asking about unsaved changes."""
        self.leave(lambda: self._load(path))

    def adopt(self, path: Path, reading: Future[Opened]) -> None:
        """Takes over a document that is being read already."""
        self._wanted += 1
        wanted = self._wanted
        self.working.emit(_("Opening {name}…").format(name=path.name))
        reading.add_done_callback(lambda _done: self._bridge.post(lambda: self._adopted(wanted, path, reading)))

    def show(self, session: Session | None, journal: Store | None = None) -> None:
        """Makes a document the open one; the journal of the one before is no longer needed."""
        before, self.journal = self.journal, journal
        self.session = session
        self.session_changed.emit(session)
        # After what takes the old document's error away, which is not to take this one's.
        if session is not None:
            self._begin_journal(session)
        # Last, since what was shown until now may be read from it.
        if before is not None:
            self._left.append(before)
            self._close_left()

    def leave(self, then: Callable[[], None]) -> None:
        """Calls `then` when nothing unsaved is lost by it: at once, after saving, or never if the user cancels."""
        if self.session is None or not self.session.modified:
            then()
            return
        answer = ask.unsaved(self._window, self.name, in_file=self.session.path is not None)
        if answer == "save":
            # Once more, for what is painted while the file is written.
            self.save(lambda: self.leave(then))
        elif answer == "discard":
            then()

    def leave_for_good(self, then: Callable[[], None]) -> None:
        """Calls `then` as `leave` does, but not before everything is written; never if that fails."""
        self._when_written(lambda: self.leave(lambda: self._when_written(then)))

    def show_new(self, session: Session) -> None:
        """Shows a document that was made of the open one, in its place, after asking about unsaved changes."""
        source = self.session.path if self.session is not None else None

        def show() -> None:
            self.show(session)
            if source is not None:
                self.noted.emit(
                    _("The new picture is open in place of {name}, which is under File, Open recent.").format(
                        name=source.name
                    )
                )

        self.leave(show)

    def close(self) -> None:
        """Closes the document, after asking about unsaved changes."""
        self.leave(lambda: self.show(None))

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Writes the project where it was saved last, or asks where."""
        if self.session is None:
            return
        path = self.session.path
        if path is not None and path.suffix.lower() == ".ora":
            self._save(self.session, path, then)
        else:
            self.save_as(then)

    def save_as(self, then: Callable[[], None] | None = None) -> None:
        """Asks where to write the project, and writes it."""
        if self.session is None:
            return
        folder = self.session.path.parent if self.session.path is not None else Path(self._folder())
        path = ask.file_to_save(self._window, _("Save project"), folder / f"{self.stem}.ora", "OpenRaster")
        if path is not None:
            self._save(self.session, path, then)

    def export(self, path: Path, options: ExportOptions) -> None:
        """Writes the flattened picture as it is now."""
        if self.session is None:
            return
        state = self.session.state

        def work() -> tuple[str, ...]:
            from editor.host.documents import export_document

            return export_document(state, path, options)

        def done(notes: tuple[str, ...]) -> None:
            self.noted.emit(" ".join((_("Exported {name}.").format(name=path.name), *notes)))

        self.write_in_background(_("Exporting {name}…").format(name=path.name), work, done)

    def write_in_background(self, label: str, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Writes a file beside everything else, then calls `done`; an error is shown. The window stays until then."""
        job = self._job(label, work, done)
        job.failed.connect(self._bridge.queued(lambda _error: self._stay()))
        job.finished.connect(self._bridge.queued(self._written))
        self._writing += 1
        self._jobs.start(job, "chores")

    def export_folder(self) -> Path:
        """Where to export to, as long as the user says nothing else: beside the photo."""
        if self.session is not None and self.session.path is not None:
            return self.session.path.parent
        return Path(self._settings.get("export.folder", str(Path.home())))

    def end(self) -> None:
        """The window is closing for good: the journal has done its work."""
        for journal in (*self._left, *([self.journal] if self.journal is not None else [])):
            journal.close(keep=False)
        self._left, self.journal = [], None

    def _load(self, path: Path) -> None:
        self._wanted += 1
        wanted, left = self._wanted, self._place

        def work() -> Opened:
            from editor.host.documents import open_document

            return open_document(path)

        label = _("Opening {name}…").format(name=path.name)
        job = self._job(label, work, lambda opened: self._loaded(wanted, left, path, opened))
        self._jobs.start(job, "chores")

    def _adopted(self, wanted: int, path: Path, reading: Future[Opened]) -> None:
        self.working.emit("")
        error = reading.exception()
        if error is None:
            self._loaded(wanted, _NOWHERE, path, reading.result())
        elif isinstance(error, EditorError):
            self.failed.emit(error)
        else:
            raise error

    def _loaded(self, wanted: int, left: _Place, path: Path, opened: Opened) -> None:
        """Shows what was read; `left` is where the user agreed to be torn away from."""
        if wanted != self._wanted:
            return
        if self._place == left:
            self._take(path, opened)
        else:
            self.leave(lambda: self._take(path, opened))

    def _take(self, path: Path, opened: Opened) -> None:
        session, notes = opened
        self.show(session)
        self._remember(path)
        if notes:
            self.noted.emit(" ".join(notes))

    def _save(self, session: Session, path: Path, then: Callable[[], None] | None) -> None:
        step = session.history.current

        def work() -> None:
            from editor.io.project import write_project

            write_project(path, step.state)

        def done(_nothing: Any) -> None:
            session.path = path
            session.saved_step = step.id
            self._remember(path)
            self.saved.emit()
            self.noted.emit(_("Saved {name}.").format(name=path.name))
            if then is not None:
                then()

        self.write_in_background(_("Saving {name}…").format(name=path.name), work, done)

    @property
    def _place(self) -> _Place:
        return (self.session, self.session.history.current.id) if self.session is not None else _NOWHERE

    def _job(self, label: str, work: Callable[[], T], done: Callable[[T], None]) -> Job[T]:
        job: Job[T] = Job(lambda _token, _tell: work(), label)
        job.done.connect(self._bridge.queued(done))
        job.failed.connect(self._bridge.queued(self.failed.emit))
        job.finished.connect(self._bridge.queued(lambda: self.working.emit("")))
        self.working.emit(label)
        return job

    def _when_written(self, then: Callable[[], None]) -> None:
        if self._writing:
            self._then = then
            self.noted.emit(_("Kintsugi closes when the file is written."))
        else:
            then()

    def _written(self) -> None:
        self._writing -= 1
        if self._writing:
            return
        self._close_left()
        then, self._then = self._then, None
        if then is not None:
            then()

    def _stay(self) -> None:
        """A file could not be written: the user must see that, and may try another place."""
        self._then = None

    def _close_left(self) -> None:
        """Closes the journals of documents that are left, unless one is still being read to be written elsewhere."""
        if not self._writing:
            for journal in self._left:
                journal.close(keep=False)
            self._left = []

    def _begin_journal(self, session: Session) -> None:
        """Begins the session's journal if it has none; the user is told when it can't be kept up."""
        try:
            if self.journal is None and self._attach is not None:
                self.journal = self._attach(session)
        except EditorError as error:
            self.failed.emit(error)
        if self.journal is not None:
            self.journal.failed.connect(self._bridge.queued(self.failed.emit))
            if self.journal.error is not None:
                self.failed.emit(self.journal.error)

    def _remember(self, path: Path) -> None:
        path = path.absolute()
        paths = [path, *(other for other in self.recent if other != path)]
        self._settings.set("files.recent", [str(each) for each in paths[:_RECENT]])
        self._settings.set("files.folder", str(path.parent))

    def _folder(self) -> str:
        return self._settings.get("files.folder", str(Path.home()))
