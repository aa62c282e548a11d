"""Methods that make a mask or a new picture, and those that name a model, in the window."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from editor.core.document import DocumentState
from editor.core.geometry import Rect, Size
from editor.core.session import Session
from editor.host import mask_edits
from editor.host.places import Places
from editor.host.recovery import Recovery
from editor.host.registry import Registry
from editor.io.options import ExportOptions
from editor.io.read import read_picture
from editor.runtime.infer import InferenceEngine
from editor.runtime.providers import DeviceReport
from editor.sdk.context import Context
from editor.sdk.plugin import Inputs, MaskResult, PictureResult, Plugin
from editor.ui.dialogs import ask
from editor.ui.main_window import MainWindow
from editor.ui.panels.fields import ModelField
from tests.helpers.documents import Level, flat_fill, method, session
from tests.helpers.makers import Named, bright, double, know_model, mask_maker, picture_maker

HOLE = Rect(100, 90, 140, 120)
Key = Qt.Key


def press(window: MainWindow, key: Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(window.canvas, key, modifier)


def offer(window: MainWindow, *plugins: Plugin) -> None:
    window.set_registry(Registry({plugin.id: plugin for plugin in plugins}))


def opened(window: MainWindow, path: Path | None = None) -> Session:
    made = session(HOLE)
    made.path = path
    window.files.show(made)
    return made


def enter(qtbot: QtBot, window: MainWindow, runs: int = 2) -> None:
    """Enter, and waits until the work has ended."""
    with qtbot.waitSignals([window.repair.removal.ran] * runs):
        press(window, Key.Key_Return)


def answer(monkeypatch: pytest.MonkeyPatch, word: str) -> list[str]:
    asked: list[str] = []

    def unsaved(_parent: object, name: str, *, in_file: bool) -> str:
        asked.append(name)
        return word

    monkeypatch.setattr(ask, "unsaved", unsaved)
    return asked


def test_the_button_says_what_is_made(window: MainWindow) -> None:
    offer(window, method(), mask_maker(), picture_maker())
    opened(window)
    texts = []
    for name in ("flat_fill", "pick_bright", "double_size"):
        window.method.choose(name)
        texts.append((window.remove_button.text().split("  ")[0], window.commands["repair.run"].text()))
    assert texts == [(text, text) for text in ("Remove", "Make mask", "Make picture")]


def test_a_method_that_draws_nothing_is_run_once_whatever_seed_another_had(window: MainWindow) -> None:
    offer(window, method(), replace(mask_maker(), random=False))
    opened(window)
    window.method.choose("flat_fill")
    window.method.next_seeds()
    window.method.choose("pick_bright")
    assert [request.seed for request in window.method.requests()] == [0]


def test_enter_makes_the_mask_at_once_as_one_undo_step(qtbot: QtBot, window: MainWindow) -> None:
    offer(window, mask_maker())
    document = opened(window)
    before = document.state
    enter(qtbot, window)
    expected = before.read(before.size.rect).astype(float).mean(axis=2) > 127.5
    np.testing.assert_array_equal(document.state.mask.read(before.size.rect)[..., 0], expected * 255)
    assert not window.strip.isVisible()
    assert window.commands["mask.show"].isChecked()
    assert window.commands["edit.undo"].text() == "Undo Pick bright, seed 0"
    press(window, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert document.state is before


def test_it_is_said_what_is_in_a_mask_that_was_made(qtbot: QtBot, window: MainWindow) -> None:
    def counted(inputs: Inputs, params: Level, ctx: Context) -> MaskResult:
        return replace(bright(inputs, params, ctx), report={"specks found": 1234, "share": 0.5, "kind": "dust"})

    offer(window, mask_maker(counted))
    opened(window)
    enter(qtbot, window)
    assert window.messages.text == "specks found: 1,234, share 0.50, kind dust"


def test_where_nothing_was_found_the_painted_mask_stays_and_it_is_said(qtbot: QtBot, window: MainWindow) -> None:
    def nothing(inputs: Inputs, _params: Level, _ctx: Context) -> MaskResult:
        return MaskResult(np.zeros_like(inputs.mask), note="No specks were found.")

    offer(window, mask_maker(nothing))
    document = opened(window)
    before = document.state
    enter(qtbot, window)
    assert document.state is before
    assert not before.mask.empty
    assert window.messages.text == "No specks were found. The mask stays as it was."
    assert window.repair.removal.candidates == []


def test_several_masks_are_chosen_from_and_shown(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seeded(inputs: Inputs, params: Level, ctx: Context) -> MaskResult:
        return bright(inputs, Level(0.4 + 0.1 * ctx.seed), ctx)

    shown: list[DocumentState | None] = []
    monkeypatch.setattr(window.canvas, "show_masks", shown.append)
    offer(window, mask_maker(seeded, candidates=2))
    document = opened(window)
    before = document.state
    removal = window.repair.removal
    with qtbot.waitSignals([removal.arrived] * 2 + [removal.ran] * 2):
        press(window, Key.Key_Return)
    assert window.strip.isVisible()
    assert len(window.strip.labels) == 2
    assert document.state is before
    assert window.commands["mask.show"].isChecked()
    press(window, Key.Key_Right)
    candidate = shown[-1]
    assert candidate is not None
    press(window, Key.Key_Return)
    assert document.state.mask is candidate.mask
    assert shown[-1] is None


def test_enter_opens_the_made_picture_as_an_unsaved_document(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    offer(window, picture_maker())
    source = opened(window, tmp_path / "photo.jpg")
    with qtbot.waitSignal(window.files.session_changed):
        press(window, Key.Key_Return)
    made = window.files.session
    assert made is not None
    assert made is not source
    assert made.state.size == Size(600, 560)
    assert window.windowTitle() == "Untitled (photo.jpg, Double)[*] – Kintsugi"
    assert window.isWindowModified()
    assert not window.commands["edit.undo"].isEnabled()
    assert not window.strip.isVisible()
    assert window.repair.removal.candidates == []
    assert window.status.picture.text().startswith("600 × 560")


def test_an_unsaved_source_is_asked_for_and_kept_with_the_result_if_the_user_cancels(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    offer(window, picture_maker())
    source = opened(window, tmp_path / "photo.jpg")
    source.commit(mask_edits.invert(source.state, "mask"), "Invert mask")
    asked = answer(monkeypatch, "cancel")
    enter(qtbot, window)
    assert asked == ["photo.jpg"]
    assert window.files.session is source
    assert window.strip.isVisible()
    assert len(window.strip.labels) == 1
    asked = answer(monkeypatch, "discard")
    press(window, Key.Key_Return)
    assert asked == ["photo.jpg"]
    assert window.files.session is not source
    assert not window.strip.isVisible()


def test_the_source_can_be_saved_before_it_is_left(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    offer(window, picture_maker())
    source = opened(window, tmp_path / "work.ora")
    source.commit(mask_edits.invert(source.state, "mask"), "Invert mask")
    answer(monkeypatch, "save")
    with qtbot.waitSignal(window.files.session_changed):
        press(window, Key.Key_Return)
    assert (tmp_path / "work.ora").exists()
    assert window.windowTitle().startswith("Untitled (work.ora, Double)")
    qtbot.waitUntil(lambda: not window.files._writing)


def test_the_made_picture_is_journalled_and_can_be_saved_under_a_fitting_name(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window.files.keep_journals(Recovery(tmp_path / "state").attach)
    offer(window, picture_maker())
    opened(window)
    with qtbot.waitSignal(window.files.session_changed):
        press(window, Key.Key_Return)
    made, journal = window.files.session, window.files.journal
    assert made is not None
    assert journal is not None
    assert journal.flush(20)
    suggested: list[Path] = []

    def file_to_save(_parent: object, _title: str, suggestion: Path, _kind: str) -> Path:
        suggested.append(suggestion)
        return tmp_path / "saved.ora"

    monkeypatch.setattr(ask, "file_to_save", file_to_save)
    with qtbot.waitSignal(window.files.saved):
        window.files.save()
    assert suggested[0].name == "noise, Double.ora"
    assert window.windowTitle() == "saved.ora[*] – Kintsugi"
    assert not window.isWindowModified()


def test_cancel_stops_a_picture_between_strips(qtbot: QtBot, window: MainWindow) -> None:
    started, go, stopped = threading.Event(), threading.Event(), threading.Event()

    def slow(inputs: Inputs, params: Level, ctx: Context) -> PictureResult:
        ctx.progress(0.25)
        started.set()
        try:
            while not go.wait(0.005):
                ctx.check()
        finally:
            stopped.set()
        return double(inputs, params, ctx)

    offer(window, picture_maker(slow))
    source = opened(window)
    with qtbot.waitSignal(window.repair.removal.progress):
        press(window, Key.Key_Return)
    assert started.wait(10)
    assert not window.strip.isVisible()
    window.status.cancel_button.click()
    assert stopped.wait(10)
    assert window.files.session is source
    assert window.messages.text == ""


def test_a_picture_of_a_source_that_changed_meanwhile_is_asked_about(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, go = threading.Event(), threading.Event()

    def slow(inputs: Inputs, params: Level, ctx: Context) -> PictureResult:
        started.set()
        assert go.wait(10)
        return double(inputs, params, ctx)

    offer(window, picture_maker(slow))
    source = opened(window)
    asked: list[str] = []

    def stale(_parent: object) -> str:
        asked.append("stale")
        return "cancel"

    monkeypatch.setattr(ask, "stale", stale)
    press(window, Key.Key_Return)
    assert started.wait(10)
    layer = source.state.layers[0]
    source.commit(source.state.with_layer(type(layer)(5, "other", layer.pixels)), "Another layer")
    with qtbot.waitSignal(window.repair.removal.decided):
        go.set()
    assert asked == ["stale"]
    assert window.files.session is source


def named(method_id: str = "named") -> Plugin:
    return method(flat_fill, id=method_id, title="Named", params=Named)


def model_field(window: MainWindow) -> ModelField:
    field = window.method.form.fields["model"]
    assert isinstance(field, ModelField)
    return field


def test_models_are_chosen_by_title_and_what_is_missing_is_marked(window: MainWindow) -> None:
    folder = Places.default().models
    know_model(folder, "first", title="First one")
    know_model(folder, "second", title="Second one", installed=False)
    know_model(folder, "unfit", role="subject")
    offer(window, named())
    box = model_field(window).box
    shown = [box.itemText(row) for row in range(box.count())]
    assert [text for text in shown if " one" in text] == ["First one", "Second one: not installed"]
    second = shown.index("Second one: not installed")
    assert "kintsugi models get second" in box.itemData(second, Qt.ItemDataRole.ToolTipRole)
    box.setCurrentIndex(second)
    assert window.method.requests()[0].params == Named("second")
    know_model(folder, "second", title="Second one")
    window.method.refresh_models()
    assert box.currentText() == "Second one"


def test_when_the_chosen_model_is_removed_the_default_is_chosen(window: MainWindow) -> None:
    folder = Places.default().models
    for model_id in ("first", "second"):
        know_model(folder, model_id)
    offer(window, named())
    model_field(window).set_value("second")
    (folder / "second.toml").unlink()
    window.method.refresh_models()
    assert window.method.requests()[0].params == Named("first")
    assert model_field(window).box.findData("second") < 0


def test_a_missing_model_is_said_before_anything_runs(qtbot: QtBot, window: MainWindow) -> None:
    know_model(Places.default().models, "first", title="First one", installed=False)
    offer(window, named())
    opened(window)
    with qtbot.waitSignal(window.repair.models_wanted) as wanted:
        press(window, Key.Key_Return)
    assert wanted.args == [["first"]]
    assert "needs a model that is not installed: First one" in window.messages.text
    assert not window.repair.removal.running


def test_a_model_that_nobody_knows_is_an_error_in_words(window: MainWindow) -> None:
    offer(window, named())
    opened(window)
    press(window, Key.Key_Return)
    assert "no model called 'first'" in window.messages.text
    assert model_field(window).box.currentText() == "first: unknown"


def test_the_exported_picture_is_the_made_one(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    offer(window, picture_maker())
    source = opened(window)
    with qtbot.waitSignal(window.files.session_changed):
        press(window, Key.Key_Return)
    with qtbot.waitSignal(window.files.noted):
        window.files.export(tmp_path / "out.png", ExportOptions())
    doubled = source.state.read(source.state.size.rect).repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(read_picture(tmp_path / "out.png").pixels, doubled)
    qtbot.waitUntil(lambda: not window.files._writing)


def test_the_device_that_a_run_fell_back_to_is_shown(qtbot: QtBot, window: MainWindow) -> None:
    class Falling(InferenceEngine):
        """Says what it ran on last."""

        report = DeviceReport("CUDA")

        def __init__(self) -> None:
            pass

        def device_report(self) -> DeviceReport:
            return self.report

    engine = Falling()

    def falls_back(inputs: Inputs, params: Level, ctx: Context) -> MaskResult:
        engine.report = DeviceReport("CPU", "out of memory")
        return MaskResult(inputs.mask)

    offer(window, mask_maker(falls_back))
    window.set_engine(engine)
    assert "CUDA" in window.status.device.text()
    opened(window)
    enter(qtbot, window)
    assert "CPU" in window.status.device.text()
    assert "out of memory" in window.status.device.text()


def test_enter_runs_right_after_a_choice_in_a_list(qtbot: QtBot, window: MainWindow) -> None:
    offer(window, named(), mask_maker())
    know_model(Places.default().models, "first")
    opened(window)
    window.activateWindow()
    box = window.method.methods
    box.setFocus()
    box.setCurrentIndex(box.findData("pick_bright"))
    box.activated.emit(box.currentIndex())
    with qtbot.waitSignals([window.repair.removal.ran] * 2):
        QTest.keyClick(box, Key.Key_Return)


def test_a_new_picture_says_where_the_photo_is(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    offer(window, picture_maker())
    document = opened(window, tmp_path / "photo.png")
    document.saved_step = document.history.current.id
    with qtbot.waitSignal(window.files.session_changed):
        press(window, Key.Key_Return)
    assert "photo.png" in window.messages.text
    assert "Open recent" in window.messages.text
