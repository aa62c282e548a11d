"""The export dialog: where to, in which format, with which settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QWidget
from pytestqt.qtbot import QtBot

from editor.host.settings import Settings
from editor.io.formats import WRITE_FORMATS
from editor.io.options import ExportOptions
from editor.io.picture import Picture
from editor.io.write import WRITE_SUFFIXES, write_picture
from editor.ui.dialogs import ask
from editor.ui.dialogs.export import ExportDialog
from tests.helpers.documents import noise


@pytest.fixture
def owner(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def dialog(owner: QWidget, settings: Settings, tmp_path: Path) -> ExportDialog:
    return ExportDialog(owner, settings, tmp_path / "garden.tiff", tmp_path)


def test_a_name_beside_the_photo_in_its_own_format_is_suggested(dialog: ExportDialog, tmp_path: Path) -> None:
    assert dialog.path == tmp_path / "garden-edited.tiff"
    assert dialog.format is not None
    assert dialog.format.title == "TIFF"
    assert dialog.options == ExportOptions(bits=None)


def test_the_ending_chooses_the_format_and_its_settings(dialog: ExportDialog, tmp_path: Path) -> None:
    dialog.name.setText(str(tmp_path / "a.jpeg"))
    form = dialog.forms[".jpg"]
    assert not form.isHidden()
    assert dialog.forms[".tif"].isHidden()
    form.set_values({"quality": 80, "subsampling": "4:2:0"})
    assert dialog.options == ExportOptions(quality=80, subsampling="4:2:0")


def test_sixteen_bits_can_be_asked_for(dialog: ExportDialog) -> None:
    dialog.forms[".tif"].set_values({"bits": "16"})
    assert dialog.options == ExportOptions(bits=16)


@pytest.mark.parametrize("suffix", WRITE_SUFFIXES)
def test_all_that_can_be_written_can_be_exported(dialog: ExportDialog, tmp_path: Path, suffix: str) -> None:
    dialog.name.setText(str(tmp_path / f"a{suffix.upper()}"))
    assert dialog.export_button.isEnabled()
    assert dialog.format is not None
    write_picture(dialog.path, Picture(noise(8, 8)), dialog.options)
    box = dialog.findChild(QComboBox)
    assert box is not None
    assert WRITE_FORMATS[suffix] == box.currentText() == dialog.format.title


def test_an_ending_that_is_no_format_can_not_be_exported(dialog: ExportDialog) -> None:
    dialog.name.setText("picture.psd")
    assert not dialog.export_button.isEnabled()


def test_a_name_alone_is_written_beside_the_photo(dialog: ExportDialog, tmp_path: Path) -> None:
    dialog.name.setText("wire.png")
    assert dialog.path == tmp_path / "wire.png"


@pytest.mark.parametrize("typed", ["", "~nobody-of-this-name/a.png", "/" + "x" * 300 + ".png"])
def test_a_name_that_means_nothing_breaks_nothing(
    typed: str, dialog: ExportDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "overwrite", lambda *_args, **_options: True)
    dialog.name.setText(typed)
    dialog._finish()
    dialog._chosen(1)


def test_a_file_that_exists_is_replaced_only_when_the_user_says_so(
    qtbot: QtBot, owner: QWidget, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = tmp_path / "garden.png"
    photo.write_bytes(b"")
    asked: list[bool] = []
    answers = [False, True]

    def overwrite(_parent: object, _path: Path, *, photo: bool) -> bool:
        asked.append(photo)
        return answers[len(asked) - 1]

    monkeypatch.setattr(ask, "overwrite", overwrite)
    dialog = ExportDialog(owner, settings, photo, tmp_path)
    dialog.name.setText(str(photo))
    dialog.show()
    dialog.export_button.click()
    assert dialog.isVisible()
    with qtbot.waitSignal(dialog.accepted):
        dialog.export_button.click()
    assert asked == [True, True]


def test_the_settings_of_the_last_export_are_offered_again(
    qtbot: QtBot, owner: QWidget, settings: Settings, dialog: ExportDialog, tmp_path: Path
) -> None:
    dialog.name.setText(str(tmp_path / "a.webp"))
    dialog.forms[".webp"].set_values({"lossless": True})
    with qtbot.waitSignal(dialog.accepted):
        dialog.export_button.click()
    again = ExportDialog(owner, settings, None, tmp_path)
    assert again.path.suffix == ".webp"
    assert again.options.lossless
