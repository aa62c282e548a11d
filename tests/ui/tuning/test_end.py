"""What became of a training: installed and used, or not; and what does not wait for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from editor.host.library import library
from editor.host.places import Places
from editor.runtime.tuning.events import Finished, Learned
from editor.ui.tuning_work import Stage
from tests.helpers.trainings import METHOD, STARTED, add_model, measured
from tests.ui.tuning.desk import Desk, runs


def test_a_better_model_is_installed_and_used_by_a_click(desk: Desk, tmp_path: Path) -> None:
    base = add_model(tmp_path, "Base")
    models = desk.main.models.show().panel
    desk.open_photo()
    desk.main.method.choose(METHOD)
    desk.main.method.tune_button.click()
    training = desk.learn()
    assert training.run.base == base.id
    training.end(20.0, 22.0)
    desk.wait(Stage.DONE)
    assert "20.00 dB before, 22.00 dB after" in desk.tune.course.verdict.text()
    assert "plainly visible" in desk.tune.course.verdict.text()
    assert desk.shown() == ["Back", "Use it"]
    assert desk.work.verdict is not None
    new = desk.work.verdict.manifest
    assert new is not None
    assert runs() == []
    box = desk.main.method.form.fields["model"].findChild(type(desk.tune.set_up.base))
    assert box is not None
    assert box.findData(new.id) >= 0
    card = models.cards[new.id]
    assert card.story is not None
    assert card.story.origin.text() == "Fine-tuned from Base."
    card.story.button.click()
    assert "20.00 dB before, 22.00 dB after" in card.story.text.text()
    desk.tune.course.use_button.click()
    assert desk.main.method.form.values()["model"] == new.id
    assert not desk.tune.isVisible()
    assert desk.work.stage is Stage.SET_UP


def test_a_fine_tuned_model_stands_below_its_base(desk: Desk, qtbot: QtBot, tmp_path: Path) -> None:
    base = add_model(tmp_path, "Mmm")
    other = add_model(tmp_path, "Zzz")
    child = add_model(tmp_path, "Aaa", base.id)
    cards = desk.main.models.show().panel.cards
    qtbot.waitUntil(lambda: cards[base.id].y() < cards[child.id].y() < cards[other.id].y())
    qtbot.waitUntil(lambda: cards[child.id].x() > cards[base.id].x())


def test_what_is_not_better_is_said_and_not_installed(desk: Desk, tmp_path: Path) -> None:
    add_model(tmp_path, "Base")
    before = {*library(Places.default()).store.manifests}
    desk.main.method.choose(METHOD)
    desk.main.method.tune_button.click()
    desk.learn().end(20.0, 20.01)
    desk.wait(Stage.DONE)
    first, second, third = desk.tune.course.verdict.text().split("\n")
    assert "gained nothing" in first
    assert "20.00 dB before, 20.01 dB after" in second
    assert third.endswith("in all.")
    assert desk.shown() == ["Back"]
    assert {*library(Places.default()).store.manifests} == before
    assert runs() == []
    desk.tune.course.back_button.click()
    assert desk.work.stage is Stage.SET_UP


def test_a_model_that_can_not_be_installed_is_said(desk: Desk) -> None:
    training = desk.learn()
    training.run.folder.add(measured(0, 20.0))
    training.run.folder.add(measured(1, 25.0))
    training.tell(Finished(1, 1e-6))
    desk.wait(Stage.FAILED)
    assert "could not be installed" in desk.tune.course.verdict.text()
    assert len(runs()) == 1


def test_leaving_the_program_lets_it_rest(desk: Desk) -> None:
    training = desk.learn()
    desk.main.end()
    assert training.told == ["close"]
    assert [run.name for run in runs()] == [training.run.name]


def test_it_learns_on_while_its_window_is_closed(desk: Desk, qtbot: QtBot) -> None:
    training = desk.learn()
    desk.tune.close()
    training.tell(STARTED, Learned(100, 0.5, 1.0))
    status = desk.main.status.tuning
    qtbot.waitUntil(lambda: status.text() == "Fine-tuning: 50 %, 2 min left")
    assert training.told == []
    status.click()
    assert desk.tune.isVisible()
    desk.tune.close()
    training.end(20.0, 22.0)
    desk.wait(Stage.DONE)
    assert "is among your models" in desk.main.messages.text
    assert status.text() == "Fine-tuning: better"
    desk.main.messages.offer_button.click()
    assert desk.tune.isVisible()
    assert desk.tune.pages.currentWidget() is desk.tune.course
    desk.tune.course.back_button.click()
    assert status.isHidden(), "it was seen"


def test_every_button_has_a_tooltip(desk: Desk) -> None:
    assert [each.text() for each in desk.tune.findChildren(QPushButton) if not each.toolTip()] == []


def test_the_start_of_the_program_does_not_wait_for_it() -> None:
    heavy = ("pyqtgraph", "editor.host.training", "editor.runtime.tuning")
    code = f"import sys, editor.ui.main_window; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
