"""Small windows: the cause of an error, an amount in pixels, about, preferences."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import (
    QColorDialog,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from editor.core.i18n import _
from editor.sdk.params import ParamSpec
from editor.ui import theme
from editor.ui.panels.fields import NumberField


class DetailsDialog(QDialog):
    """The cause of an error in full, to be copied into a report."""

    def __init__(self, parent: QWidget, text: str, details: str, log_path: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Details"))
        self.resize(720, 420)
        line = QLabel(text, self)
        line.setWordWrap(True)
        body = QPlainTextEdit(details, self)
        body.setReadOnly(True)
        body.setToolTip(_("The technical cause"))
        where = QLabel(_("The log is {path}").format(path=log_path), self)
        where.setObjectName("hint")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        copy = buttons.addButton(_("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.setToolTip(_("Copy message and cause"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(f"{text}\n\n{details}"))
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (line, body, where, buttons):
            column.addWidget(widget)


class AmountDialog(QDialog):
    """Asks for a number of pixels beside the canvas; Enter or Apply calls `apply` with it and closes."""

    def __init__(self, parent: QWidget, spec: ParamSpec, apply: Callable[[float], None]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_(spec.doc.label))
        help_text = QLabel(_(spec.doc.help), self)
        help_text.setObjectName("hint")
        help_text.setWordWrap(True)
        self.field = NumberField(spec, self)
        self.field.setMinimumWidth(280)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.apply_button = buttons.addButton(_("Apply"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.apply_button.setToolTip(_("Change the mask; undo takes it back"))
        self.apply_button.setDefault(True)
        buttons.accepted.connect(self.accept)
        self.accepted.connect(lambda: apply(float(self.field.value)))
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (help_text, self.field, buttons):
            column.addWidget(widget)
        self.field.box.setFocus()
        self.field.box.selectAll()


class PreferencesDialog(QDialog):
    """tint: the mask's colour, as the user chooses it."""

    def __init__(
        self, parent: QWidget, tint: QColor, apply: Callable[[QColor], None], keys: Callable[[], None]
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Preferences"))
        self._tint = tint
        self._apply = apply
        self._swatch = QPushButton(self)
        self._swatch.setToolTip(_("Choose the tint that shows the mask"))
        self._swatch.clicked.connect(self._choose)
        to_keys = QPushButton(_("Change keys…"), self)
        to_keys.setToolTip(_("See and change the keys of all actions"))
        to_keys.clicked.connect(keys)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        rows = QFormLayout(self)
        rows.addRow(_("Mask colour"), self._swatch)
        rows.addRow(_("Keys"), to_keys)
        rows.addRow(buttons)
        self._show()

    def _choose(self) -> None:
        chosen = choose_tint(self, self._tint)
        if chosen is not None:
            self._tint = chosen
            self._apply(chosen)
            self._show()

    def _show(self) -> None:
        self._swatch.setText(self._tint.name())
        colours = f"background: {self._tint.name()}; color: {theme.readable_on(self._tint).name()}"
        self._swatch.setStyleSheet(f"QPushButton {{ {colours} }}")


def choose_tint(parent: QWidget, tint: QColor) -> QColor | None:
    """A colour for the mask, or None if the user thought better of it."""
    chosen = QColorDialog.getColor(tint, parent, _("Mask colour"))
    return chosen if chosen.isValid() else None


def show_about(parent: QWidget) -> None:
    try:
        version = metadata.version("kintsugi")
    except metadata.PackageNotFoundError:
        version = ""
    QMessageBox.about(
        parent,
        _("About Kintsugi"),
        f"<b>Kintsugi {version}</b><br>"
        + _("Photo repair on your own machine; no picture leaves it.")
        + "<br>"
        + _("Apache License 2.0. Icons: Material Design Icons, Apache License 2.0."),
    )
