"""The tools' options are there again at the next start."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from editor.host.settings import Settings
from editor.ui.actions import Actions
from editor.ui.canvas.view import CanvasView
from editor.ui.main_window import MainWindow
from editor.ui.panels.options import OptionsBar
from editor.ui.tool_box import ToolBox


def again(window: MainWindow, settings: Path) -> tuple[ToolBox, CanvasView, OptionsBar]:
    """The tools as they are at the next start."""
    canvas, options = CanvasView(window), OptionsBar(window)
    actions: Actions = window.commands
    return ToolBox(window, actions, canvas, options, Settings(settings)), canvas, options


def test_every_tool_has_its_last_options_at_the_next_start(window: MainWindow, settings: Settings) -> None:
    window.options.set_number("size_px", 200)
    window.options.set_number("hardness", 30)
    window.tools.take("eraser")
    window.options.set_number("size_px", 7)
    window.end()
    tools, canvas, options = again(window, settings._path)
    assert (canvas.tool.options.size_px, canvas.tool.options.hardness) == (200, 30)
    assert options.fields["size_px"].value == 200
    tools.take("eraser")
    assert canvas.tool.options.size_px == 7


def test_the_file_is_written_when_a_slider_rests_not_at_each_tick(
    qtbot: QtBot, window: MainWindow, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr(settings, "set", lambda key, _value: written.append(key))
    for size_px in range(100, 120):
        window.options.set_number("size_px", size_px)
    assert written == []
    timer = next(timer for timer in window.tools.findChildren(QTimer) if timer.isActive())
    with qtbot.waitSignal(timer.timeout):
        timer.start(0)
    assert written.count("tool.brush.options") == 1


@pytest.mark.parametrize("damaged", ['{"size_px": 99999}', '{"colour": 1}', "[", "[1]"])
def test_options_that_no_longer_fit_are_the_defaults(window: MainWindow, settings: Settings, damaged: str) -> None:
    settings.set("tool.brush.options", damaged)
    _tools, canvas, _options = again(window, settings._path)
    assert canvas.tool.options == type(canvas.tool.options)()
