"""A main window with a home of its own and one instant method."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from editor.host.jobs import Jobs
from editor.host.places import Places
from editor.host.registry import Registry
from editor.host.settings import Settings
from editor.ui.bridge import Bridge
from editor.ui.main_window import MainWindow
from tests.helpers.documents import method


@pytest.fixture
def settings() -> Settings:
    return Settings(Places.default().config / "settings.toml")


@pytest.fixture
def window(qtbot: QtBot, settings: Settings) -> Iterator[MainWindow]:
    jobs, bridge = Jobs(grace_s=5), Bridge()
    window = MainWindow(Places.default(), settings, jobs, bridge)
    window.set_registry(Registry({"flat_fill": method(candidates=2)}))
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    yield window
    # Not left to qtbot, which would close it with the question about unsaved changes.
    window.end()
    window.close()
    window.deleteLater()
