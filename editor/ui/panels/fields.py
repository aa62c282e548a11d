"""One input for one declared parameter; forms and the options bar are made of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QPushButton,
    QSlider,
    QSpinBox,
    QWidget,
)

from editor.core.i18n import _
from editor.sdk.params import ParamSpec, Value

if TYPE_CHECKING:
    from editor.host.library import KnownModel

ModelsFor = Callable[[str], "Sequence[KnownModel]"]
"""The models for a use."""

_SLIDER_STEPS = 200


class Field(QWidget):
    """Shows and takes the value of one parameter.

    changed(value): the user or `set_value` gave it another value.
    measure_wanted(): it shall be measured in the photo.
    """

    changed = Signal(object)
    measure_wanted = Signal()

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spec = spec
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(6)
        self.setToolTip(tip_of(spec))

    @property
    def value(self) -> Value:
        raise NotImplementedError

    def set_value(self, value: Value) -> None:
        """Shows `value`, which must be allowed by the spec."""
        raise NotImplementedError

    def _take(self, widget: QWidget, stretch: int = 0) -> None:
        """Puts an input into the row; it takes the wheel only when it has the focus, so that scrolling passes over."""
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        widget.installEventFilter(self)
        widget.setAccessibleName(_(self.spec.doc.label))
        self.row.addWidget(widget, stretch)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def make_field(spec: ParamSpec, parent: QWidget | None = None, models: ModelsFor = lambda _role: ()) -> Field:
    """The fitting input: check box, combo box, or slider with a number beside it."""
    if spec.type is bool:
        return CheckField(spec, parent)
    if spec.role:
        return ModelField(spec, models, parent)
    if spec.choice is not None:
        return ChoiceField(spec, parent)
    return NumberField(spec, parent)


def tip_of(spec: ParamSpec) -> str:
    """The tooltip of a parameter: what it does, its range and its default."""
    text = _(spec.doc.help)
    if spec.range is not None:
        text += "\n" + _("{range}; default {default}").format(range=spec.range, default=f"{spec.default:g}")
    return text


class CheckField(Field):
    def __init__(self, spec: ParamSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._box = QCheckBox(_(spec.doc.label), self)
        self._take(self._box)
        self._box.setChecked(bool(spec.default))
        self._box.toggled.connect(lambda on: self.changed.emit(on))

    @property
    def value(self) -> Value:
        return self._box.isChecked()

    def set_value(self, value: Value) -> None:
        self._box.setChecked(bool(value))


class ChoiceField(Field):
    def __init__(self, spec: ParamSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        assert spec.choice is not None, "a text has a choice"
        self._box = QComboBox(self)
        for value, label in spec.choice.options:
            self._box.addItem(_(label), value)
        self._take(self._box, 1)
        self.set_value(spec.default)
        self._box.currentIndexChanged.connect(lambda _index: self.changed.emit(self.value))

    @property
    def value(self) -> Value:
        return str(self._box.currentData())

    def set_value(self, value: Value) -> None:
        self._box.setCurrentIndex(self._box.findData(value))


class ModelField(Field):
    """The models for a use by their titles, with what is not installed marked; looked up anew when it is opened."""

    def __init__(self, spec: ParamSpec, models: ModelsFor, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._models = models
        self.box = _ModelBox(self)
        # Or a long title would push the form out of its panel.
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._take(self.box, 1)
        self.refresh()
        self.set_value(spec.default)
        self.box.opened.connect(self.refresh)
        self.box.currentIndexChanged.connect(lambda _index: self.changed.emit(self.value))

    @property
    def value(self) -> Value:
        return str(self.box.currentData())

    def set_value(self, value: Value) -> None:
        if self.box.findData(value) < 0:
            # One that the library has no longer: it must be seen to be chosen.
            self.box.addItem(_("{model}: unknown").format(model=value), value)
        self.box.setCurrentIndex(self.box.findData(value))

    def refresh(self) -> None:
        """Shows how the models stand now; the chosen one stays chosen."""
        chosen = self.box.currentData()
        with QSignalBlocker(self.box):
            self.box.clear()
            for model in self._models(self.spec.role):
                title = _(model.title)
                text = title if model.installed else _("{model}: not installed").format(model=title)
                self.box.addItem(text, model.id)
                if not model.installed:
                    self.box.setItemData(self.box.count() - 1, model.advice, Qt.ItemDataRole.ToolTipRole)
            gone = chosen is not None and self.box.findData(chosen) < 0 <= self.box.findData(self.spec.default)
            if chosen is not None:
                self.set_value(self.spec.default if gone else chosen)
        if gone:
            self.changed.emit(self.value)


class _ModelBox(QComboBox):
    """opened(): its list is about to be shown."""

    opened = Signal()

    def showPopup(self) -> None:
        self.opened.emit()
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0))
        super().showPopup()


class NumberField(Field):
    """A slider for the hand and a spin box for the exact number.

    A range that starts above 0 and spans more than two powers of ten (a brush's size) moves the slider along the
    logarithm.
    """

    def __init__(self, spec: ParamSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        assert spec.range is not None, "a number has a range"
        self._low, self._high = spec.range.low, spec.range.high
        self._log = self._low > 0 and self._high / self._low > 100
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, _SLIDER_STEPS)
        self.slider.setMinimumWidth(60)
        self.box = _spin_box(spec)
        self._take(self.slider, 1)
        self._take(self.box)
        if spec.measured is not None:
            self._add_measure()
        self.set_value(spec.default)
        self.slider.valueChanged.connect(self._from_slider)
        self.box.valueChanged.connect(self._from_box)

    @property
    def value(self) -> Value:
        return self.spec.type(self.box.value())  # type: ignore[no-any-return]  # int or float

    def set_value(self, value: Value) -> None:
        if isinstance(self.box, QSpinBox):
            self.box.setValue(int(value))
        else:
            self.box.setValue(float(value))
        self._place_slider()

    def _add_measure(self) -> None:
        self.measure_button = QPushButton(_("Measure"), self)
        self.measure_button.setToolTip(_("Measure it under the mask (best a flat patch), or else in the whole photo"))
        self.measure_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.measure_button.clicked.connect(lambda: self.measure_wanted.emit())
        self.row.addWidget(self.measure_button)

    def _from_slider(self, position: int) -> None:
        part = position / _SLIDER_STEPS
        if self._log:
            number = self._low * (self._high / self._low) ** part
        else:
            number = self._low + (self._high - self._low) * part
        if isinstance(self.box, QSpinBox):
            self.box.setValue(round(number))
        else:
            self.box.setValue(number)

    def _from_box(self, _number: float) -> None:
        if not self.slider.isSliderDown():
            self._place_slider()
        self.changed.emit(self.value)

    def _place_slider(self) -> None:
        number = float(self.box.value())
        if self._log:
            part = math.log(max(number, self._low) / self._low) / math.log(self._high / self._low)
        else:
            part = (number - self._low) / ((self._high - self._low) or 1)
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(part * _SLIDER_STEPS))


def _spin_box(spec: ParamSpec) -> QSpinBox | QDoubleSpinBox:
    assert spec.range is not None, "a number has a range"
    low, high, step = spec.range.low, spec.range.high, spec.range.step
    box: QSpinBox | QDoubleSpinBox
    if spec.type is int:
        box = QSpinBox()
        box.setRange(math.ceil(low), math.floor(high))
        box.setSingleStep(round(step or 1))
    else:
        step = step or (high - low) / 100
        box = QDoubleSpinBox()
        box.setDecimals(max(0, min(6, math.ceil(-math.log10(step) - 1e-9))) if step > 0 else 2)
        box.setRange(low, high)
        box.setSingleStep(step)
    if spec.range.unit:
        box.setSuffix(f" {spec.range.unit}")
    if spec.range.lowest:
        box.setSpecialValueText(_(spec.range.lowest))
    box.setKeyboardTracking(False)
    box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    return box
