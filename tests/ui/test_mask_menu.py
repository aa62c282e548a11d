"""The mask menu's questions for a number of pixels."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from editor.core.geometry import Rect
from editor.ui.dialogs.small import AmountDialog
from editor.ui.main_window import MainWindow
from tests.helpers.documents import session


def asking(window: MainWindow) -> list[AmountDialog]:
    return [dialog for dialog in window.findChildren(AmountDialog) if dialog.isVisible()]


def test_enter_applies_the_typed_number_and_closes(qtbot: QtBot, window: MainWindow) -> None:
    made = session(Rect(100, 90, 140, 120))
    window.files.show(made)
    window.commands["mask.grow"].trigger()
    (dialog,) = asking(window)
    qtbot.waitUntil(dialog.isActiveWindow)
    box = dialog.focusWidget()
    assert box is not None
    QTest.keyClick(box, Qt.Key.Key_9)
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert made.history.current.label == "Grow mask by 9 px"
    assert asking(window) == []


def test_one_question_takes_the_place_of_the_other(window: MainWindow) -> None:
    made = session(Rect(100, 90, 140, 120))
    window.files.show(made)
    step = made.history.current
    window.commands["mask.grow"].trigger()
    window.commands["mask.feather"].trigger()
    (dialog,) = asking(window)
    assert dialog.windowTitle() == "Feather"
    assert made.history.current is step
    dialog.apply_button.click()
    assert asking(window) == []
    assert made.history.current.label == "Feather mask by 4 px"
