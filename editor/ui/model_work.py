"""What is done with models in the background: get, install, remove, measure; one thing at a time for each model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from PySide6.QtCore import QObject, Signal

from editor.core.errors import EditorError, UnknownModelError
from editor.core.i18n import N_, _
from editor.host import speed
from editor.host.jobs import CancelToken, Job, Jobs, LaneName, Progress
from editor.runtime.acceptance import LicenceNotAcceptedError
from editor.runtime.library import ModelLibrary
from editor.runtime.manifest import ROLES, ModelManifest
from editor.sdk.plugin import Plugin
from editor.ui.bridge import Bridge

T = TypeVar("T")
Kind = Literal["get", "install", "adopt", "remove", "measure"]

_LABELS = {
    "get": N_("Getting a model"),
    "install": N_("Installing a model"),
    "adopt": N_("Trying a model out"),
    "remove": N_("Removing a model"),
    "measure": N_("Measuring a model"),
}

UNKNOWN = ""
"""In place of a model's id: work with a file that is not recognised yet."""


@dataclass(eq=False, slots=True)
class Work:
    """share: of a download, what is there, 0..1; None until anything is known of it."""

    kind: Kind
    job: Job[Any]
    began: bool = False
    share: float | None = None


class ModelWork(QObject):
    """The models of a library and what runs with them, by model id or UNKNOWN.

    changed(): models may stand elsewhere now. worked(id): work began, went on or ended. failed(id, error): it did not
    succeed. noted(text): a line for the user. unknown(path): a file may be a model's, but it is not known what for;
    `adopt` goes on with it.
    """

    changed = Signal()
    worked = Signal(str)
    failed = Signal(str, object)
    noted = Signal(str)
    unknown = Signal(object)

    def __init__(
        self, library: ModelLibrary, speeds: speed.Speeds, jobs: Jobs, bridge: Bridge, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.library = library
        self.speeds = speeds
        self._jobs = jobs
        self._bridge = bridge
        self._engine: speed.Engine | None = None
        self._works: dict[str, Work] = {}
        self._held: dict[str, Sequence[Path]] = {}
        self.used_roles: frozenset[str] = frozenset(ROLES)

    def set_plugins(self, plugins: Iterable[Plugin]) -> None:
        """Which uses of models the methods have."""
        known = self.library.store.manifests
        self.used_roles = frozenset(
            role
            for plugin in plugins
            for role in (
                *(spec.role for spec in plugin.specs),
                *(known[model].role for model in plugin.models if model in known),
            )
        )
        self.changed.emit()

    @property
    def can_measure(self) -> bool:
        """Whether there is an engine that runs models."""
        return self._engine is not None

    def set_engine(self, engine: speed.Engine) -> None:
        """Models can be measured from now on."""
        self._engine = engine
        self.changed.emit()

    def work(self, model_id: str) -> Work | None:
        """What runs with a model, or waits for its turn."""
        return self._works.get(model_id)

    def get(self, model_id: str) -> None:
        """Fetches a model over the network and installs it."""

        def work(token: CancelToken, tell: Progress) -> list[ModelManifest]:
            return [self.library.get(model_id, lambda share: _tell(token, tell, share))]

        self._start(model_id, "get", "models", work, self._installed)

    def install(self, paths: Sequence[Path], model_id: str = UNKNOWN) -> None:
        """Installs files of the user's, which are recognised by their content; `model_id` is whose they should be.

        Files of a model whose licence is not accepted yet are installed when it is.
        """

        def work(token: CancelToken, tell: Progress) -> tuple[list[ModelManifest], list[Path]]:
            found, strange = [], []
            for path in paths:
                _tell(token, tell, 0.0)
                try:
                    found.append(self.library.install(path))
                except UnknownModelError:
                    strange.append(path)
            return found, strange

        def done(result: tuple[list[ModelManifest], list[Path]]) -> None:
            self._installed(result[0])
            for path in result[1]:
                self.unknown.emit(path)

        def failed(error: EditorError) -> None:
            if isinstance(error, LicenceNotAcceptedError):
                self._held[error.manifest.id] = paths

        self._start(model_id, "install", "models", work, done, failed)

    def adopt(self, path: Path, role: str) -> None:
        """Tries an unknown model out on small pictures and installs it for what the user says it is for."""

        def work(token: CancelToken, tell: Progress) -> list[ModelManifest]:
            return [self.library.adopt(path, role, lambda share: _tell(token, tell, share), lambda: token.cancelled)]

        self._start(UNKNOWN, "adopt", "models", work, self._installed)

    def remove(self, model_id: str) -> None:
        """Deletes a model's files from the user's folder."""
        self._start(model_id, "remove", "chores", lambda _token, _tell: self.library.remove(model_id))

    def accept(self, model_id: str) -> None:
        """Remembers that the user accepts a model's licence, and installs files that waited for it."""
        try:
            self.library.accept(model_id)
        except EditorError as error:
            self.failed.emit(model_id, error)
            return
        self.changed.emit()
        held = self._held.pop(model_id, ())
        if held:
            self.install(held, model_id)

    def measure(self, model_id: str) -> None:
        """Measures how fast a model runs, when no method does."""
        engine, manifest = self._engine, self.library.store.manifest(model_id)
        if engine is None:
            return

        def work(token: CancelToken, tell: Progress) -> None:
            _tell(token, tell, 0.0)
            self.speeds.put(manifest, speed.measure(engine, manifest, lambda: token.cancelled))

        self._start(model_id, "measure", "method", work)

    def make_way(self) -> None:
        """A method wants to run: nothing is measured now."""
        for model_id, work in list(self._works.items()):
            if work.kind == "measure":
                self.cancel(model_id)

    def cancel(self, model_id: str) -> None:
        """Stops what runs with a model."""
        work = self._works.get(model_id)
        if work is not None:
            work.job.cancel()
            self.worked.emit(model_id)

    def _start(
        self,
        model_id: str,
        kind: Kind,
        lane: LaneName,
        work: Callable[[CancelToken, Progress], T],
        done: Callable[[T], None] = lambda _result: None,
        failed: Callable[[EditorError], None] = lambda _error: None,
    ) -> None:
        job: Job[T] = Job(work, _(_LABELS[kind]))
        begun = Work(kind, job)

        def tell_failed(error: EditorError) -> None:
            failed(error)
            self.failed.emit(model_id, error)

        job.progress.connect(self._bridge.coalesced(lambda share, _text: self._progressed(model_id, begun, share)))
        job.finished.connect(self._bridge.queued(lambda: self._finished(model_id, begun)))
        job.done.connect(self._bridge.queued(done))
        job.failed.connect(self._bridge.queued(tell_failed))
        self._works[model_id] = begun
        self._jobs.start(job, lane)
        self.worked.emit(model_id)

    def _progressed(self, model_id: str, work: Work, share: float) -> None:
        if self._works.get(model_id) is work:
            work.began = True
            work.share = share or None
            self.worked.emit(model_id)

    def _finished(self, model_id: str, work: Work) -> None:
        if self._works.get(model_id) is work:
            del self._works[model_id]
            self.worked.emit(model_id)
        # Also after what failed: some of several files may be there.
        self.changed.emit()

    def _installed(self, manifests: Sequence[ModelManifest]) -> None:
        for manifest in {manifest.id: manifest for manifest in manifests}.values():
            if self.library.store.installed(manifest.id):
                self.noted.emit(_("{model}: installed.").format(model=_(manifest.title)))
                self.measure(manifest.id)
            else:
                names = ", ".join(file.name for file in manifest.files)
                self.noted.emit(
                    _("{model} needs all of its files: {names}.").format(model=_(manifest.title), names=names)
                )


def _tell(token: CancelToken, tell: Progress, share: float) -> None:
    token.check()
    tell(share, "")
