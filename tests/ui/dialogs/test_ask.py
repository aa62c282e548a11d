"""The choice of a file to save: it gets its ending, and no file is replaced unasked."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QWidget
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
