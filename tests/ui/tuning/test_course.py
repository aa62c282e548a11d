"""A training as it goes: curves, pictures, what can be told to it, and what rests."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from editor.runtime.tuning.events import Failed, Learned, Noted, Rested
from editor.ui.dialogs import ask
from editor.ui.tuning_work import Stage
from tests.helpers.trainings import STARTED, curve, measured
from tests.ui.tuning.desk import Desk, runs


def test_events_draw_curves_and_pictures(desk: Desk, qtbot: QtBot) -> None:
    training, course = desk.learn(), desk.tune.course
    training.tell(STARTED, measured(0, 20.0), Learned(10, 0.5, 2.0), Learned(20, 0.25, 2.0), measured(20, 21.5))
    training.tell(Noted("Memory is short."))
    qtbot.waitUntil(lambda: curve(course.curves.measure_line) == [(0, 20.0), (20, 21.5)])
    assert curve(course.curves.loss_raw) == [(10, 0.5), (20, 0.25)]
    assert (course.curves.base_line.value(), course.curves.base_line.isVisible()) == (20.0, True)
    assert course.state.text() == "Step 20 of 200  ·  2.0 steps/s  ·  2 min left  ·  on CPU"
    assert (course.bar.value(), course.notes.text()) == (100, "Memory is short.")
    assert course.pictures.captions[1].text() == "After 20 steps"
    pictures = [label.pixmap().toImage() for label in course.pictures.pictures]
    assert [(picture.width(), picture.height()) for picture in pictures] == [(64, 64)] * 3
    colours = [picture.pixelColor(63, 63) for picture in pictures]
    assert [(each.red(), each.green(), each.blue()) for each in colours] == [(20, 0, which) for which in range(3)]


def test_the_axes_say_what_they_measure(desk: Desk) -> None:
    desk.learn()
    curves = desk.tune.course.curves
    labels = [
        plot.getPlotItem().getAxis(name).labelText
        for plot in (curves.loss, curves.measure)
        for name in ("left", "bottom")
    ]
    assert labels == ["Loss", "Step", "Likeness (dB)", "Step"]


def test_buttons_reach_the_training(desk: Desk) -> None:
    training, course = desk.learn(), desk.tune.course
    course.pause_button.click()
    assert (training.told, course.pause_button.text()) == (["pause"], "Resume")
    assert "paused" in course.state.text()
    course.pause_button.click()
    assert (training.told, course.pause_button.text()) == (["pause", "resume"], "Pause")
    course.keep_button.click()
    assert training.told[-1] == "keep"
    assert desk.shown() == ["Stop and forget"]
    assert "stopping" in course.state.text()


def test_a_run_that_rests_is_listed_and_goes_on(desk: Desk, qtbot: QtBot) -> None:
    training = desk.learn()
    training.run.folder.checkpoint.write_bytes(b"state")
    training.run.folder.write_plan({"steps": 200})
    training.tell(STARTED, Learned(10, 0.5, 2.0))
    desk.tune.course.rest_button.click()
    assert training.told == ["rest"]
    training.tell(Rested(10))
    desk.wait(Stage.SET_UP)
    (row,) = desk.tune.set_up.resting.rows
    assert (row.title.text(), row.text.text()) == (training.run.name, "step 10 of 200")
    row.on_button.click()
    assert (desk.work.stage, desk.training.run.folder) == (Stage.LEARNING, training.run.folder)
    assert desk.training is not training
    assert curve(desk.tune.course.curves.loss_raw) == [(10, 0.5)], "what was learned before is seen at once"
    desk.training.tell(measured(0, 20.0), STARTED)
    qtbot.waitUntil(lambda: curve(desk.tune.course.curves.measure_line) == [(0, 20.0)])
    assert curve(desk.tune.course.curves.loss_raw) == [], "it was not saved"


def test_a_crash_is_told_and_can_go_on(desk: Desk) -> None:
    training = desk.learn()
    training.run.folder.checkpoint.write_bytes(b"state")
    training.tell(Failed("The trainer ended by itself."))
    desk.wait(Stage.FAILED)
    assert desk.tune.course.verdict.text() == "The trainer ended by itself."
    assert desk.shown() == ["Forget", "Later", "Go on from the last checkpoint"]
    desk.tune.course.on_button.click()
    # The key that went on must not forget everything when it is pressed once more.
    assert desk.tune.focusWidget() is desk.tune.course.pause_button
    assert (desk.work.stage, len(desk.started)) == (Stage.LEARNING, 2)


@pytest.mark.parametrize("sure", [False, True])
def test_forgetting_is_asked_about(desk: Desk, monkeypatch: pytest.MonkeyPatch, sure: bool) -> None:
    training = desk.learn()
    monkeypatch.setattr(ask, "forget_training", lambda *_args: sure)
    desk.tune.course.forget_button.click()
    assert training.told == (["kill"] if sure else [])
    assert len(runs()) == (0 if sure else 1)
    assert desk.work.stage is (Stage.SET_UP if sure else Stage.LEARNING)


def test_the_last_words_of_a_forgotten_training_are_not_heard(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(ask, "forget_training", lambda *_args: True)
    forgotten = desk.learn()
    desk.tune.course.forget_button.click()
    training = desk.learn()
    forgotten.tell(Failed("The trainer ended by itself."))
    training.tell(STARTED)
    qtbot.waitUntil(lambda: desk.work.course.steps == STARTED.steps)
    assert desk.work.stage is Stage.LEARNING


def test_what_ends_while_the_question_is_open_is_kept(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = desk.learn()

    def forget_training(*_args: object) -> bool:
        training.end(20.0, 22.0)
        desk.wait(Stage.DONE)
        return True

    monkeypatch.setattr(ask, "forget_training", forget_training)
    desk.tune.course.forget_button.click()
    assert desk.work.verdict is not None
    assert desk.work.verdict.manifest is not None
