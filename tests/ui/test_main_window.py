"""What the window keeps, hides, offers and remembers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from editor.core.document import MASKS, MaskName
from editor.core.geometry import Rect
from editor.host import mask_edits
from editor.host.jobs import Jobs
from editor.host.places import Places
from editor.host.recovery import Recovery
from editor.host.registry import Registry
from editor.host.settings import Settings
from editor.ui.bridge import Bridge
from editor.ui.dialogs.recovery import RecoveryDialog
from editor.ui.main_window import MainWindow
from tests.helpers.documents import document, method, session


@pytest.fixture
def left_behind() -> Callable[[], None]:
    """Leaves the journal of a document with one stroke, as a crash does."""

    def leave() -> None:
        recovery = Recovery(Places.default().state)
        made = session(width=64, height=48)
        store = recovery.attach(made)
        made.commit(mask_edits.fill_rect(made.state, "mask", Rect(5, 5, 20, 20)), "Brush stroke")
        store.close(keep=True)

    return leave


def test_what_a_crash_left_is_offered_and_brought_back(window: MainWindow, left_behind: Callable[[], None]) -> None:
    left_behind()
    window.set_recovery(Recovery(Places.default().state))
    dialog = window.findChild(RecoveryDialog)
    assert dialog is not None
    assert "1 step" in dialog.list.item(0).text()
    dialog.recover_button.click()
    assert window.files.session is not None
    assert window.files.session.history.current.label == "Brush stroke"
    assert not window.files.session.state.mask.empty
    assert window.isWindowModified()


def test_enter_brings_back_and_no_key_acts_behind_the_offer(
    qtbot: QtBot, window: MainWindow, left_behind: Callable[[], None]
) -> None:
    left_behind()
    window.set_recovery(Recovery(Places.default().state))
    dialog = window.findChild(RecoveryDialog)
    assert dialog is not None
    assert dialog.isModal()
    qtbot.waitUntil(dialog.isActiveWindow)
    QTest.keyClick(dialog.list, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert window.isVisible()
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    assert window.files.session is not None
    assert window.files.session.history.current.label == "Brush stroke"


def test_what_a_crash_left_can_be_thrown_away(window: MainWindow, left_behind: Callable[[], None]) -> None:
    left_behind()
    window.set_recovery(Recovery(Places.default().state))
    dialog = window.findChild(RecoveryDialog)
    assert dialog is not None
    dialog.discard_button.click()
    assert Recovery(Places.default().state).pending() == []
    assert window.files.session is None


def test_an_open_document_is_journalled_and_a_closed_one_no_longer(window: MainWindow) -> None:
    window.files.show(session())
    window.set_recovery(Recovery(Places.default().state))
    journals = Places.default().state / "journals"
    assert window.files.journal is not None
    assert window.files.journal.flush(10)
    assert len(list(journals.glob("*.journal"))) == 1
    window.files.show(None)
    assert list(journals.glob("*.journal")) == []


def test_a_window_that_is_closed_before_it_was_drawn_does_not_go_on_starting(qtbot: QtBot, settings: Settings) -> None:
    window = MainWindow(Places.default(), settings, Jobs(), Bridge())
    qtbot.addWidget(window)
    with qtbot.assertNotEmitted(window.painted):
        QApplication.sendEvent(window, QPaintEvent(window.rect()))
        window.end()
        QApplication.processEvents()


def test_tab_hides_everything_around_the_picture_and_brings_it_back(window: MainWindow) -> None:
    window.files.show(session())
    docks = window.findChildren(QDockWidget)
    QTest.keyClick(window.canvas, Qt.Key.Key_Tab)
    assert not any(dock.isVisible() for dock in docks)
    assert not window.options.isVisible()
    QTest.keyClick(window.canvas, Qt.Key.Key_Tab)
    assert all(dock.isVisible() for dock in docks)


def test_keys_typed_into_a_field_stay_there(window: MainWindow) -> None:
    made = session(Rect(100, 90, 140, 120))
    window.files.show(made)
    seed = next(box for box in window.method.findChildren(QSpinBox) if box.maximum() > 1000)
    seed.setFocus()
    seed.selectAll()
    for key in (Qt.Key.Key_4, Qt.Key.Key_2):
        QTest.keyClick(seed, key)
    QTest.keyClick(seed, Qt.Key.Key_Return)
    assert window.method.requests()[0].seed == 42
    assert not window.repair.removal.running
    assert window.canvas.hasFocus()


def test_a_method_that_could_not_be_loaded_is_listed_greyed_with_its_reason(window: MainWindow) -> None:
    window.set_registry(Registry({"flat_fill": method()}, {"broken_one": "ImportError: no module named x"}))
    entry = next(entry for entry in window.menus.methods.actions() if "broken_one" in entry.text())
    assert not entry.isEnabled()
    assert "ImportError" in entry.toolTip()
    combo = window.method.methods
    row = combo.findText("broken_one", Qt.MatchFlag.MatchContains)
    assert not combo.model().flags(combo.model().index(row, 0)) & Qt.ItemFlag.ItemIsEnabled
    assert "ImportError" in combo.itemData(row, Qt.ItemDataRole.ToolTipRole)


def test_mask_actions_change_the_mask_that_is_painted(window: MainWindow) -> None:
    made = session()
    window.files.show(made)
    window.commands["mask.all"].trigger()
    assert made.state.mask.read(Rect(3, 3, 4, 4)).item() == 255
    window.commands["mask.paint_exclude"].trigger()
    window.commands["mask.all"].trigger()
    window.commands["mask.invert"].trigger()
    assert made.state.exclude.empty
    assert not made.state.mask.empty
    assert made.history.current.label == "Invert mask (never copy from)"


@pytest.mark.parametrize("name", ["include", "exclude", "mask"])
def test_the_menu_and_the_panel_tell_alike_which_mask_is_painted(window: MainWindow, name: MaskName) -> None:
    window.files.show(session())
    entries = {each: window.commands[f"mask.paint_{each}"] for each in MASKS}
    buttons = {button.objectName(): button for button in window.method.findChildren(QPushButton)}
    entries[name].trigger()
    assert [each for each in MASKS if entries[each].isChecked()] == [name]
    assert [each for each in MASKS if buttons[each].isChecked()] == [name]
    buttons["exclude"].click()
    assert [each for each in MASKS if entries[each].isChecked()] == ["exclude"]
    assert [entry.text() for entry in entries.values()] == [buttons[each].text() for each in MASKS]


def test_undo_and_redo_say_what_they_do(window: MainWindow) -> None:
    made = session()
    window.files.show(made)
    assert not window.commands["edit.undo"].isEnabled()
    made.commit(document(), "Brush stroke")
    assert window.commands["edit.undo"].text() == "Undo Brush stroke"
    window.commands["edit.undo"].trigger()
    assert window.commands["edit.redo"].text() == "Redo Brush stroke"
    assert not window.commands["edit.undo"].isEnabled()


def test_an_error_line_stays_and_a_note_goes_by_itself(qtbot: QtBot, window: MainWindow) -> None:
    window.messages.error(ValueError("That did not work."))
    with qtbot.waitSignal(window.messages.details_wanted) as wanted:
        window.messages.details_button.click()
    assert "ValueError" in wanted.args[1]
    assert not window.messages.timer.isActive()
    window.messages.note("Done.")
    assert window.messages.timer.isActive()


@pytest.mark.parametrize("go_on", ["step", "open", "close", "save"])
def test_an_error_goes_when_the_user_goes_on(qtbot: QtBot, window: MainWindow, tmp_path: Path, go_on: str) -> None:
    made = session()
    made.path = tmp_path / "work.ora"
    window.files.show(made)
    window.messages.error(ValueError("That did not work."))
    if go_on == "step":
        made.commit(document(), "Brush stroke")
    elif go_on == "open":
        window.files.show(session())
    elif go_on == "close":
        window.files.close()
    else:
        with qtbot.waitSignal(window.files.working):
            window.files.save()
    assert "did not work" not in window.messages.text
    qtbot.waitUntil(lambda: not window.files._writing)
