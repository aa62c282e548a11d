"""A main window with a method that can learn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from editor.host.registry import Registry
from editor.ui.main_window import MainWindow
from tests.helpers.documents import method
from tests.helpers.trainings import METHOD, FakeTraining, learner
from tests.ui.tuning.desk import Desk


@pytest.fixture
def desk(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    started: list[FakeTraining] = []

    def training(*args: object) -> FakeTraining:
        started.append(FakeTraining(*args))  # type: ignore[arg-type]  # as it is called
        return started[-1]

    monkeypatch.setattr("editor.host.training.Training", training)
    window.set_registry(Registry({"flat_fill": method(), METHOD: learner()}))
    yield Desk(window, qtbot, started)
    window.files.show(None)
