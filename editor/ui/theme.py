"""The look: neutral greys, so that colours are judged right, and the picture as the brightest thing on the screen."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

SURROUND = QColor(30, 30, 30)
WINDOW = QColor(43, 43, 43)
FIELD = QColor(34, 34, 34)
BUTTON = QColor(56, 56, 56)
LINE = QColor(24, 24, 24)
TEXT = QColor(190, 190, 190)
FAINT = QColor(158, 158, 158)
ACCENT = QColor(148, 122, 70)
"""Dull gold, dark enough not to draw the eye away from the picture."""
WARNING = QColor(212, 136, 102)

TINT = QColor(230, 60, 60)
"""The mask's colour before the user chooses another."""


def apply(application: QApplication) -> None:
    """Gives the application its style, palette and style sheet."""
    application.setStyle("Fusion")
    application.setPalette(palette())
    application.setStyleSheet(_sheet())


def palette() -> QPalette:
    """Fusion's colours; set by hand since an offscreen platform ignores the colour scheme."""
    colours = QPalette()
    role = QPalette.ColorRole
    for target, colour in (
        (role.Window, WINDOW),
        (role.WindowText, TEXT),
        (role.Base, FIELD),
        (role.AlternateBase, WINDOW),
        (role.Text, TEXT),
        (role.PlaceholderText, FAINT),
        (role.Button, BUTTON),
        (role.ButtonText, TEXT),
        (role.BrightText, TEXT),
        (role.ToolTipBase, LINE),
        (role.ToolTipText, TEXT),
        (role.Highlight, ACCENT),
        (role.HighlightedText, QColor(240, 240, 240)),
        (role.Link, ACCENT.lighter(130)),
        (role.LinkVisited, ACCENT.lighter(130)),
        (role.Light, BUTTON.lighter(115)),
        (role.Midlight, BUTTON),
        (role.Mid, LINE),
        (role.Dark, LINE),
        (role.Shadow, LINE.darker(130)),
    ):
        colours.setColor(target, colour)
    for target in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        colours.setColor(QPalette.ColorGroup.Disabled, target, QColor(96, 96, 96))
    colours.setColor(QPalette.ColorGroup.Disabled, role.Highlight, BUTTON)
    return colours


def readable_on(colour: QColor) -> QColor:
    """Black or white, whichever stands out more (relative luminance and contrast as in WCAG 2.2; 0.179 is between)."""
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return QColor(Qt.GlobalColor.black if luminance > 0.179 else Qt.GlobalColor.white)


def _sheet() -> str:
    line, window, field, button = LINE.name(), WINDOW.name(), FIELD.name(), BUTTON.name()
    hover, text, faint, accent = BUTTON.lighter(120).name(), TEXT.name(), FAINT.name(), ACCENT.name()
    return f"""
    QMainWindow::separator {{ background: {line}; width: 3px; height: 3px; }}
    QMenuBar {{ background: {window}; border-bottom: 1px solid {line}; }}
    QToolBar {{ background: {window}; border: none; border-bottom: 1px solid {line}; spacing: 4px; padding: 3px; }}
    QToolBar:vertical {{ border-bottom: none; border-right: 1px solid {line}; }}
    QToolBar::separator {{ background: {line}; width: 1px; height: 1px; margin: 4px; }}
    QStatusBar {{ background: {window}; border-top: 1px solid {line}; }}
    QStatusBar::item {{ border: none; }}
    QStatusBar QLabel {{ padding: 0 8px; }}
    QDockWidget {{ color: {faint}; }}
    QDockWidget::title {{ background: {field}; padding: 5px 8px; text-align: left; }}
    QToolButton {{ border: 1px solid transparent; border-radius: 3px; padding: 4px; }}
    QToolButton:hover {{ background: {button}; }}
    QToolButton:checked, QToolButton:pressed {{ background: {line}; border-color: {button}; }}
    QToolTip {{ color: {text}; background: {line}; border: 1px solid {button}; padding: 4px; }}
    QPushButton {{ background: {button}; border: 1px solid {line}; border-radius: 3px; padding: 4px 12px; }}
    QPushButton:hover {{ background: {hover}; }}
    QPushButton:focus {{ border-color: {accent}; }}
    QPushButton:pressed, QPushButton:checked {{ background: {line}; border-color: {accent}; }}
    QPushButton:disabled {{ color: #606060; background: {window}; }}
    QPushButton#primary, QPushButton:default {{ background: {accent}; color: #f0f0f0; }}
    QPushButton#primary:hover, QPushButton:default:hover {{ background: {ACCENT.lighter(112).name()}; }}
    QPushButton#primary:disabled, QPushButton:default:disabled {{ background: {button}; color: #707070; }}
    QAbstractItemView {{ border: none; outline: none; }}
    QListView::item {{ padding: 3px 6px; }}
    QListView::item:selected, QTreeView::item:selected {{ background: {hover}; color: #e4e4e4; }}
    QListWidget#candidates::item {{ padding: 0; border: 1px solid transparent; border-radius: 3px; }}
    QListWidget#candidates::item:selected {{ background: {button}; border-color: {accent}; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QScrollArea {{ border: none; }}
    QProgressBar {{ background: {line}; border: none; border-radius: 2px; }}
    QProgressBar::chunk {{ background: {accent}; border-radius: 2px; }}
    QLabel#faint, QLabel#hint {{ color: {faint}; }}
    QLabel#warning {{ color: {WARNING.name()}; }}
    QLabel#heading {{ color: {faint}; font-weight: bold; padding: 8px 0 2px 0; }}
    QLabel#title {{ font-weight: bold; }}
    QFrame#card {{ background: {field}; border: 1px solid {line}; border-radius: 4px; }}
    QFrame#card[asked="true"] {{ border-color: {accent}; }}
    QFrame#message {{ background: {line}; border: 1px solid {button}; border-radius: 4px; }}
    """


def icon(name: str) -> QIcon:
    """A glyph of the Material Design Icons by its name there, in the text's colour; empty if there is none."""
    family, glyphs = _glyphs()
    glyph = glyphs.get(name)
    made = QIcon()
    if not family or glyph is None:
        return made
    for mode, state, colour in (
        (QIcon.Mode.Normal, QIcon.State.Off, TEXT),
        (QIcon.Mode.Normal, QIcon.State.On, ACCENT.lighter(140)),
        (QIcon.Mode.Disabled, QIcon.State.Off, QColor(84, 84, 84)),
    ):
        for size_px in (18, 36):
            made.addPixmap(_draw(family, glyph, size_px, colour), mode, state)
    return made


def _draw(family: str, glyph: str, size_px: int, colour: QColor) -> QPixmap:
    picture = QPixmap(size_px, size_px)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    font = QFont(family)
    font.setPixelSize(size_px)
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(QRectF(0, 0, size_px, size_px), Qt.AlignmentFlag.AlignCenter, glyph)
    painter.end()
    return picture


@cache
def _glyphs() -> tuple[str, dict[str, str]]:
    """The font's family and each icon's character, read from QtAwesome's files.

    QtAwesome itself is not imported: with its Qt wrapper it costs 0.3 s, a fifth of the time to the first paint.
    """
    spec = importlib.util.find_spec("qtawesome")
    if spec is None or spec.origin is None:
        return "", {}
    folder = Path(spec.origin).parent / "fonts"
    fonts = sorted(folder.glob("materialdesignicons6-webfont-*.ttf"))
    maps = sorted(folder.glob("materialdesignicons6-webfont-charmap-*.json"))
    if not fonts or not maps:
        return "", {}
    families = QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(fonts[-1])))
    codes: dict[str, str] = json.loads(maps[-1].read_text("utf-8"))
    return (families[0] if families else ""), {name: chr(int(code, 16)) for name, code in codes.items()}
