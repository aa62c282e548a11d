"""The table of actions: keys are unique, can be changed and are remembered; every action does something."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QMetaMethod, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from editor.host.registry import Registry
from editor.host.settings import Settings
from editor.ui.actions import action_specs
from editor.ui.dialogs.keys import KeysDialog
from editor.ui.dialogs.search import SearchDialog
from editor.ui.main_window import MainWindow
from editor.ui.tool_box import tool_specs
from tests.helpers.documents import session
from tests.helpers.makers import mask_maker, picture_maker

SPECS = (*action_specs(), *tool_specs())


def test_no_two_actions_have_the_same_key() -> None:
    keys = Counter(QKeySequence(key).toString() for spec in SPECS for key in spec.keys)
    assert {key for key, count in keys.items() if count > 1} == set()
    assert "" not in keys


def test_the_keys_that_hands_know_are_there() -> None:
    keys = {key: spec.id for spec in SPECS for key in spec.keys}
    known = {
        "B": "tool.brush", "E": "tool.eraser", "L": "tool.lasso", "U": "tool.shape", "H": "tool.pan", "Z": "tool.zoom",
        "Ctrl+Z": "edit.undo", "Ctrl+Shift+Z": "edit.redo", "Ctrl+Y": "edit.redo", "Ctrl+D": "mask.clear",
        "Ctrl+Shift+I": "mask.invert", "Ctrl+A": "mask.all", "Ctrl+0": "view.fit", "Ctrl+1": "view.actual",
        "Y": "view.split", "\\": "view.original", "Tab": "view.panels", "F": "view.full", "Return": "repair.run",
        "R": "repair.again", "Esc": "repair.cancel", "Ctrl+K": "help.search", "?": "help.keys", "[": "brush.smaller",
    }  # fmt: skip
    assert {key: keys.get(key) for key in known} == known


def test_every_action_is_connected_and_has_a_tip(window: MainWindow) -> None:
    dead = [
        spec.id
        for spec in SPECS
        if not window.commands[spec.id].isSignalConnected(_meta(window, spec.id, "triggered(bool)"))
        and not window.commands[spec.id].isSignalConnected(_meta(window, spec.id, "toggled(bool)"))
    ]
    assert dead == []
    assert [spec.id for spec in SPECS if not window.commands[spec.id].toolTip()] == []


def test_a_new_key_is_taken_from_its_owner_and_remembered(window: MainWindow, settings: Settings) -> None:
    window.commands.bind("tool.eraser", ("B",))
    QTest.keyClick(window, Qt.Key.Key_L)
    QTest.keyClick(window, Qt.Key.Key_B)
    assert window.canvas.tool.id == "eraser"
    assert window.commands.keys("tool.brush") == ()
    assert Settings(settings._path).get("keys.tool.eraser", [""]) == ["B"]
    assert "(B)" in window.commands["tool.eraser"].toolTip()
    window.commands.reset()
    QTest.keyClick(window, Qt.Key.Key_B)
    assert window.canvas.tool.id == "brush"


def test_the_keys_dialog_binds_what_is_typed(window: MainWindow) -> None:
    dialog = KeysDialog(window, window.commands)
    dialog.choose("mask.grow")
    dialog.edit.setKeySequence(QKeySequence("Ctrl+D"))
    assert "Clear mask" in dialog.hint.text()
    dialog.set_button.click()
    assert window.commands.keys("mask.grow") == ("Ctrl+D",)
    assert window.commands.keys("mask.clear") == ()


def test_search_finds_by_a_part_of_the_name_and_does_it(qtbot: QtBot, window: MainWindow) -> None:
    window.files.show(session())
    dialog = SearchDialog(window, window.commands)
    with qtbot.waitActive(dialog):
        dialog.show()
        dialog.activateWindow()
    dialog.line.setText("eras")
    assert [dialog.list.item(row).text().split()[0] for row in range(dialog.list.count())] == ["Eraser", "Swap"]
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert window.canvas.tool.id == "eraser"


def test_search_finds_methods_and_what_actions_are_called_now(window: MainWindow) -> None:
    window.set_registry(Registry({"double_size": picture_maker(), "pick_bright": mask_maker()}))
    window.files.show(session())
    window.method.choose("double_size")
    dialog = SearchDialog(window, window.commands, window.menus.methods.actions())
    dialog.line.setText("pick")
    assert [dialog.list.item(row).text() for row in range(dialog.list.count())] == ["Pick bright"]
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert window.method.plugin is not None
    assert window.method.plugin.id == "pick_bright"
    again = SearchDialog(window, window.commands)
    again.line.setText("make mask")
    assert again.list.item(0).text().startswith("Make mask")


def test_search_lists_only_what_can_be_done_now(window: MainWindow) -> None:
    dialog = SearchDialog(window, window.commands)
    dialog.line.setText("export")
    assert dialog.list.count() == 0


def test_single_keys_of_the_brush_change_its_options(window: MainWindow) -> None:
    before = window.canvas.tool.options.size_px
    QTest.keyClick(window, Qt.Key.Key_BracketRight)
    assert window.canvas.tool.options.size_px > before
    QTest.keyClick(window, Qt.Key.Key_5)
    assert window.canvas.tool.options.opacity == 50
    QTest.keyClick(window, Qt.Key.Key_D)
    assert window.canvas.tool.options.opacity == 100
    hardness = window.canvas.tool.options.hardness
    QTest.keyClick(window, Qt.Key.Key_BracketLeft, Qt.KeyboardModifier.ShiftModifier)
    assert window.canvas.tool.options.hardness == hardness - 10


def _meta(window: MainWindow, action_id: str, signature: str) -> QMetaMethod:
    meta = window.commands[action_id].metaObject()
    return meta.method(meta.indexOfSignal(signature))
