"""The history panel: the current line, branches below the step they part from, a click goes there."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from editor.ui.panels.history import HistoryPanel, rows
from tests.helpers.documents import document, session


def test_branches_stand_below_the_step_they_part_from() -> None:
    made = session()
    for label in ("a", "b"):
        made.commit(document(), label)
    made.undo()
    for label in ("c", "d"):
        made.commit(document(), label)
    made.undo()
    made.undo()
    made.commit(document(), "e")
    found = [(row.step.label, row.depth, row.ahead) for row in rows(made.history)]
    assert found == [
        ("Open noise", 0, False),
        ("a", 0, False),
        ("b", 1, True),
        ("c", 1, True),
        ("d", 1, True),
        ("e", 0, False),
    ]


def test_undone_steps_stay_in_the_list() -> None:
    made = session()
    made.commit(document(), "a")
    made.undo()
    assert [(row.step.label, row.ahead) for row in rows(made.history)] == [("Open noise", False), ("a", True)]


def test_a_click_goes_to_the_step(qtbot: QtBot) -> None:
    made = session()
    for label in ("a", "b"):
        made.commit(document(), label)
    panel = HistoryPanel()
    qtbot.addWidget(panel)
    panel.set_session(made)
    panel.chosen.connect(made.go_to)
    panel.clicked.emit(panel.steps.index(1))
    assert made.history.current.label == "a"
    assert panel.currentIndex().row() == 1
