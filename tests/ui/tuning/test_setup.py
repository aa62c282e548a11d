"""What a training is begun with: methods, models, photos, names; and what is seen before it learns."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from editor.core.geometry import Rect
from editor.ui.dialogs import ask
from editor.ui.tuning_work import Stage
from tests.helpers.trainings import METHOD, add_model
from tests.ui.tuning.desk import Desk, drop, photo, runs


def test_only_methods_that_learn_are_offered_and_nothing_to_go_on_from_is_said(desk: Desk) -> None:
    set_up = desk.tune.set_up
    assert [set_up.method.itemText(row) for row in range(set_up.method.count())] == ["Learner"]
    assert [set_up.base.itemData(row) for row in range(set_up.base.count())] == [""]
    assert (set_up.base.isEnabled(), set_up.base_hint.isHidden()) == (False, False)


def test_the_action_opens_the_window(desk: Desk) -> None:
    desk.main.commands["repair.tune"].trigger()
    assert desk.main.tuning.window is not None
    assert desk.main.tuning.window.isVisible()


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
    assert ready.counts.text() == "26 patches of 1 photo; 1 photo is held back to measure on."
    assert "only 26 patches" in ready.advice.text()
    assert "about 7 minutes" in ready.time.text()
    assert desk.started == []
    ready.start_button.click()
    assert desk.training.run.order.minutes == 7
    assert desk.training.run.name == "Learner, a and more"


def test_one_photo_takes_less_time_than_many_unless_the_user_says_how_long(desk: Desk, tmp_path: Path) -> None:
    minutes = desk.tune.set_up.minutes
    assert minutes.value() == 10
    desk.open_photo()
    assert minutes.value() == 3
    drop(desk.tune, photo(tmp_path, "more.png"))
    assert minutes.value() == 10
    minutes.setValue(5)
    desk.tune.set_up.photos.list.setCurrentRow(0)
    desk.tune.set_up.photos.remove_button.click()
    assert minutes.value() == 5


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
