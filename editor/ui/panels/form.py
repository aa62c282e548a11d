"""A form made from a parameter class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QToolButton, QVBoxLayout, QWidget

from editor.core.i18n import _
from editor.sdk.params import ParamSpec, Value
from editor.ui.panels.fields import CheckField, Field, ModelField, ModelsFor, make_field, tip_of


class ParamForm(QWidget):
    """One field for each parameter; the advanced ones are folded away.

    changed(): any value changed. measure_wanted(name): a parameter shall be measured in the photo.
    """

    changed = Signal()
    measure_wanted = Signal(str)

    def __init__(
        self, specs: Sequence[ParamSpec], parent: QWidget | None = None, models: ModelsFor = lambda _role: ()
    ) -> None:
        super().__init__(parent)
        self._models = models
        self.fields: dict[str, Field] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        advanced = [spec for spec in specs if spec.doc.advanced]
        for spec in specs:
            if not spec.doc.advanced:
                self._add(spec, column)
        if advanced:
            self._fold(advanced, column)
        for spec in specs:
            if spec.only_with:
                self._tie(self.fields[spec.name])

    def values(self) -> dict[str, Value]:
        """The shown value of each parameter by its name."""
        return {name: field.value for name, field in self.fields.items()}

    def set_values(self, values: Mapping[str, Value]) -> None:
        """Shows allowed values; what is not named stays."""
        for name, value in values.items():
            self.fields[name].set_value(value)

    def reset(self) -> None:
        """Shows the defaults."""
        self.set_values({name: field.spec.default for name, field in self.fields.items()})

    def refresh_models(self) -> None:
        """Shows how the models stand that can be chosen."""
        for field in self.fields.values():
            if isinstance(field, ModelField):
                field.refresh()

    def _add(self, spec: ParamSpec, column: QVBoxLayout) -> None:
        field = make_field(spec, self, self._models)
        if not isinstance(field, CheckField):
            label = QLabel(_(spec.doc.label), self)
            label.setToolTip(tip_of(spec))
            column.addWidget(label)
        column.addWidget(field)
        self.fields[spec.name] = field
        field.changed.connect(lambda _value: self.changed.emit())
        field.measure_wanted.connect(lambda: self.measure_wanted.emit(spec.name))

    def _tie(self, field: Field) -> None:
        """Greys a field while it has no meaning beside the others."""

        def show(_value: object = None) -> None:
            field.setEnabled(field.spec.matters(lambda name: self.fields[name].value))

        show()
        for needed in field.spec.only_with:
            self.fields[needed.field].changed.connect(show)

    def _fold(self, advanced: Sequence[ParamSpec], column: QVBoxLayout) -> None:
        button = QToolButton(self)
        button.setText(_("More"))
        button.setToolTip(_("Show or hide the settings that are seldom needed"))
        button.setCheckable(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setArrowType(Qt.ArrowType.RightArrow)
        column.addWidget(button)
        folded = QWidget(self)
        inner = QVBoxLayout(folded)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(4)
        for spec in advanced:
            self._add(spec, inner)
        folded.hide()
        column.addWidget(folded)

        def toggle(shown: bool) -> None:
            folded.setVisible(shown)
            button.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)

        button.toggled.connect(toggle)
