"""Texts can be read: their contrast as WCAG 2.2 measures it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from editor.ui import theme
from editor.ui.dialogs.small import PreferencesDialog


def contrast(one: QColor, other: QColor) -> float:
    weights = np.array([0.2126, 0.7152, 0.0722])
    values = np.array([(colour.redF(), colour.greenF(), colour.blueF()) for colour in (one, other)])
    light, dark = np.sort(np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4) @ weights)[
        ::-1
    ]
    return float((light + 0.05) / (dark + 0.05))


@pytest.mark.parametrize("ground", [theme.WINDOW, theme.FIELD, theme.LINE, theme.SURROUND], ids=QColor.name)
@pytest.mark.parametrize("text", [theme.TEXT, theme.FAINT, theme.WARNING], ids=QColor.name)
def test_texts_stand_out_from_every_ground_they_lie_on(text: QColor, ground: QColor) -> None:
    assert contrast(text, ground) >= 4.5


@pytest.mark.parametrize("tint", ["#e63c3c", "#ffff00", "#000080", "#757575", "#777777", "#ffffff"])
def test_the_number_of_the_mask_colour_can_be_read_on_it(qtbot: QtBot, tint: str) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    dialog = PreferencesDialog(owner, QColor(tint), lambda _tint: None, lambda: None)
    swatch = next(button for button in dialog.findChildren(QPushButton) if button.text() == tint)
    swatch.ensurePolished()
    assert contrast(swatch.palette().buttonText().color(), QColor(tint)) >= 4.5
