"""The repair loop in the window: paint, Enter, compare, accept or not."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from editor.core.document import DocumentState
from editor.core.errors import PluginError
from editor.core.geometry import Rect
from editor.core.session import Session
from editor.host import mask_edits
from editor.host.regions import mask_box
from editor.host.registry import Registry
from editor.io.options import ExportOptions
from editor.io.read import read_picture
from editor.sdk.context import Context
from editor.sdk.plugin import Inputs, Plugin, Result
from editor.ui.dialogs import ask
from editor.ui.main_window import MainWindow
from tests.helpers.documents import Level, document, flat_fill, method, patch, session

HOLE = Rect(100, 90, 140, 120)
Key = Qt.Key


class Slow:
    """A method that reports, then waits until it is let go or cancelled."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.go = threading.Event()
        self.stopped = threading.Event()

    def run(self, inputs: Inputs, params: Level, ctx: Context) -> Result:
        ctx.progress(0.25, "working")
        self.started.set()
        try:
            while not self.go.wait(0.005):
                ctx.check()
        finally:
            self.stopped.set()
        return flat_fill(inputs, params, ctx)


def press(window: MainWindow, key: Key, modifier: Qt.KeyboardModifier | None = None) -> None:
    QTest.keyClick(window.canvas, key, modifier or Qt.KeyboardModifier.NoModifier)


def opened(window: MainWindow, hole: Rect | None = HOLE) -> Session:
    made = session(hole)
    window.files.show(made)
    return made


def offer(window: MainWindow, plugin: Plugin) -> None:
    window.set_registry(Registry({plugin.id: plugin}))


def choose(qtbot: QtBot, window: MainWindow, count: int = 2) -> None:
    """Enter, and waits until all candidates are there."""
    removal = window.repair.removal
    with qtbot.waitSignals([removal.arrived] * count + [removal.ran] * 2):
        press(window, Key.Key_Return)


def shown(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> list[DocumentState | None]:
    """What the canvas is told to show from now on."""
    states: list[DocumentState | None] = []
    real = window.canvas.show_state

    def show(state: DocumentState | None) -> None:
        states.append(state)
        real(state)

    monkeypatch.setattr(window.canvas, "show_state", show)
    return states


def test_enter_arrow_enter_puts_the_second_candidate_into_the_picture(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    document = opened(window)
    before = document.state
    states = shown(window, monkeypatch)
    choose(qtbot, window)
    assert len(window.strip.labels) == 2
    assert [label.split(" · ")[0] for label in window.strip.labels] == ["Flat fill\nseed 0", "Flat fill\nseed 1"]
    assert window.strip.isVisible()
    assert window.strip.marked == 0
    assert window.canvas.hasFocus()

    press(window, Key.Key_Right)
    assert window.strip.marked == 1
    candidate = states[-1]
    assert candidate is not None
    seed_1 = round(0.51 * 255)
    assert candidate.read(Rect(110, 100, 111, 101)).tolist() == [[[seed_1] * 3]]

    with qtbot.waitSignal(window.outside.counted) as counted:
        press(window, Key.Key_Return)
    assert counted.args == [0]
    assert window.status.outside.text() == "0 px changed outside"
    assert not window.strip.isVisible()
    assert len(document.state.layers) == 2
    assert document.state.mask.empty
    assert document.history.current.label == "Flat fill, seed 1"

    press(window, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert document.state is before
    press(window, Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert len(document.state.layers) == 2

    with qtbot.waitSignal(window.files.noted):
        window.files.export(tmp_path / "out.png", ExportOptions())
    written = read_picture(tmp_path / "out.png").pixels
    np.testing.assert_array_equal(written, document.state.read(document.state.size.rect))


def test_escape_throws_the_candidates_away_and_keeps_the_mask(qtbot: QtBot, window: MainWindow) -> None:
    document = opened(window)
    before = document.state
    choose(qtbot, window)
    press(window, Key.Key_Escape)
    assert not window.strip.isVisible()
    assert window.strip.labels == []
    assert document.state is before
    assert not before.mask.empty


def test_escape_stops_what_runs(qtbot: QtBot, window: MainWindow) -> None:
    slow = Slow()
    offer(window, method(slow.run))
    document = opened(window)
    removal = window.repair.removal
    with qtbot.waitSignal(removal.progress):
        press(window, Key.Key_Return)
    assert window.status.cancel_button.isVisible()
    assert slow.started.wait(10)
    press(window, Key.Key_Escape)
    assert slow.stopped.wait(10)
    assert not removal.running
    assert not window.status.cancel_button.isVisible()
    assert len(document.state.layers) == 1
    assert window.messages.text == ""


def test_a_result_that_arrives_after_escape_is_dropped(window: MainWindow) -> None:
    slow, made = Slow(), threading.Event()
    offer(window, method(slow.run))
    opened(window)
    press(window, Key.Key_Return)
    choosing = window.repair.removal._choosing
    assert choosing is not None
    choosing.finished.connect(made.set)
    slow.go.set()
    assert made.wait(10)
    press(window, Key.Key_Escape)
    QCoreApplication.processEvents()
    assert window.strip.labels == []
    assert not window.strip.isVisible()


def test_stopping_with_a_candidate_there_keeps_it(qtbot: QtBot, window: MainWindow) -> None:
    slow = Slow()

    def run(inputs: Inputs, params: Level, ctx: Context) -> Result:
        return slow.run(inputs, params, ctx) if ctx.seed else flat_fill(inputs, params, ctx)

    offer(window, method(run, candidates=2))
    opened(window)
    with qtbot.waitSignal(window.repair.removal.arrived):
        press(window, Key.Key_Return)
    assert slow.started.wait(10)
    window.status.cancel_button.click()
    assert slow.stopped.wait(10)
    assert len(window.strip.labels) == 1
    assert window.strip.isVisible()


def test_strokes_painted_while_it_runs_are_kept(qtbot: QtBot, window: MainWindow) -> None:
    slow = Slow()
    offer(window, method(slow.run))
    document = opened(window)
    removal = window.repair.removal
    with qtbot.waitSignal(removal.progress):
        press(window, Key.Key_Return)
    document.commit(mask_edits.fill_rect(document.state, "mask", Rect(10, 10, 30, 30)), "Brush stroke")
    with qtbot.waitSignal(removal.arrived):
        slow.go.set()
    press(window, Key.Key_Return)
    assert len(document.state.layers) == 2
    assert mask_box(document.state.mask) == Rect(10, 10, 30, 30)


def test_a_method_that_fails_shows_one_line(qtbot: QtBot, window: MainWindow) -> None:
    def run(inputs: Inputs, params: Level, ctx: Context) -> Result:
        raise PluginError("The fill found no source. Paint less.")

    offer(window, method(run))
    document = opened(window)
    removal = window.repair.removal
    with qtbot.waitSignals([removal.failed, *[removal.ran] * 2]):
        press(window, Key.Key_Return)
    assert window.messages.text == "The fill found no source. Paint less."
    assert not window.strip.isVisible()
    assert len(document.state.layers) == 1


def test_without_a_mask_enter_says_what_to_do(qtbot: QtBot, window: MainWindow) -> None:
    opened(window, hole=None)
    press(window, Key.Key_Return)
    assert window.messages.text == "Paint over what should go first."
    assert not window.repair.removal.running


def test_again_adds_candidates_from_new_seeds(qtbot: QtBot, window: MainWindow) -> None:
    opened(window)
    choose(qtbot, window)
    removal = window.repair.removal
    with qtbot.waitSignals([removal.arrived] * 2):
        press(window, Key.Key_R)
    assert [candidate.made.seed for candidate in removal.candidates] == [0, 1, 2, 3]


def test_again_by_a_method_without_chance_takes_its_settings_as_they_are_now(qtbot: QtBot, window: MainWindow) -> None:
    opened(window)
    offer(window, method(id="sure", title="Sure fill", random=False))
    removal = window.repair.removal
    with qtbot.waitSignal(removal.arrived):
        press(window, Key.Key_Return)
    window.method.form.set_values({"level": 0.7})
    with qtbot.waitSignal(removal.arrived):
        press(window, Key.Key_R)
    assert [candidate.made.record.params["level"] for candidate in removal.candidates] == [0.5, 0.7]


def test_what_would_be_the_same_again_is_not_made_again(qtbot: QtBot, window: MainWindow) -> None:
    opened(window)
    offer(window, method(id="sure", title="Sure fill", random=False))
    choose(qtbot, window, 1)
    press(window, Key.Key_R)
    assert not window.repair.removal.running
    assert window.messages.text == "It would be the same again: change a setting first."
    assert window.strip.isVisible()
    assert len(window.strip.labels) == 1


def test_candidates_of_two_methods_say_which_is_whose(qtbot: QtBot, window: MainWindow) -> None:
    plugins = (method(candidates=2, task="fill"), method(id="other", title="Other fill", task="fill"))
    window.set_registry(Registry({plugin.id: plugin for plugin in plugins}))
    window.method.compare_box.setChecked(False)
    opened(window)
    choose(qtbot, window)
    window.method.choose("other")
    with qtbot.waitSignals([window.repair.removal.arrived, *[window.repair.removal.ran] * 2]):
        press(window, Key.Key_R)
    assert [label.split("\n")[0] for label in window.strip.labels] == ["Flat fill", "Flat fill", "Other fill"]


def test_candidates_of_another_mask_do_not_stay_beside_new_ones(qtbot: QtBot, window: MainWindow) -> None:
    document = opened(window)
    choose(qtbot, window)
    document.commit(mask_edits.fill_rect(document.state, "mask", Rect(10, 10, 30, 30)), "Brush stroke")
    removal = window.repair.removal
    with qtbot.waitSignals([removal.arrived] * 2):
        press(window, Key.Key_R)
    assert [candidate.made.seed for candidate in removal.candidates] == [2, 3]


@pytest.mark.parametrize(("answer", "layers"), [("cancel", 2), ("use", 3)])
def test_a_result_whose_surroundings_changed_is_taken_only_when_asked(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, answer: str, layers: int
) -> None:
    document = opened(window)
    choose(qtbot, window)
    first = window.repair.removal.candidates[0]
    changed = document.state.with_layer(
        type(document.state.layers[0])(5, "other", patch(first.made).pixels, patch(first.made).mask)
    )
    document.commit(changed, "Another layer")
    monkeypatch.setattr(ask, "stale", lambda _parent: answer)
    press(window, Key.Key_Return)
    assert len(document.state.layers) == layers


def test_the_original_is_shown_while_its_key_is_held(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = opened(window)
    states = shown(window, monkeypatch)
    choose(qtbot, window)
    candidate = states[-1]
    QTest.keyPress(window.canvas, Key.Key_Backslash)
    assert states[-1] is document.opened
    QTest.keyRelease(window.canvas, Key.Key_Backslash)
    assert states[-1] is not document.opened
    assert states[-1] is not None
    assert candidate is not None
    assert not states[-1].pixels_differ(candidate)


def test_the_mask_is_not_drawn_over_a_candidate_until_the_user_paints_on(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    visible: list[bool] = []
    monkeypatch.setattr(window.canvas, "set_masks_visible", visible.append)
    opened(window)
    choose(qtbot, window)
    QTest.mousePress(window.canvas, Qt.MouseButton.LeftButton)
    press(window, Key.Key_Right)
    changes = [now for before, now in pairwise([None, *visible]) if now is not before]
    assert changes == [True, False, True, False]
    QTest.mouseRelease(window.canvas, Qt.MouseButton.LeftButton)


@pytest.fixture
def tinted(monkeypatch: pytest.MonkeyPatch, window: MainWindow) -> list[bool]:
    """Whether masks are drawn, the newest last."""
    visible: list[bool] = []
    monkeypatch.setattr(window.canvas, "set_masks_visible", visible.append)
    return visible


def test_looking_around_does_not_bring_the_mask_back_over_a_candidate(
    qtbot: QtBot, window: MainWindow, tinted: list[bool]
) -> None:
    opened(window)
    choose(qtbot, window)
    canvas, middle = window.canvas, window.canvas.rect().center()
    canvas.zoom_to(2.0)
    before = canvas.document_rect_visible()
    for button, key in ((Qt.MouseButton.LeftButton, Key.Key_Space), (Qt.MouseButton.MiddleButton, None)):
        if key is not None:
            QTest.keyPress(canvas, key)
        QTest.mousePress(canvas, button, pos=middle)
        QTest.mouseMove(canvas, middle + QPoint(20, 10))
        QTest.mouseRelease(canvas, button, pos=middle + QPoint(20, 10))
        if key is not None:
            QTest.keyRelease(canvas, key)
    assert canvas.document_rect_visible() != before
    assert not tinted[-1]


def test_the_mask_switched_on_over_a_candidate_stays_and_is_back_after_the_choice(
    qtbot: QtBot, window: MainWindow, tinted: list[bool]
) -> None:
    opened(window)
    choose(qtbot, window)
    show = window.commands["mask.show"]
    assert not show.isChecked()
    show.trigger()
    press(window, Key.Key_Right)
    show.trigger()
    press(window, Key.Key_Escape)
    assert show.isChecked()
    changes = [now for before, now in pairwise([None, *tinted]) if now is not before]
    assert changes == [True, False, True, False, True]


def waiting(qtbot: QtBot, window: MainWindow) -> None:
    """Enter with a method that does not end by itself."""
    offer(window, method(Slow().run))
    with qtbot.waitSignal(window.repair.removal.progress):
        press(window, Key.Key_Return)
    QCoreApplication.processEvents()


def strip_top(window: MainWindow) -> int:
    return window.canvas.mapFromGlobal(window.strip.mapToGlobal(QPoint(0, 0))).y()


def test_the_picture_stays_where_it_is_when_the_strip_opens_and_closes(qtbot: QtBot, window: MainWindow) -> None:
    window.files.show(session(Rect(1000, 300, 1100, 400), width=1500, height=2000))
    QCoreApplication.processEvents()
    canvas = window.canvas
    canvas.zoom_to(1.5, canvas.widget_point(1050, 350))
    before = canvas.zoom, canvas.widget_point(1000, 300)
    waiting(qtbot, window)
    assert window.strip.isVisible()
    assert (canvas.zoom, canvas.widget_point(1000, 300)) == before
    press(window, Key.Key_Escape)
    QCoreApplication.processEvents()
    assert not window.strip.isVisible()
    assert (canvas.zoom, canvas.widget_point(1000, 300)) == before


def test_a_picture_that_is_fitted_stays_so_when_the_strip_opens_and_closes(qtbot: QtBot, window: MainWindow) -> None:
    window.files.show(session(Rect(1000, 300, 1100, 400), width=1500, height=2000))
    QCoreApplication.processEvents()
    canvas = window.canvas
    before = canvas.zoom, canvas.widget_point(1000, 300)
    waiting(qtbot, window)
    top = strip_top(window)
    assert top - 8 <= canvas.widget_point(0, 2000).y() <= top
    press(window, Key.Key_Escape)
    assert (canvas.zoom, canvas.widget_point(1000, 300)) == before


def test_a_fitted_picture_is_not_moved_under_a_stroke(qtbot: QtBot, window: MainWindow) -> None:
    window.files.show(session(Rect(1000, 300, 1100, 400), width=1500, height=2000))
    QCoreApplication.processEvents()
    canvas = window.canvas
    before = canvas.widget_point(1000, 300)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton)
    waiting(qtbot, window)
    assert canvas.widget_point(1000, 300) == before
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton)
    assert canvas.widget_point(0, 2000).y() <= strip_top(window)


def test_a_hole_under_the_strip_is_moved_just_above_it(qtbot: QtBot, window: MainWindow) -> None:
    window.files.show(session(Rect(1000, 1900, 1100, 1990), width=1500, height=2000))
    QCoreApplication.processEvents()
    canvas = window.canvas
    canvas.zoom_to(1.5 * canvas.zoom, canvas.widget_point(1050, 1950))
    zoom, left = canvas.zoom, canvas.widget_point(1000, 1900).x()
    waiting(qtbot, window)
    assert canvas.widget_point(0, 1990).y() == pytest.approx(strip_top(window), abs=3)
    assert (canvas.zoom, canvas.widget_point(1000, 1900).x()) == (zoom, left)


def test_a_fit_while_the_strip_is_open_leaves_it_free(qtbot: QtBot, window: MainWindow) -> None:
    window.files.show(session(Rect(1000, 300, 1100, 400), width=1500, height=2000))
    window.canvas.zoom_to(1.5)
    waiting(qtbot, window)
    window.commands["view.fit"].trigger()
    top = strip_top(window)
    assert top - 8 <= window.canvas.widget_point(0, 2000).y() <= top
    press(window, Key.Key_Escape)
    window.commands["view.fit"].trigger()
    assert window.canvas.widget_point(0, 2000).y() > top


def test_opening_another_photo_ends_the_choice(qtbot: QtBot, window: MainWindow) -> None:
    opened(window)
    choose(qtbot, window)
    window.files.show(Session.open(document(), None, "Open other"))
    assert not window.strip.isVisible()
    assert not window.repair.removal.candidates
