"""Fine-tuning from the window, with a training that learns only what the test tells it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from editor.core.geometry import Rect
from editor.host.library import library
from editor.host.places import Places
from editor.host.registry import Registry
from editor.host.training import Run, Trainings
from editor.runtime.tuning.events import Failed, Finished, Learned, Noted, Rested
from editor.ui.dialogs import ask
from editor.ui.dialogs.tuning import TuningWindow
from editor.ui.main_window import MainWindow
from editor.ui.tuning_work import Stage, TuningWork
from tests.helpers.documents import method, noise, session
from tests.helpers.trainings import METHOD, STARTED, FakeTraining, add_model, curve, learner, measured


class Desk:
    """The window of fine-tuning, and the trainings that were started from it."""

    def __init__(self, window: MainWindow, qtbot: QtBot, started: list[FakeTraining]) -> None:
        self.main = window
        self.started = started
        self._qtbot = qtbot

    @property
    def tune(self) -> TuningWindow:
        return self.main.tuning.window or self.main.tuning.show()

    @property
    def work(self) -> TuningWork:
        assert self.tune
        assert self.main.tuning.work is not None
        return self.main.tuning.work

    @property
    def training(self) -> FakeTraining:
        return self.started[-1]

    def wait(self, stage: Stage) -> None:
        self._qtbot.waitUntil(lambda: self.work.stage is stage)

    def open_photo(self, hole: Rect | None = None) -> None:
        self.main.files.show(session(hole=hole, width=640, height=512))

    def learn(self) -> FakeTraining:
        """Begins a training of the open photo."""
        if self.main.files.session is None:
            self.open_photo()
        self.tune.set_up.prepare_button.click()
        self.wait(Stage.READY)
        self.tune.ready.start_button.click()
        assert self.work.stage is Stage.LEARNING
        return self.training

    def shown(self) -> list[str]:
        """What can be pressed on the page of the training."""
        return [button.text() for button in self.tune.course.buttons if button.isVisibleTo(self.tune)]


@pytest.fixture
def desk(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    started: list[FakeTraining] = []

    def training(*args: object) -> FakeTraining:
        started.append(FakeTraining(*args))  # type: ignore[arg-type]  # as it is called
        return started[-1]

    monkeypatch.setattr("editor.host.training.Training", training)
    window.set_registry(Registry({"flat_fill": method(), METHOD: learner()}))
    yield Desk(window, qtbot, started)
    window.files.show(None)


def runs() -> list[Run]:
    """As the next start of the program finds them."""
    places = Places.default()
    return [*Trainings(places.trainings, library(places)).all()]


def drop(window: TuningWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, buttons, keys))


def photo(folder: Path, name: str, seed: int = 0, width: int = 640) -> Path:
    folder.mkdir(exist_ok=True)
    Image.fromarray(noise(width, 512, seed=seed)).save(folder / name)
    return folder / name


def test_only_methods_that_learn_are_offered_and_nothing_to_go_on_from_is_said(desk: Desk) -> None:
    set_up = desk.tune.set_up
    assert [set_up.method.itemText(row) for row in range(set_up.method.count())] == ["Learner"]
    assert [set_up.base.itemData(row) for row in range(set_up.base.count())] == [""]
    assert (set_up.base.isEnabled(), set_up.base_hint.isHidden()) == (False, False)


def test_the_action_opens_the_window(desk: Desk) -> None:
    desk.main.commands["repair.tune"].trigger()
    assert desk.tune.isVisible()


def test_the_method_panel_leads_there_with_its_model(desk: Desk, tmp_path: Path) -> None:
    panel = desk.main.method
    assert panel.tune_button.isHidden(), "the first method has nothing to learn"
    add_model(tmp_path, "Aaa")
    chosen = add_model(tmp_path, "Bbb")
    panel.choose(METHOD)
    panel.refresh_models()
    panel.form.set_values({"model": chosen.id})
    panel.tune_button.click()
    base = desk.tune.set_up.base
    assert (base.currentData(), base.itemText(0)) == (chosen.id, "Bbb")
    assert desk.tune.set_up.base_hint.isHidden()
    desk.tune.close()
    panel.form.set_values({"model": "aaa"})
    panel.tune_button.click()
    assert base.currentData() == "aaa"


def test_photos_and_folders_are_dropped_and_taken_out_again(desk: Desk, tmp_path: Path) -> None:
    folder = photo(tmp_path / "rolls", "a.png").parent
    alone = photo(tmp_path, "b.png")
    (tmp_path / "notes.txt").write_text("no photo", encoding="utf-8")
    photos = desk.tune.set_up.photos
    assert photos.open_box.isHidden(), "no photo is open"
    assert (desk.tune.set_up.prepare_button.isEnabled(), desk.tune.set_up.hint.text()) == (
        False,
        "Choose photos to learn from.",
    )
    drop(desk.tune, alone, folder, tmp_path / "notes.txt", alone)
    assert [*photos.paths] == [alone, folder]
    assert desk.tune.set_up.prepare_button.isEnabled()
    photos.list.setCurrentRow(0)
    QTest.keyClick(photos.list, Qt.Key.Key_Delete)
    assert [*photos.paths] == [folder]


def test_photos_come_by_dialog(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "photos", lambda *_args: [tmp_path / "a.png"])
    monkeypatch.setattr(ask, "folder", lambda *_args: tmp_path)
    desk.tune.set_up.photos.photos_button.click()
    desk.tune.set_up.photos.folder_button.click()
    assert desk.tune.set_up.photos.paths == (tmp_path / "a.png", tmp_path)


def test_the_open_photo_is_offered_and_its_selection_says_where(desk: Desk) -> None:
    desk.open_photo()
    photos = desk.tune.set_up.photos
    assert (photos.open_box.isHidden(), photos.open_box.isChecked()) == (False, True)
    assert photos.selection_box.isHidden(), "there is no mask"
    assert photos.photos()[0].where is None
    desk.open_photo(hole=Rect(0, 0, 300, 512))
    photos.selection_box.setChecked(True)
    where = photos.photos()[0].where
    assert where is not None
    assert where.shape == (512, 640)
    assert where[:, :300].all()
    assert not where[:, 300:].any()


def test_the_counts_are_seen_before_it_learns(desk: Desk, tmp_path: Path) -> None:
    drop(desk.tune, photo(tmp_path / "rolls", "a.png", 1), photo(tmp_path / "rolls", "b.png", 2))
    desk.tune.set_up.minutes.setValue(7)
    desk.tune.set_up.prepare_button.click()
    assert desk.tune.pages.currentWidget() is desk.tune.ready
    desk.wait(Stage.READY)
    ready = desk.tune.ready
    assert ready.counts.text() == "24 patches of 1 photo; 1 photo is held back to measure on."
    assert "only 24 patches" in ready.advice.text()
    assert "about 7 minutes" in ready.time.text()
    assert desk.started == []
    ready.start_button.click()
    assert desk.training.run.order.minutes == 7
    assert desk.training.run.name == "Learner, a and more"


def test_enter_prepares_and_starts(desk: Desk, qtbot: QtBot) -> None:
    desk.open_photo()
    qtbot.waitUntil(desk.tune.isActiveWindow)
    desk.tune.set_up.name.setFocus()
    QTest.keyClick(desk.tune.set_up.name, Qt.Key.Key_Return)
    desk.wait(Stage.READY)
    desk.tune.ready.back_button.click()
    assert (desk.work.stage, runs()) == (Stage.SET_UP, [])
    desk.tune.set_up.minutes.setFocus()
    QTest.keyClick(desk.tune.set_up.minutes, Qt.Key.Key_Return)
    desk.wait(Stage.READY)
    QTest.keyClick(desk.tune, Qt.Key.Key_Return)
    assert desk.work.stage is Stage.LEARNING
    QTest.keyClick(desk.tune, Qt.Key.Key_Return)
    assert desk.training.told == [], "Enter does nothing while it learns"


def test_too_little_to_learn_from_is_a_line(desk: Desk, qtbot: QtBot, tmp_path: Path) -> None:
    drop(desk.tune, photo(tmp_path, "small.png", width=130))
    with qtbot.waitSignal(desk.work.failed):
        desk.tune.set_up.prepare_button.click()
    assert desk.tune.pages.currentWidget() is desk.tune.set_up
    assert "Choose more or larger photos" in desk.tune.error.text()
    assert desk.tune.error.isVisible()
    assert runs() == []


def test_cutting_can_be_cancelled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def prepare(*_args: object, progress: object, **_options: object) -> None:
        desk.tune.ready.cancel_button.click()
        while callable(progress):
            progress(0.5)

    desk.open_photo()
    monkeypatch.setattr(desk.work.trainings, "prepare", prepare)
    desk.tune.set_up.prepare_button.click()
    desk.wait(Stage.SET_UP)
    assert desk.tune.error.isHidden()


def test_a_name_that_is_taken_is_not_taken_again(desk: Desk, tmp_path: Path) -> None:
    add_model(tmp_path, "Learner, noise")
    desk.open_photo()
    set_up = desk.tune.set_up
    first = set_up.name.text()
    assert first.startswith("Learner")
    set_up.name.setText("learner, NOISE")
    assert not set_up.prepare_button.isEnabled()
    assert "called so already" in set_up.hint.text()


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
    assert (desk.shown(), "stopping" in course.state.text()) == ([], True)


def test_a_run_that_rests_is_listed_and_goes_on(desk: Desk) -> None:
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


def test_a_crash_is_told_and_can_go_on(desk: Desk) -> None:
    training = desk.learn()
    training.run.folder.checkpoint.write_bytes(b"state")
    training.tell(Failed("The trainer ended by itself."))
    desk.wait(Stage.FAILED)
    assert desk.tune.course.verdict.text() == "The trainer ended by itself."
    assert desk.shown() == ["Forget", "Later", "Go on from the last checkpoint"]
    desk.tune.course.on_button.click()
    assert (desk.work.stage, len(desk.started)) == (Stage.LEARNING, 2)


@pytest.mark.parametrize("sure", [False, True])
def test_forgetting_is_asked_about(desk: Desk, monkeypatch: pytest.MonkeyPatch, sure: bool) -> None:
    training = desk.learn()
    monkeypatch.setattr(ask, "forget_training", lambda *_args: sure)
    desk.tune.course.forget_button.click()
    assert training.told == (["kill"] if sure else [])
    assert len(runs()) == (0 if sure else 1)
    assert desk.work.stage is (Stage.SET_UP if sure else Stage.LEARNING)


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
    assert desk.shown() == ["Close", "Use it"]
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
    assert "not better, so nothing was installed" in desk.tune.course.verdict.text()
    assert "gained nothing" in desk.tune.course.verdict.text()
    assert desk.shown() == ["Close"]
    assert {*library(Places.default()).store.manifests} == before
    assert len(runs()) == 1, "it is forgotten when it was seen"
    desk.tune.course.close_button.click()
    assert (runs(), desk.work.stage) == ([], Stage.SET_UP)


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
    assert status.isHidden()
    desk.main.messages.offer_button.click()
    assert desk.tune.isVisible()
    assert desk.tune.pages.currentWidget() is desk.tune.course


def test_every_button_has_a_tooltip(desk: Desk) -> None:
    assert [each.text() for each in desk.tune.findChildren(QPushButton) if not each.toolTip()] == []


def test_the_start_of_the_program_does_not_wait_for_it() -> None:
    heavy = ("pyqtgraph", "editor.host.training", "editor.runtime.tuning")
    code = f"import sys, editor.ui.main_window; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
