"""The choice of a file to save: it gets its ending, and no file is replaced unasked."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QListView, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from editor.ui.dialogs import ask


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def choose(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, **_options: (str(path), ""))


@pytest.mark.parametrize("typed", ["work", "IMG.1234", "work.ora", "work.ORA"])
def test_a_project_always_has_its_ending(
    typed: str, parent: QWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, tmp_path / typed)
    chosen = ask.file_to_save(parent, "Save project", tmp_path / "photo.ora", "OpenRaster")
    assert chosen is not None
    assert chosen.suffix.lower() == ".ora"
    assert chosen.name.startswith(typed)


def test_a_project_never_takes_the_place_of_a_photo(
    parent: QWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, tmp_path / "photo.jpg")
    assert ask.file_to_save(parent, "Save project", tmp_path / "photo.ora", "OpenRaster") == tmp_path / "photo.jpg.ora"


@pytest.mark.parametrize("agreed", [True, False])
def test_a_file_whose_ending_was_left_out_is_not_replaced_unasked(
    agreed: bool, parent: QWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work.ora").touch()
    choose(monkeypatch, tmp_path / "work")
    asked: list[Path] = []

    def overwrite(_parent: object, path: Path, *, photo: bool) -> bool:
        asked.append(path)
        return agreed and not photo

    monkeypatch.setattr(ask, "overwrite", overwrite)
    chosen = ask.file_to_save(parent, "Save project", tmp_path / "photo.ora", "OpenRaster")
    assert asked == [tmp_path / "work.ora"]
    assert chosen == (tmp_path / "work.ora" if agreed else None)


@pytest.mark.parametrize(
    ("key", "modifier", "answer"),
    [
        (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "save"),
        (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier, "cancel"),
        (Qt.Key.Key_D, Qt.KeyboardModifier.NoModifier, "discard"),
        (Qt.Key.Key_D, Qt.KeyboardModifier.AltModifier, "discard"),
    ],
)
def test_unsaved_changes_are_answered_by_a_key(
    qtbot: QtBot, parent: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier, answer: str
) -> None:
    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        qtbot.waitUntil(box.isActiveWindow)
        QTest.keyClick(box, key, modifier)
        # What no key answered is closed, which would count as Cancel.
        QTimer.singleShot(20_000, box, lambda: box.done(99))

    QTimer.singleShot(0, press)
    assert ask.unsaved(parent, "garden.jpg") == answer


def test_the_kinds_of_files_are_one_short_line_and_capitals_count_too(
    qtbot: QtBot, parent: QWidget, tmp_path: Path
) -> None:
    for name in ("a.jpg", "b.JPG", "c.Jpg", "d.txt"):
        (tmp_path / name).touch()
    seen: list[str] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QFileDialog)
        kinds, files = dialog.findChild(QComboBox, "fileTypeCombo"), dialog.findChild(QListView, "listView")
        assert kinds is not None
        assert files is not None
        seen.append(kinds.currentText())
        model, root = files.model(), files.rootIndex
        qtbot.waitUntil(lambda: model.rowCount(root()) > 0)
        seen.extend(sorted(str(model.index(row, 0, root()).data()) for row in range(model.rowCount(root()))))
        dialog.reject()

    QTimer.singleShot(0, look)
    assert ask.file_to_open(parent, "Open", str(tmp_path), (".jpg", ".png")) is None
    assert seen == ["Photos and projects", "a.jpg", "b.JPG", "c.Jpg"]
