"""Buttons and labels as several panels have them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget


def button(parent: QWidget, text: str, tip: str, slot: Callable[[], object]) -> QPushButton:
    """One that Enter presses only where a window says so."""
    made = QPushButton(text, parent)
    made.setToolTip(tip)
    made.setAutoDefault(False)
    made.clicked.connect(lambda _checked: slot())
    return made


def label(parent: QWidget, name: str, tip: str) -> QLabel:
    """Lines of plain text, wrapped; the name is that of its style."""
    made = QLabel(parent)
    made.setObjectName(name)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(True)
    made.setToolTip(tip)
    return made
