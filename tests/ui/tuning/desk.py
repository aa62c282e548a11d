"""The window of fine-tuning in tests, and the trainings that are started from it."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from editor.core.geometry import Rect
from editor.host.library import library
from editor.host.places import Places
from editor.host.training import Run, Trainings
from editor.ui.dialogs.tuning import TuningWindow
from editor.ui.main_window import MainWindow
from editor.ui.tuning_work import Stage, TuningWork
from tests.helpers.documents import noise, session
from tests.helpers.trainings import FakeTraining


class Desk:
    """The window of fine-tuning, and the trainings that were started from it."""

    def __init__(self, window: MainWindow, qtbot: QtBot, started: list[FakeTraining]) -> None:
        self.main = window
        self.started = started
        self._qtbot = qtbot

    @property
    def tune(self) -> TuningWindow:
        return self.main.tuning.window or self.main.tuning.show()

    @property
    def work(self) -> TuningWork:
        assert self.tune
        assert self.main.tuning.work is not None
        return self.main.tuning.work

    @property
    def training(self) -> FakeTraining:
        return self.started[-1]

    def wait(self, stage: Stage) -> None:
        self._qtbot.waitUntil(lambda: self.work.stage is stage)

    def open_photo(self, hole: Rect | None = None) -> None:
        self.main.files.show(session(hole=hole, width=640, height=512))

    def learn(self) -> FakeTraining:
        """Begins a training of the open photo."""
        if self.main.files.session is None:
            self.open_photo()
        self.tune.set_up.prepare_button.click()
        self.wait(Stage.READY)
        self.tune.ready.start_button.click()
        assert self.work.stage is Stage.LEARNING
        return self.training

    def shown(self) -> list[str]:
        """What can be pressed on the page of the training."""
        return [button.text() for button in self.tune.course.buttons if button.isVisibleTo(self.tune)]


def runs() -> list[Run]:
    """As the next start of the program finds them."""
    places = Places.default()
    return [*Trainings(places.trainings, library(places)).all()]


def drop(window: TuningWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, buttons, keys))


def photo(folder: Path, name: str, seed: int = 0, width: int = 640) -> Path:
    folder.mkdir(exist_ok=True)
    Image.fromarray(noise(width, 512, seed=seed)).save(folder / name)
    return folder / name
