"""The way to the models from anywhere in the window; what it needs is imported when it is first wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

from editor.core.errors import EditorError
from editor.core.i18n import _
from editor.host.jobs import Jobs
from editor.host.places import Places
from editor.host.settings import Settings
from editor.ui.bridge import Bridge
from editor.ui.messages import MessageBar

if TYPE_CHECKING:
    from editor.runtime.infer import InferenceEngine
    from editor.sdk.plugin import Plugin
    from editor.ui.dialogs.models import ModelsWindow
    from editor.ui.model_work import ModelWork

MODEL_SUFFIXES = (".onnx", ".param", ".bin", ".xml", ".pth")
"""Of files that may be a model's."""


class Models(QObject):
    """Opens the models window, tells it what is asked for, and shows its news over the canvas while it is closed.

    changed(): models were installed or removed.
    """

    changed = Signal()

    def __init__(
        self, window: QWidget, places: Places, settings: Settings, jobs: Jobs, bridge: Bridge, messages: MessageBar
    ) -> None:
        super().__init__(window)
        self._parent = window
        self._places = places
        self._settings = settings
        self._jobs = jobs
        self._bridge = bridge
        self._messages = messages
        self._engine: InferenceEngine | None = None
        self._plugins: tuple[Plugin, ...] = ()
        self._work: ModelWork | None = None
        self._missing: tuple[str, ...] = ()
        self.window: ModelsWindow | None = None

    def show(self) -> ModelsWindow:
        """Opens the window, or brings it to the front."""
        if self.window is None:
            self.window = self._make()
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()
        return self.window

    def show_missing(self, model_ids: Iterable[str]) -> None:
        """Shows models that a method asks for and that are not here, with the ways to get them.

        A line over the canvas leads there again after the window is closed, until they are installed.
        """
        ids = self._missing = tuple(model_ids)
        self.show().panel.show_missing(ids)
        self._messages.offer(
            _("The method needs a model that is not installed: {names}.").format(
                names=", ".join(map(self._title, ids))
            ),
            _("Models…"),
            _("See what it is and how to get it"),
            lambda: self.show_missing(ids),
        )

    def install(self, paths: Sequence[Path]) -> None:
        """Installs files of models, and shows how that goes."""
        self.show().panel.install(paths)

    def set_plugins(self, plugins: Iterable[Plugin]) -> None:
        """The methods that there are, which say what models are for."""
        self._plugins = tuple(plugins)
        if self._work is not None:
            self._work.set_plugins(self._plugins)

    def set_engine(self, engine: InferenceEngine) -> None:
        """Speeds can be measured from now on."""
        self._engine = engine
        if self._work is not None:
            self._work.set_engine(engine)

    def refresh(self) -> None:
        """Models came or went otherwise than through this window."""
        if self._work is not None:
            self._work.library.store.refresh()
            self._work.changed.emit()
        else:
            self.changed.emit()

    def make_way(self, running: bool) -> None:
        """A method began to run or ended: nothing is measured beside one."""
        if running and self._work is not None:
            self._work.make_way()

    def end(self) -> None:
        """The main window is closing for good."""
        if self.window is not None:
            self.window.close()

    def _make(self) -> ModelsWindow:
        from editor.host.library import library
        from editor.host.speed import speeds
        from editor.ui.dialogs.models import ModelsWindow
        from editor.ui.model_work import ModelWork

        self._work = ModelWork(library(self._places), speeds(self._places), self._jobs, self._bridge, self)
        if self._engine is not None:
            self._work.set_engine(self._engine)
        if self._plugins:
            self._work.set_plugins(self._plugins)
        self._work.noted.connect(self._note)
        self._work.failed.connect(self._fail)
        self._work.changed.connect(self._forget_missing)
        self._work.changed.connect(self.changed)
        return ModelsWindow(self._work, self._settings, self._parent)

    def _title(self, model_id: str) -> str:
        manifest = self._work.library.store.manifests.get(model_id) if self._work is not None else None
        return _(manifest.title) if manifest is not None else model_id

    def _forget_missing(self) -> None:
        """Takes the line away that tells of missing models once none is missing."""
        store = self._work.library.store if self._work is not None else None
        if store is None or not self._missing:
            return
        if all(model_id in store.manifests and store.installed(model_id) for model_id in self._missing):
            self._missing = ()
            self._messages.drop_error()

    def _note(self, text: str) -> None:
        if self.window is None or not self.window.isVisible():
            self._messages.note(text)

    def _fail(self, _model_id: str, error: EditorError) -> None:
        if self.window is None or not self.window.isVisible():
            self._messages.error(error)


def dropped_models(event: QDropEvent) -> list[Path]:
    """The local files of a drag that may be a model's, by their suffix."""
    data = event.mimeData()
    urls = data.urls() if data is not None else []
    paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    return [path for path in paths if path.suffix.lower() in MODEL_SUFFIXES]
