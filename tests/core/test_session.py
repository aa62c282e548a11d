"""One open document: commits, moves, what it tells and when it counts as changed."""

import pytest

from editor.core.document import DocumentState
from editor.core.geometry import Rect
from editor.core.session import Session
from editor.core.signal import Signal
from editor.host import mask_edits
from tests.helpers.documents import document, session


def painted(state: DocumentState, left: int = 0) -> DocumentState:
    return mask_edits.fill_rect(state, "mask", Rect(left, 0, left + 9, 9))


def test_a_commit_tells_the_journal_first_and_then_the_views() -> None:
    opened = session()
    told: list[tuple[object, ...]] = []
    opened.stepped.connect(lambda step: told.append(("stepped", step.label, opened.state is step.state)))
    opened.changed.connect(lambda before, after: told.append(("changed", before, after)))
    before, after = opened.state, painted(opened.state)
    step = opened.commit(after, "Paint", {"plugin": "brush"})
    assert told == [("stepped", "Paint", True), ("changed", before, after)]
    assert (step.label, step.record, step.state) == ("Paint", {"plugin": "brush"}, after)


def test_undo_and_redo_tell_what_changed_and_stop_at_the_ends() -> None:
    opened = session()
    first, second = opened.state, painted(opened.state)
    opened.commit(second, "Paint")
    told: list[tuple[DocumentState, DocumentState]] = []
    opened.changed.connect(lambda before, after: told.append((before, after)))
    assert opened.undo()
    assert not opened.undo()
    assert opened.state is first
    assert opened.redo()
    assert not opened.redo()
    assert opened.state is second
    assert told == [(second, first), (first, second)]


def test_moving_is_no_new_step() -> None:
    opened = session()
    opened.commit(painted(opened.state), "Paint")
    opened.stepped.connect(lambda step: pytest.fail("no step was made"))
    opened.undo()
    opened.redo()
    opened.go_to(0)
    assert len(opened.history.steps) == 2


def test_the_opened_state_stays_at_hand() -> None:
    state = document()
    opened = Session.open(state, None, "Open")
    opened.commit(painted(state), "Paint")
    opened.commit(painted(opened.state, 50), "Paint")
    assert opened.opened is state


def test_it_is_modified_away_from_where_it_was_saved() -> None:
    opened = session()

    def save() -> None:
        opened.saved_step = opened.history.current.id

    found = [opened.modified]
    for change in (
        lambda: opened.commit(painted(opened.state), "Paint"),
        opened.undo,
        opened.redo,
        save,
        opened.undo,
    ):
        change()
        found.append(opened.modified)
    assert found == [False, True, False, True, False, True]


def test_a_listener_may_go_while_it_is_called() -> None:
    signal: Signal[int] = Signal()
    heard: list[int] = []

    def once(value: int) -> None:
        heard.append(value)
        signal.disconnect(once)

    signal.connect(once)
    signal.connect(lambda value: heard.append(-value))
    signal.emit(1)
    signal.emit(2)
    assert heard == [1, -1, -2]
