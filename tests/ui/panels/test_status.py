"""The status line says what is open and what is going on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QColorSpace
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from editor.core.metadata import Metadata
from editor.ui.panels.status import StatusLine, describe
from tests.helpers.documents import document

P3 = QColorSpace(QColorSpace.NamedColorSpace.DisplayP3)


@pytest.fixture
def status(qtbot: QtBot) -> StatusLine:
    line = StatusLine()
    qtbot.addWidget(line)
    line.show()
    return line


def test_a_picture_is_described_with_size_depth_and_profile() -> None:
    plain = document(64, 48, dtype=np.uint16)
    assert describe(plain) == "64 × 48, 16 bit, sRGB"
    wide = replace(plain, metadata=Metadata(icc=bytes(P3.iccProfile().data())))
    assert describe(wide) == "64 × 48, 16 bit, Display P3"
    assert describe(document(64, 48, 1)) == "64 × 48, 8 bit, grey, sRGB"
    assert describe(document(64, 48, 4, np.float32)) == "64 × 48, 32 bit float, alpha, sRGB"


def test_a_broken_profile_is_not_called_srgb() -> None:
    broken = replace(document(64, 48), metadata=Metadata(icc=b"no profile"))
    assert describe(broken) == "64 × 48, 8 bit, own colour profile"


def test_any_pixel_changed_outside_is_shown_as_a_warning(status: StatusLine) -> None:
    status.show_outside(0)
    assert status.outside.text() == "0 px changed outside"
    assert status.outside.objectName() == ""
    status.show_outside(3)
    assert status.outside.objectName() == "warning"


@pytest.mark.parametrize(("typed", "factor"), [("50", 0.5), ("33,5 %", 0.335), ("200%", 2.0)])
def test_a_typed_zoom_is_taken(qtbot: QtBot, status: StatusLine, typed: str, factor: float) -> None:
    status.zoom.setEnabled(True)
    status.zoom.setEditText(typed)
    edit = status.zoom.lineEdit()
    assert edit is not None
    with qtbot.waitSignal(status.zoom_chosen) as chosen:
        edit.returnPressed.emit()
    assert chosen.args == [pytest.approx(factor)]


def test_a_job_shows_its_part_and_goes_when_it_ends(status: StatusLine) -> None:
    status.begin_job("Fill")
    status.show_progress("Fill", 0.5)
    assert "50%" in status.job.text()
    assert status.bar.value() == status.bar.maximum() // 2
    status.end_job()
    assert not status.job.isVisible()
    assert not status.cancel_button.isVisible()


def test_memory_in_use_is_shown(status: StatusLine) -> None:
    number, unit = status.memory.text().split()
    assert unit in ("MB", "GB")
    assert float(number.replace(",", "")) > 0


def texts(status: StatusLine) -> None:
    status.show_state(document(64, 48))
    status.show_pointer(12345, 6789)
    status.show_outside(0)
    status.device.setText("NVIDIA GeForce RTX 4090, 24 GB, with a driver of a long name")
    status.show_chore("Writing a photo with a name that is long enough to fill the line twice or three times.tif")


def test_no_text_makes_the_window_wider(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    status = StatusLine(window)
    window.setStatusBar(status)
    window.resize(640, 480)
    window.show()
    height = status.height()
    texts(status)
    status.begin_job("Content fill")
    status.show_progress("Content fill", 0.5)
    QCoreApplication.processEvents()
    assert window.width() == 640
    assert status.height() == height
    window.resize(420, 480)
    assert window.width() == 420


def test_the_job_is_read_whole_and_other_texts_make_room(status: StatusLine) -> None:
    texts(status)
    status.resize(640, status.height())
    status.begin_job("Content fill")
    status.show_progress("Content fill", 0.5)
    QCoreApplication.processEvents()
    assert status.job.width() >= status.job.sizeHint().width()
    assert status.rect().contains(status.cancel_button.geometry())
    assert status.device.width() == 0
    assert status.chore.width() < status.chore.sizeHint().width()
    assert status.chore.text() in status.chore.toolTip()
    status.end_job()
    status.show_chore("")
    status.resize(2000, status.height())
    QCoreApplication.processEvents()
    assert status.device.width() >= status.device.sizeHint().width()


def test_a_warning_goes_before_what_is_only_good_to_know(status: StatusLine) -> None:
    texts(status)
    status.show_outside(7)
    status.resize(420, status.height())
    QCoreApplication.processEvents()
    assert status.outside.width() >= status.outside.sizeHint().width()
    assert status.picture.width() < status.picture.sizeHint().width()


def test_another_photo_has_no_pixel_under_the_pointer_yet(status: StatusLine) -> None:
    status.show_pointer(10, 20)
    status.show_state(document(64, 48))
    assert status.pointer.text() == ""
