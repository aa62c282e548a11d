"""Enter with several methods of one task: their candidates side by side, for one mask."""

from __future__ import annotations

import re
import threading

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
from editor.host.places import Places
from editor.host.registry import Registry
from editor.host.settings import Settings
from editor.sdk.context import Context
from editor.sdk.plugin import Inputs, Plugin, Result
from editor.ui.main_window import MainWindow
from editor.ui.panels.candidates import CandidateStrip, Entry
from editor.ui.panels.fields import ModelField
from tests.helpers.documents import Level, flat_fill, local_method, method, session
from tests.helpers.makers import Idle, Named, know_model

HOLE = Rect(100, 90, 140, 120)
PLACE = Rect(110, 100, 111, 101)
Key = Qt.Key


def named_fill(inputs: Inputs, params: Named, ctx: Context) -> Result:
    """Each model has a grey of its own."""
    return flat_fill(inputs, Level(0.2 if params.model == "first" else 0.3), ctx)


QUICK = method(candidates=2, task="fill")
LEARNT = method(named_fill, id="learnt", title="Learnt fill", params=Named, task="fill")


class Held:
    """A method that waits until it is let go or cancelled."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.go = threading.Event()
        self.stopped = threading.Event()

    def run(self, inputs: Inputs, _params: Level, ctx: Context) -> Result:
        ctx.progress(0.5)
        self.started.set()
        try:
            while not self.go.wait(0.005):
                ctx.check()
        finally:
            self.stopped.set()
        return Result(inputs.image)


@pytest.fixture
def two_models() -> None:
    """Of three that are known."""
    folder = Places.default().models
    know_model(folder, "first", title="One")
    know_model(folder, "second", title="Two")
    know_model(folder, "third", title="Three", installed=False)


def press(window: MainWindow, key: Key) -> None:
    QTest.keyClick(window.canvas, key)


def start(window: MainWindow, *plugins: Plugin, chosen: str = "flat_fill") -> Session:
    """The methods are offered, one is chosen, and a photo with a mask is open."""
    window.set_registry(Registry({plugin.id: plugin for plugin in plugins}))
    window.set_engine(Idle(Places.default().models))
    window.method.choose(chosen)
    made = session(HOLE)
    window.files.show(made)
    return made


def run(qtbot: QtBot, window: MainWindow, key: Key = Key.Key_Return) -> None:
    """Enter or R, and waits until all is done."""
    with qtbot.waitSignals([window.repair.removal.ran] * 2):
        press(window, key)


def labels(window: MainWindow) -> list[str]:
    """What stands below the candidates, without the seconds."""
    return [label.split(" · ")[0] for label in window.strip.labels]


def shown_grey(window: MainWindow) -> int:
    state = window.repair.removal.preview()
    assert state is not None
    return int(state.read(PLACE)[0, 0, 0])


@pytest.mark.usefixtures("two_models")
def test_enter_makes_one_of_each_before_the_second_of_its_own(qtbot: QtBot, window: MainWindow) -> None:
    start(window, QUICK, LEARNT)
    run(qtbot, window)
    assert labels(window) == [
        "Flat fill\nseed 0",
        "Learnt fill, One\nseed 0",
        "Learnt fill, Two\nseed 0",
        "Flat fill\nseed 1",
    ]
    assert all(label.endswith(" s") for label in window.strip.labels)
    assert window.strip.marked == 0


@pytest.mark.usefixtures("two_models")
def test_with_a_learnt_method_chosen_the_quick_one_is_still_shown_first(qtbot: QtBot, window: MainWindow) -> None:
    start(window, QUICK, LEARNT, chosen="learnt")
    field = window.method.form.fields["model"]
    assert isinstance(field, ModelField)
    field.set_value("second")
    run(qtbot, window)
    assert labels(window) == ["Flat fill\nseed 0", "Learnt fill, Two\nseed 0", "Learnt fill, One\nseed 0"]


def start_with_a_slow_choice(qtbot: QtBot, window: MainWindow) -> Held:
    """The chosen method is still at work when the result of another one is there."""
    know_model(Places.default().models, "first", title="One")
    held = Held()
    start(
        window,
        method(task="fill"),
        method(held.run, id="learnt", title="Learnt fill", params=Named, task="fill", candidates=1),
        chosen="learnt",
    )
    with qtbot.waitSignal(window.repair.removal.arrived):
        press(window, Key.Key_Return)
    assert held.started.wait(10)
    assert window.strip.marked == 0
    return held


def test_what_the_chosen_method_made_is_shown_as_soon_as_it_is_there(qtbot: QtBot, window: MainWindow) -> None:
    held = start_with_a_slow_choice(qtbot, window)
    assert window.status.result.text().startswith("Flat fill is shown until Learnt fill is there")
    with qtbot.waitSignal(window.repair.removal.shown_changed):
        held.go.set()
    assert labels(window) == ["Flat fill\nseed 0", "Learnt fill\nseed 0"]
    assert window.strip.marked == 1
    assert window.status.result.text().startswith("Learnt fill, as you chose, is shown now")
    press(window, Key.Key_Left)
    assert "shown" not in window.status.result.text()


@pytest.mark.parametrize("act", ["arrow", "click", "again", "stroke"])
def test_what_the_user_has_picked_or_paints_on_stays_on_show(qtbot: QtBot, window: MainWindow, act: str) -> None:
    held = start_with_a_slow_choice(qtbot, window)
    if act == "click":
        strip = window.strip._list
        place = strip.visualItemRect(strip.item(0)).center()
        QTest.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    elif act == "stroke":
        QTest.mousePress(window.canvas, Qt.MouseButton.LeftButton)
    else:
        press(window, Key.Key_Right if act == "arrow" else Key.Key_R)
    assert "shown" not in window.status.result.text()
    held.go.set()
    qtbot.waitUntil(lambda: not window.repair.removal.running)
    assert len(window.strip.labels) > 1
    assert window.strip.marked == 0


def test_one_that_is_stopped_is_no_longer_waited_for(qtbot: QtBot, window: MainWindow) -> None:
    start_with_a_slow_choice(qtbot, window)
    window.status.cancel_button.click()
    assert "shown" not in window.status.result.text()


@pytest.mark.usefixtures("two_models")
def test_the_arrows_go_through_all_and_the_shown_one_is_accepted_with_its_own_record(
    qtbot: QtBot, window: MainWindow
) -> None:
    document = start(window, QUICK, LEARNT)
    run(qtbot, window)
    greys = [shown_grey(window)]
    for _step in range(2):
        press(window, Key.Key_Right)
        greys.append(shown_grey(window))
    assert greys == [round(level * 255) for level in (0.5, 0.2, 0.3)]
    press(window, Key.Key_Left)
    press(window, Key.Key_Right)
    press(window, Key.Key_Return)
    step, layer = document.history.current, document.state.layers[-1]
    assert step.label == layer.name == "Learnt fill, Two, seed 0"
    assert step.record == layer.record
    assert step.record is not None
    assert (step.record["plugin"], step.record["params"]) == ("learnt", {"model": "second"})
    assert int(document.state.read(PLACE)[0, 0, 0]) == round(0.3 * 255)
    assert len(document.state.layers) == 2
    assert not window.strip.isVisible()


@pytest.mark.usefixtures("two_models")
def test_without_the_wish_to_compare_only_the_chosen_method_runs_and_that_is_kept(
    qtbot: QtBot, window: MainWindow, settings: Settings
) -> None:
    start(window, QUICK, LEARNT)
    assert window.method.compare_box.isVisibleTo(window.method)
    window.method.compare_box.click()
    run(qtbot, window)
    assert labels(window) == ["Flat fill\nseed 0", "Flat fill\nseed 1"]
    assert Settings(settings._path).get("method.compare", True) is False


def test_the_wish_is_that_of_the_last_time(qtbot: QtBot, settings: Settings, window: MainWindow) -> None:
    from editor.host.presets import Presets
    from editor.ui.panels.method import MethodPanel

    panels = []
    for wish in (True, False):
        settings.set("method.compare", wish)
        panels.append(MethodPanel(settings, Presets(Places.default().presets), window))
    assert [panel.compare_box.isChecked() for panel in panels] == [True, False]


def test_comparing_is_offered_only_where_something_else_can_run_now(window: MainWindow) -> None:
    folder, box = Places.default().models, window.method.compare_box

    def offered() -> bool:
        return box.isVisibleTo(window.method)

    know_model(folder, "first", installed=False)
    start(window, QUICK, LEARNT, method(id="alone", title="Alone"))
    assert not offered()
    know_model(folder, "first")
    window.method.refresh_models()
    assert offered()
    window.method.choose("alone")
    assert not offered()


@pytest.mark.usefixtures("two_models")
def test_before_models_can_run_none_is_compared(qtbot: QtBot, window: MainWindow) -> None:
    window.set_registry(Registry({plugin.id: plugin for plugin in (QUICK, LEARNT)}))
    window.files.show(session(HOLE))
    assert not window.method.compare_box.isVisibleTo(window.method)
    run(qtbot, window)
    assert len(window.strip.labels) == 2
    window.set_engine(Idle(Places.default().models))
    assert window.method.compare_box.isVisibleTo(window.method)


@pytest.mark.usefixtures("two_models")
def test_a_missing_model_is_neither_run_nor_asked_for(qtbot: QtBot, window: MainWindow) -> None:
    start(window, QUICK, LEARNT)
    with qtbot.assertNotEmitted(window.repair.models_wanted):
        run(qtbot, window)
    models = {candidate.made.record.params.get("model") for candidate in window.repair.removal.candidates}
    assert models == {None, "first", "second"}
    assert window.messages.text == ""


@pytest.mark.usefixtures("two_models")
def test_one_that_fails_says_so_and_the_others_go_on(qtbot: QtBot, window: MainWindow) -> None:
    def second_fails(inputs: Inputs, params: Named, ctx: Context) -> Result:
        if params.model == "second":
            raise PluginError("Two is broken: get it again.")
        return named_fill(inputs, params, ctx)

    start(window, QUICK, method(second_fails, id="learnt", title="Learnt fill", params=Named, task="fill"))
    run(qtbot, window)
    assert window.messages.text == "Two is broken: get it again."
    assert labels(window) == ["Flat fill\nseed 0", "Learnt fill, One\nseed 0", "Flat fill\nseed 1"]


@pytest.mark.usefixtures("two_models")
def test_of_several_that_fail_each_is_told_of_and_the_same_once(qtbot: QtBot, window: MainWindow) -> None:
    advice = ["Paint less."]

    def fails(_inputs: Inputs, params: Named, _ctx: Context) -> Result:
        raise PluginError(f"{params.model} is broken: get it again.")

    def always_fails(_inputs: Inputs, _params: Level, _ctx: Context) -> Result:
        raise PluginError(advice[-1])

    learnt = method(fails, id="learnt", title="Learnt fill", params=Named, task="fill")
    start(window, method(always_fails, candidates=2, task="fill"), learnt)
    run(qtbot, window)
    assert window.messages.text.split("\n") == [
        "Paint less.",
        "first is broken: get it again.",
        "second is broken: get it again.",
    ]
    advice.append("Paint even less.")
    run(qtbot, window)
    assert window.messages.text.startswith("Paint even less.\nfirst")


def test_the_newest_of_those_made_again_come_into_view(qtbot: QtBot, window: MainWindow) -> None:
    start(window, method(candidates=4))
    run(qtbot, window)
    shown = window.strip._list
    for _turn in range(5):
        run(qtbot, window, Key.Key_R)
        newest = shown.visualItemRect(shown.item(shown.count() - 1))
        assert shown.viewport().rect().contains(newest.center())
    # Or all would be in view at any rate.
    assert not shown.viewport().rect().contains(shown.visualItemRect(shown.item(0)).center())
    assert window.strip.marked == 0


def test_once_pixels_may_be_copied_from_elsewhere_the_same_is_made_again(qtbot: QtBot, window: MainWindow) -> None:
    document = start(window, method(random=False))
    run(qtbot, window)
    press(window, Key.Key_R)
    assert len(window.strip.labels) == 1
    document.commit(mask_edits.fill_rect(document.state, "exclude", Rect(0, 0, 50, 50)), "Never copy from")
    run(qtbot, window, Key.Key_R)
    assert len(window.strip.labels) == 2


@pytest.mark.parametrize("chosen", ["flat_fill", "sure"])
def test_again_makes_new_ones_by_chance_and_nothing_twice(qtbot: QtBot, window: MainWindow, chosen: str) -> None:
    start(window, method(task="fill"), method(id="sure", title="Sure fill", random=False, task="fill"), chosen=chosen)
    run(qtbot, window)
    once = len(window.strip.labels)
    run(qtbot, window, Key.Key_R)
    again = [(each.made.name, each.made.seed) for each in window.repair.removal.candidates][once:]
    assert again == [("Flat fill", seed) for seed in range(once - 1, 2 * (once - 1))]


def test_results_of_another_task_are_not_put_beside_those_in_the_strip(qtbot: QtBot, window: MainWindow) -> None:
    start(window, QUICK, method(id="widen", title="Widen", task="widen", candidates=1))
    run(qtbot, window)
    window.method.choose("widen")
    press(window, Key.Key_R)
    assert not window.repair.removal.running
    assert len(window.strip.labels) == 2
    assert "another kind" in window.messages.text
    press(window, Key.Key_Escape)
    run(qtbot, window)
    assert labels(window) == ["Widen\nseed 0"]


def test_another_photo_begins_with_the_first_seed(qtbot: QtBot, window: MainWindow) -> None:
    start(window, QUICK)
    for key in (Key.Key_Return, Key.Key_R):
        run(qtbot, window, key)
    window.files.show(session(HOLE))
    run(qtbot, window)
    assert labels(window) == ["Flat fill\nseed 0", "Flat fill\nseed 1"]


def test_another_method_runs_with_the_settings_that_it_had_last(qtbot: QtBot, window: MainWindow) -> None:
    start(window, QUICK, method(id="other", title="Other fill", task="fill"), chosen="other")
    window.method.form.set_values({"level": 0.25})
    window.method.choose("flat_fill")
    run(qtbot, window)
    press(window, Key.Key_Right)
    assert shown_grey(window) == round(0.25 * 255)


def test_a_preview_shows_the_chosen_method_alone(qtbot: QtBot, window: MainWindow) -> None:
    other = local_method(id="soften_more", title="Soften more", task="soften")
    start(window, local_method(task="soften"), other, chosen="soften")
    removal = window.repair.removal
    with qtbot.waitSignals([removal.arrived, *[removal.ran] * 2]):
        window.commands["repair.preview"].trigger()
    assert [candidate.made.name for candidate in removal.candidates] == ["Soften"]
    press(window, Key.Key_Escape)
    run(qtbot, window)
    assert len(removal.candidates) == 2


def test_the_first_can_be_accepted_while_the_others_still_run(qtbot: QtBot, window: MainWindow) -> None:
    held = Held()
    document = start(window, QUICK, method(held.run, id="held", title="Held fill", task="fill"))
    with qtbot.waitSignal(window.repair.removal.arrived):
        press(window, Key.Key_Return)
    assert held.started.wait(10)
    press(window, Key.Key_Return)
    assert held.stopped.wait(10)
    assert not window.repair.removal.running
    assert document.history.current.label == "Flat fill, seed 0"


def test_the_status_line_names_what_runs_and_cancel_stops_all(qtbot: QtBot, window: MainWindow) -> None:
    held = Held()
    start(window, QUICK, method(held.run, id="held", title="Held fill", task="fill"))
    press(window, Key.Key_Return)
    qtbot.waitUntil(lambda: window.status.job.text().startswith("Held fill 50%"))
    window.status.cancel_button.click()
    assert held.stopped.wait(10)
    assert not window.repair.removal.running
    assert labels(window) == ["Flat fill\nseed 0"]


def test_escape_drops_all_and_keeps_the_mask(qtbot: QtBot, window: MainWindow) -> None:
    document = start(window, QUICK, method(id="other", title="Other fill", task="fill"))
    before: DocumentState = document.state
    run(qtbot, window)
    press(window, Key.Key_Escape)
    assert document.state is before
    assert not before.mask.empty
    assert window.strip.labels == []


def test_a_long_name_is_cut_in_the_strip_and_whole_in_its_tooltip(qtbot: QtBot) -> None:
    strip = CandidateStrip()
    qtbot.addWidget(strip)
    name = "Learnt fill, what my old camera saw in the long winter of 2024"
    strip.add(Entry(np.zeros((4, 4, 3), np.uint8), (name, "seed 0 · 1.0 s"), ("texture 0.98",)))
    first, second = strip.labels[0].split("\n")
    assert re.fullmatch("Learnt .*….*24", first)
    assert second == "seed 0 · 1.0 s"
    assert strip._list.item(0).toolTip() == f"{name}\nseed 0 · 1.0 s\ntexture 0.98"
