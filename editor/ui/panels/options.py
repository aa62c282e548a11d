"""The bar of the current tool's options, made from their declaration."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from editor.core.i18n import _
from editor.sdk.params import specs
from editor.ui.panels.fields import CheckField, Field, NumberField, make_field, tip_of
from editor.ui.tools.base import Tool

_NUMBER_WIDTH_PX = 170


class OptionsBar(QWidget):
    """Shows the tool's options in a row; what the tool changes by itself (a drag for the size) is followed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tool: Tool | None = None
        self.fields: dict[str, Field] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(6, 0, 6, 0)
        self._row.setSpacing(8)

    def set_tool(self, tool: Tool) -> None:
        """Shows another tool's options."""
        if self._tool is not None:
            self._tool.options_changed.disconnect(self._follow)
        self._tool = tool
        tool.options_changed.connect(self._follow)
        self._clear()
        title = QLabel(tool.title, self)
        title.setObjectName("faint")
        self._row.addWidget(title)
        for spec in specs(type(tool.options)):
            field = make_field(spec, self)
            if not isinstance(field, CheckField):
                label = QLabel(_(spec.doc.label), self)
                label.setToolTip(tip_of(spec))
                self._row.addWidget(label)
            if isinstance(field, NumberField):
                field.setFixedWidth(_NUMBER_WIDTH_PX)
            self._row.addWidget(field)
            self.fields[spec.name] = field
            field.changed.connect(lambda value, name=spec.name: self._set(name, value))
        self._row.addStretch(1)
        self._follow()

    def step(self, name: str, factor: float, least: float) -> None:
        """Multiplies a number option, by at least `least` units; does nothing if the tool has no such option."""
        field = self.fields.get(name)
        if field is None or field.spec.range is None or self._tool is None:
            return
        value = float(field.value)
        change = max(abs(value * (factor - 1)), least) * (1 if factor > 1 else -1)
        self.set_number(name, value + change)

    def set_number(self, name: str, value: float) -> None:
        """Sets a number option, cut to its range; does nothing if the tool has no such option."""
        field = self.fields.get(name)
        if field is None or field.spec.range is None:
            return
        allowed = min(max(value, field.spec.range.low), field.spec.range.high)
        self._set(name, round(allowed) if field.spec.type is int else allowed)

    def reset(self) -> None:
        """Gives the tool its default options."""
        if self._tool is not None:
            self._tool.options = type(self._tool.options)()

    def _set(self, name: str, value: object) -> None:
        if self._tool is not None:
            self._tool.options = replace(self._tool.options, **{name: value})

    def _follow(self) -> None:
        if self._tool is None:
            return
        for name, field in self.fields.items():
            with QSignalBlocker(field):
                field.set_value(getattr(self._tool.options, name))

    def _clear(self) -> None:
        self.fields = {}
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
