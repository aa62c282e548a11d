"""Opening, saving, leaving and dropping documents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from editor.core.geometry import Rect
from editor.core.session import Session
from editor.host import mask_edits
from editor.host.documents import open_document
from editor.ui.dialogs import ask
from editor.ui.main_window import MainWindow
from tests.helpers.documents import noise, session


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(noise(64, 48)).save(path)
    return path


def painted(window: MainWindow, path: Path | None = None) -> Session:
    """An open document with an unsaved stroke."""
    made = session()
    made.path = path
    window.files.show(made)
    made.commit(mask_edits.fill_rect(made.state, "mask", Rect(5, 5, 20, 20)), "Brush stroke")
    return made


def answers(monkeypatch: pytest.MonkeyPatch, answer: str) -> list[str]:
    asked: list[str] = []

    def unsaved(_parent: object, name: str, *, in_file: bool) -> str:
        asked.append(name)
        return answer

    monkeypatch.setattr(ask, "unsaved", unsaved)
    return asked


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, buttons, keys))


def test_a_dropped_photo_is_opened(qtbot: QtBot, window: MainWindow, photo: Path) -> None:
    with qtbot.waitSignal(window.files.session_changed):
        drop(window, photo)
    assert window.files.session is not None
    assert window.files.session.path == photo
    assert window.windowTitle() == "photo.png[*] – Kintsugi"
    assert "64 × 48, 8 bit, sRGB" in window.status.picture.text()
    assert window.files.recent == [photo]
    assert window.canvas.isVisible()


def test_a_damaged_file_shows_one_line_and_the_document_stays(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    before = session()
    window.files.show(before)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with qtbot.waitSignal(window.files.failed):
        window.files.open(tmp_path / "broken.png")
    assert "broken.png" in window.messages.text
    assert window.files.session is before


def test_changes_mark_the_title_until_they_are_saved(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    made = painted(window, tmp_path / "work.ora")
    assert window.isWindowModified()
    with qtbot.waitSignal(window.files.saved):
        window.files.save()
    assert not window.isWindowModified()
    again, _notes = open_document(tmp_path / "work.ora")
    np.testing.assert_array_equal(again.state.mask.read(Rect(0, 0, 64, 48)), made.state.mask.read(Rect(0, 0, 64, 48)))


def test_a_photo_is_never_overwritten_by_saving(
    qtbot: QtBot, window: MainWindow, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = photo.read_bytes()
    made = painted(window, photo)
    suggested: list[Path] = []

    def file_to_save(_parent: object, _title: str, suggestion: Path, _kind: str) -> Path:
        suggested.append(suggestion)
        return suggestion

    monkeypatch.setattr(ask, "file_to_save", file_to_save)
    with qtbot.waitSignal(window.files.saved):
        window.files.save()
    assert suggested == [photo.with_suffix(".ora")]
    assert photo.read_bytes() == before
    assert made.path == photo.with_suffix(".ora")


def test_what_is_painted_while_saving_stays_unsaved(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    made = painted(window, tmp_path / "work.ora")
    with qtbot.waitSignal(window.files.saved):
        window.files.save()
        made.commit(mask_edits.invert(made.state, "mask"), "Invert mask")
    assert window.isWindowModified()


def test_closing_with_unsaved_changes_can_be_cancelled(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = painted(window, tmp_path / "work.ora")
    asked = answers(monkeypatch, "cancel")
    window.close()
    assert asked == ["work.ora"]
    assert window.isVisible()
    assert window.files.session is made


def test_closing_and_discarding_closes(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    painted(window)
    answers(monkeypatch, "discard")
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())


def test_closing_and_saving_closes_when_the_file_is_written(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted(window, tmp_path / "work.ora")
    answers(monkeypatch, "save")
    window.close()
    assert window.isVisible()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert (tmp_path / "work.ora").exists()


def test_a_failed_save_keeps_the_window_open(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = painted(window, tmp_path / "not there" / "work.ora")
    answers(monkeypatch, "save")
    with qtbot.waitSignal(window.files.failed):
        window.close()
    assert window.isVisible()
    assert window.files.session is made
    assert made.modified


def test_without_changes_nothing_is_asked(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    window.files.show(session())
    asked = answers(monkeypatch, "cancel")
    window.files.close()
    assert asked == []
    assert window.files.session is None
    assert not window.commands["file.export"].isEnabled()
