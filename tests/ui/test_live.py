"""The preview in the window: the result follows the sliders, Enter accepts it, Esc drops it."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from editor.core.document import DocumentState
from editor.core.errors import PluginError
from editor.core.geometry import Rect
from editor.core.session import Session
from editor.host import mask_edits
from editor.host.jobs import CancelToken
from editor.host.places import Places
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.sdk.context import Context
from editor.sdk.plugin import Inputs, Plugin, Result
from editor.ui.main_window import MainWindow
from tests.helpers.documents import Level, local_method, method, patch, session, softened
from tests.helpers.makers import Named, know_model, mask_maker

HOLE = Rect(100, 90, 140, 120)
Key = Qt.Key


class Held:
    """A local method that makes as many parts as it is let, then waits until more are let or it is cancelled."""

    def __init__(self, parts: int = 1) -> None:
        self.parts = threading.Semaphore(parts)
        self.begun: list[tuple[float, Rect]] = []
        """The level and the box of each part."""

    def run(self, inputs: Inputs, params: Level, ctx: Context) -> Result:
        height, width = inputs.image.shape[:2]
        left, top = ctx.origin
        self.begun.append((params.level, Rect(left, top, left + width, top + height)))
        while not self.parts.acquire(timeout=0.005):
            ctx.check()
        return softened(inputs, params, ctx)


def press(window: MainWindow, key: Key) -> None:
    QTest.keyClick(window.canvas, key)


def opened(window: MainWindow, plugin: Plugin, hole: Rect | None = None, **size: int) -> Session:
    """A document on show with a method to be watched, on one thread."""
    window.set_registry(Registry({plugin.id: plugin}))
    window.repair._runner = Runner(Registry({plugin.id: plugin}), threads=1)
    made = session(hole, **({"width": 700, "height": 500} | size))
    window.files.show(made)
    return made


def shown(window: MainWindow, of: Session) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """What the canvas shows, as pixels."""
    assert window.canvas._scene is not None
    return np.asarray(window.canvas._scene.shown.read(of.state.size.rect))


def before(of: Session) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(of.state.read(of.state.size.rect))


def ordinary(state: DocumentState, plugin: Plugin, level: float) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """What a run that nobody watches makes of the picture."""
    made = Runner(Registry({plugin.id: plugin})).run(
        state, Request(plugin, Level(level)), CancelToken(), lambda _part, _text: None
    )
    return np.asarray(patch(made).pixels.read(state.size.rect))


def wait_for_result(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(
        lambda: window.repair.removal.current is not None and not window.repair.removal.running, timeout=30_000
    )


def test_the_picture_follows_the_slider_and_enter_accepts_what_an_ordinary_run_would_make(
    qtbot: QtBot, window: MainWindow
) -> None:
    plugin = local_method()
    document = opened(window, plugin)
    start = document.state
    press(window, Key.Key_P)
    assert window.method.preview_box.isChecked()
    wait_for_result(qtbot, window)
    np.testing.assert_array_equal(shown(window, document), ordinary(start, plugin, 0.5))
    assert not window.strip.isVisible()

    window.method.form.fields["level"].set_value(0.8)
    assert window.status.result.text() == "", "what was measured of the result before"
    qtbot.waitUntil(lambda: window.repair.removal.running)
    wait_for_result(qtbot, window)
    expected = ordinary(start, plugin, 0.8)
    np.testing.assert_array_equal(shown(window, document), expected)
    assert "mean R " in window.status.result.text()
    assert window.remove_button.text().startswith("Accept")

    press(window, Key.Key_Return)
    assert not window.live.on
    assert not window.method.preview_box.isChecked()
    assert len(document.state.layers) == 2
    assert document.state.layers[1].record is not None
    assert document.state.layers[1].record["params"] == {"level": 0.8}
    np.testing.assert_array_equal(before(document), expected)
    assert window.status.result.text() == ""
    assert not window.repair.removal.running


def test_what_was_measured_of_the_picture_is_known_when_it_is_on_again(qtbot: QtBot, window: MainWindow) -> None:
    measured: list[Inputs] = []

    def prepare(inputs: Inputs, _params: Level, _ctx: Context) -> None:
        measured.append(inputs)

    opened(window, replace(local_method(), prepare=prepare, prepares_from=()))
    for _turn in range(2):
        press(window, Key.Key_P)
        wait_for_result(qtbot, window)
        press(window, Key.Key_P)
        assert not window.live.on
    assert len(measured) == 1
    window.files.show(session(None, width=300, height=200))
    press(window, Key.Key_P)
    wait_for_result(qtbot, window)
    assert len(measured) == 2


def test_what_the_preview_begins_with_is_done_before_it_is_switched_on(qtbot: QtBot, window: MainWindow) -> None:
    measured: list[Inputs] = []

    def prepare(inputs: Inputs, _params: Level, _ctx: Context) -> None:
        measured.append(inputs)

    document = opened(window, replace(local_method(), prepare=prepare, prepares_from=()))
    qtbot.waitUntil(lambda: len(measured) == 1, timeout=30_000)
    document.commit(mask_edits.fill_rect(document.state, "mask", HOLE), "Rectangle")
    qtbot.waitUntil(lambda: len(measured) == 2, timeout=30_000)
    press(window, Key.Key_P)
    wait_for_result(qtbot, window)
    assert len(measured) == 2


def test_what_is_done_is_shown_before_the_rest_and_escape_brings_the_picture_back(
    qtbot: QtBot, window: MainWindow
) -> None:
    held = Held()
    document = opened(window, local_method(held.run))
    original = before(document)
    window.commands["repair.preview"].trigger()
    qtbot.waitUntil(lambda: bool((shown(window, document) != original).any()), timeout=30_000)
    changed = (shown(window, document) != original).any(axis=2)
    assert changed[250, 350], "the middle of the view comes first"
    assert changed.mean() < 0.1
    assert window.repair.removal.current is None

    press(window, Key.Key_Return)
    assert window.messages.isVisible()
    assert window.commands["repair.preview"].isChecked()

    press(window, Key.Key_Escape)
    assert not window.live.on
    np.testing.assert_array_equal(shown(window, document), original)
    assert not window.repair.removal.running
    assert len(document.state.layers) == 1


def test_enter_before_the_end_accepts_at_the_end(qtbot: QtBot, window: MainWindow) -> None:
    held = Held()
    document = opened(window, local_method(held.run))
    press(window, Key.Key_P)
    qtbot.waitUntil(lambda: len(held.begun) > 1, timeout=30_000)
    press(window, Key.Key_Return)
    assert "when all of it is done" in window.messages.text
    assert len(document.state.layers) == 1
    held.parts.release(1000)
    qtbot.waitUntil(lambda: len(document.state.layers) == 2, timeout=30_000)
    assert not window.live.on
    assert not window.messages.isVisible()


def test_who_moves_a_slider_after_enter_wants_to_look_again(qtbot: QtBot, window: MainWindow) -> None:
    held = Held()
    document = opened(window, local_method(held.run))
    press(window, Key.Key_P)
    qtbot.waitUntil(lambda: len(held.begun) > 1, timeout=30_000)
    press(window, Key.Key_Return)
    window.method.form.fields["level"].set_value(0.8)
    held.parts.release(1000)
    qtbot.waitUntil(lambda: held.begun[-1][0] == 0.8, timeout=30_000)
    wait_for_result(qtbot, window)
    assert len(document.state.layers) == 1
    assert window.live.on


def test_a_moved_slider_stops_what_runs_and_keeps_the_picture_until_there_is_a_new_one(
    qtbot: QtBot, window: MainWindow
) -> None:
    held = Held()
    document = opened(window, local_method(held.run))
    original = before(document)
    window.commands["repair.preview"].trigger()
    qtbot.waitUntil(lambda: bool((shown(window, document) != original).any()), timeout=30_000)
    partly = shown(window, document)
    for level in (0.6, 0.7, 0.8):
        window.method.form.fields["level"].set_value(level)
        assert not window.repair.removal.running
    np.testing.assert_array_equal(shown(window, document), partly)
    qtbot.waitUntil(lambda: held.begun[-1][0] == 0.8, timeout=30_000)
    assert {level for level, _part in held.begun} == {0.5, 0.8}, "what came between was not run"
    np.testing.assert_array_equal(shown(window, document), partly)
    held.parts.release(100)
    wait_for_result(qtbot, window)
    np.testing.assert_array_equal(shown(window, document), ordinary(document.state, local_method(), 0.8))


def test_where_one_pans_to_is_done_next(qtbot: QtBot, window: MainWindow) -> None:
    held = Held(0)
    opened(window, local_method(held.run), width=3000, height=2000)
    window.canvas.zoom_to(1.0)
    window.commands["repair.preview"].trigger()
    qtbot.waitUntil(lambda: len(held.begun) == 1, timeout=30_000)
    _level, first = held.begun[0]
    assert first.contains(Rect(1500, 1000, 1501, 1001))
    window.canvas.pan_by_pixels(900, 700)
    _seen, (x, y) = window.canvas.looked_at()
    assert (x, y) == pytest.approx((600, 300), abs=2)
    held.parts.release()
    qtbot.waitUntil(lambda: len(held.begun) == 2, timeout=30_000)
    assert held.begun[1][1].contains(Rect(600, 300, 601, 301))


def test_only_what_is_masked_changes_and_a_stroke_asks_anew(qtbot: QtBot, window: MainWindow) -> None:
    document = opened(window, local_method(), HOLE)
    original = before(document)
    window.live._action.trigger()
    wait_for_result(qtbot, window)
    assert not window.commands["mask.show"].isChecked(), "the tint would be in the way"
    outside = np.ones(original.shape[:2], np.bool_)
    outside[HOLE.slices] = False
    now = shown(window, document)
    np.testing.assert_array_equal(now[outside], original[outside])
    assert (now[~outside] != original[~outside]).any()

    more = Rect(300, 300, 400, 400)
    document.commit(mask_edits.fill_rect(document.state, "mask", more), "Brush")
    qtbot.waitUntil(lambda: window.repair.removal.running)
    wait_for_result(qtbot, window)
    assert (shown(window, document)[more.slices] != original[more.slices]).any()


def test_the_split_compares_with_what_the_method_began_with(qtbot: QtBot, window: MainWindow) -> None:
    document = opened(window, local_method())
    window.commands["repair.preview"].trigger()
    wait_for_result(qtbot, window)
    press(window, Key.Key_Return)
    once = before(document)
    press(window, Key.Key_Y)
    seen, (x, _y) = window.canvas.looked_at()
    assert seen.left == int(x) == 350, "only what is right of the divider is looked at"
    window.commands["repair.preview"].trigger()
    wait_for_result(qtbot, window)
    scene = window.canvas._scene
    assert scene is not None
    assert scene._left is not None
    np.testing.assert_array_equal(scene._left.state.read(document.state.size.rect), once)


def test_other_methods_cannot_be_watched(qtbot: QtBot, window: MainWindow) -> None:
    plugins = {each.id: each for each in (local_method(), method(), mask_maker())}
    window.set_registry(Registry(plugins))
    window.files.show(session(HOLE))
    window.method.choose("soften")
    action = window.commands["repair.preview"]
    assert action.isEnabled()
    action.trigger()
    wait_for_result(qtbot, window)
    for other in ("flat_fill", "pick_bright"):
        window.method.choose(other)
        assert not action.isEnabled()
        assert not action.isChecked()
        assert window.method.preview_box.isHidden()
    assert window.repair.removal.current is None


@pytest.mark.expects_log_error
def test_a_failure_ends_it_with_one_line(qtbot: QtBot, window: MainWindow) -> None:
    def fail(inputs: Inputs, params: Level, ctx: Context) -> Result:
        raise PluginError("It can't be done; do something else.")

    document = opened(window, local_method(fail))
    with qtbot.waitSignal(window.repair.removal.failed):
        window.commands["repair.preview"].trigger()
    assert not window.live.on
    assert "do something else" in window.messages.text
    np.testing.assert_array_equal(shown(window, document), before(document))


def test_without_its_model_it_is_offered_and_nothing_is_on(qtbot: QtBot, window: MainWindow) -> None:
    know_model(Places.default().models, "first", installed=False)
    plugin = local_method(params=Named)
    opened(window, plugin)
    with qtbot.waitSignal(window.repair.models_wanted) as wanted:
        window.commands["repair.preview"].trigger()
    assert wanted.args == [["first"]]
    assert not window.live.on
    assert not window.method.preview_box.isChecked()
    assert not window.repair.removal.running


def test_an_ordinary_run_and_another_photo_end_it(qtbot: QtBot, window: MainWindow) -> None:
    plugin = local_method()
    opened(window, plugin)
    window.commands["repair.preview"].trigger()
    wait_for_result(qtbot, window)
    with qtbot.waitSignal(window.repair.removal.arrived):
        window.repair.run()
    assert not window.live.on
    assert window.strip.isVisible()
    window.repair.cancel()

    window.commands["repair.preview"].trigger()
    window.files.show(session(None))
    assert not window.live.on


@pytest.mark.parametrize(
    ("plugin", "text"), [(local_method(), "Apply"), (method(), "Remove"), (mask_maker(), "Make mask")]
)
def test_the_button_says_what_the_method_does(window: MainWindow, plugin: Plugin, text: str) -> None:
    opened(window, plugin)
    assert window.remove_button.text().startswith(text)
