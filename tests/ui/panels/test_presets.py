from __future__ import annotations

from pytestqt.qtbot import QtBot

from editor.ui.main_window import MainWindow


def test_kept_settings_come_back_from_the_menu(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.method
    panel.form.set_values({"level": 0.25})
    panel.presets.keep(" Dark sky ")
    panel.form.set_values({"level": 0.75})
    panel.presets.list_presets()
    menu = panel.presets.menu()
    menu.actions()[0].trigger()
    assert menu.actions()[0].text() == "Dark sky"
    assert panel.form.values() == {"level": 0.25}
    (request, *_rest) = panel.requests()
    assert request.params.level == 0.25
    panel.presets.delete("Dark sky")
    panel.presets.list_presets()
    assert [action.text() for action in menu.actions()] == ["Save as preset…"]


def test_a_name_that_cannot_be_is_said(window: MainWindow) -> None:
    window.method.presets.keep("../evil")
    assert "preset" in window.messages.text
