"""What is under way when a document is left or the window is closed: nothing of it is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from editor.core.geometry import Rect
from editor.core.session import Session
from editor.host import documents, mask_edits
from editor.host.places import Places
from editor.host.recovery import Recovery
from editor.io import project
from editor.io.options import ExportOptions
from editor.ui.dialogs import ask
from editor.ui.dialogs.export import ExportDialog
from editor.ui.main_window import MainWindow
from tests.helpers.documents import noise, session

Slow = Callable[[object, str], threading.Event]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    """Lets a function wait for an event before it does its work, as a slow disk does."""
    gates: list[threading.Event] = []

    def wait_in(module: object, name: str) -> threading.Event:
        gate, work = threading.Event(), getattr(module, name)
        gates.append(gate)

        def waits(*args: Any) -> Any:
            assert gate.wait(20)
            return work(*args)

        monkeypatch.setattr(module, name, waits)
        return gate

    yield wait_in
    for gate in gates:
        gate.set()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(noise(64, 48)).save(path)
    return path


def paint(made: Session) -> None:
    made.commit(mask_edits.fill_rect(made.state, "mask", Rect(5, 5, 20, 20)), "Brush stroke")


def answers(monkeypatch: pytest.MonkeyPatch, *given: str) -> list[str]:
    """Answers the question about unsaved changes; the last answer also to all that follow. Returns what was asked."""
    asked: list[str] = []

    def unsaved(_parent: object, name: str, *, in_file: bool) -> str:
        asked.append(name)
        return given[min(len(asked), len(given)) - 1]

    monkeypatch.setattr(ask, "unsaved", unsaved)
    return asked


def test_what_is_painted_while_a_photo_is_read_is_asked_about(
    qtbot: QtBot, window: MainWindow, photo: Path, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = session()
    window.files.show(made)
    asked = answers(monkeypatch, "cancel")
    gate = slow(documents, "open_document")
    window.files.open(photo)
    paint(made)
    gate.set()
    qtbot.waitUntil(lambda: bool(asked))
    assert window.files.session is made


def test_a_recovered_photo_is_not_thrown_away_for_one_that_was_being_read(
    qtbot: QtBot, window: MainWindow, photo: Path, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    recovery = Recovery(Places.default().state)
    made = session()
    store = recovery.attach(made)
    paint(made)
    store.close(keep=True)
    asked = answers(monkeypatch, "cancel")
    gate = slow(documents, "open_document")
    window.files.open(photo)
    (item,) = recovery.pending()
    brought_back, journal = recovery.recover(item)
    window.files.show(brought_back, journal)
    gate.set()
    qtbot.waitUntil(lambda: bool(asked))
    assert window.files.session is brought_back


def test_what_is_painted_while_saving_for_the_end_is_asked_about(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = session()
    made.path = tmp_path / "work.ora"
    window.files.show(made)
    paint(made)
    asked = answers(monkeypatch, "save", "cancel")
    gate = slow(project, "write_project")
    window.close()
    made.commit(mask_edits.invert(made.state, "mask"), "Invert mask")
    gate.set()
    qtbot.waitUntil(lambda: len(asked) == 2)
    assert window.isVisible()
    assert made.modified


def test_the_window_closes_when_all_exports_are_written(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, slow: Slow
) -> None:
    window.files.show(session())
    gate = slow(documents, "export_document")
    for name in ("one.png", "two.png"):
        window.files.export(tmp_path / name, ExportOptions())
    window.close()
    assert "closes when" in window.messages.text
    gate.set()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert (tmp_path / "one.png").exists()
    assert (tmp_path / "two.png").exists()


def test_the_export_dialog_of_a_photo_goes_with_it(window: MainWindow) -> None:
    window.files.show(session())
    window.commands["file.export"].trigger()
    dialog = window.findChild(ExportDialog)
    assert dialog is not None
    assert dialog.isVisible()
    window.files.show(session())
    assert not dialog.isVisible()


def test_a_failed_export_keeps_the_window_open(qtbot: QtBot, window: MainWindow, tmp_path: Path, slow: Slow) -> None:
    window.files.show(session())
    (tmp_path / "file").write_bytes(b"in the way")
    gate = slow(documents, "export_document")
    window.files.export(tmp_path / "file" / "out.png", ExportOptions())
    window.close()
    with qtbot.waitSignals([window.files.failed, window.files.working]):
        gate.set()
    assert window.isVisible()


def test_an_export_of_a_recovered_photo_is_whole_though_another_is_opened(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, slow: Slow
) -> None:
    recovery = Recovery(Places.default().state)
    made = session(width=64, height=48)
    store = recovery.attach(made)
    paint(made)
    store.close(keep=True)
    (item,) = recovery.pending()
    brought_back, journal = recovery.recover(item)
    gate = slow(documents, "export_document")
    window.files.show(brought_back, journal)
    window.files.export(tmp_path / "out.png", ExportOptions())
    window.files.show(session())
    gate.set()
    qtbot.waitUntil((tmp_path / "out.png").exists)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out.png")), noise(64, 48))
    qtbot.waitUntil(lambda: not journal.path.exists())
