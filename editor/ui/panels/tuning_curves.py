"""The curves of a training: what it makes small, and the measure on photos that it does not learn from."""

from __future__ import annotations

import pyqtgraph  # type: ignore[import-untyped]  # ships no types
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QWidget

from editor.core.i18n import _
from editor.host.training_course import Course
from editor.ui import theme

_RAW = QColor(110, 110, 110)
_LOSS = QColor(176, 176, 176)
_MEASURE = theme.ACCENT.lighter(150)
_SMOOTH = 0.15
_HEIGHT_PX = 190


class Curves(QWidget):
    """Two plots side by side over the same steps."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.loss, self.measure = self._plot(), self._plot()
        self.loss.setToolTip(
            _(
                "How far the network is from what is wanted, on what it learns from: less is better, and it goes up "
                "and down on the way"
            )
        )
        self.measure.setToolTip(
            _(
                "How near it comes to what is wanted, on photos that it does not learn from, in decibels: more is "
                "better, and less than half a decibel more is hardly visible"
            )
        )
        self._label(self.loss, "left", _("Loss"))
        for plot in (self.loss, self.measure):
            self._label(plot, "bottom", _("Step"))
        self.loss_raw = self.loss.plot(pen=pyqtgraph.mkPen(_RAW))
        self.loss_line = self.loss.plot(pen=pyqtgraph.mkPen(_LOSS, width=2))
        self.measure_line = self.measure.plot(
            pen=pyqtgraph.mkPen(_MEASURE, width=2), symbol="o", symbolSize=5, symbolPen=None, symbolBrush=_MEASURE
        )
        for line in (self.loss_raw, self.loss_line):
            line.setDownsampling(auto=True, method="mean")
        # The base: below it nothing is gained.
        self.base_line = pyqtgraph.InfiniteLine(
            angle=0,
            pen=pyqtgraph.mkPen(theme.FAINT, style=Qt.PenStyle.DashLine),
            label=_("before"),
            labelOpts={"position": 0.9, "color": theme.FAINT, "anchors": [(0.5, 0), (0.5, 1)]},
        )
        self.base_line.hide()
        self.measure.addItem(self.base_line)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.loss)
        row.addWidget(self.measure)

    def show_course(self, course: Course, unit: str) -> None:
        """Draws how it has gone so far; unit: of the measure."""
        self._label(self.measure, "left", _("Likeness ({unit})").format(unit=unit))
        steps = [point.step for point in course.learned]
        losses = [point.loss for point in course.learned]
        self.loss_raw.setData(steps, losses)
        self.loss_line.setData(steps, _smoothed(losses))
        self.measure_line.setData([point.step for point in course.measured], [each.value for each in course.measured])
        self.base_line.setVisible(bool(course.measured))
        if course.measured:
            self.base_line.setValue(course.measured[0].value)
        for plot in (self.loss, self.measure):
            # The whole way from the start on, so that what is done is seen against it.
            plot.setXRange(0, max(course.steps, course.step, 1), padding=0.02)

    def _plot(self) -> pyqtgraph.PlotWidget:
        plot = pyqtgraph.PlotWidget(self, background=theme.FIELD)
        plot.setMinimumHeight(_HEIGHT_PX)
        plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        plot.setAntialiasing(True)
        item = plot.getPlotItem()
        item.setMouseEnabled(False, False)
        item.setMenuEnabled(False)
        item.hideButtons()
        item.showGrid(x=False, y=True, alpha=0.12)
        for name in ("left", "bottom"):
            axis = item.getAxis(name)
            axis.enableAutoSIPrefix(False)
            axis.setPen(theme.BUTTON.lighter(130))
            axis.setTextPen(theme.TEXT)
        item.getAxis("left").setWidth(62)
        return plot

    def _label(self, plot: pyqtgraph.PlotWidget, axis: str, text: str) -> None:
        plot.getPlotItem().setLabel(axis, text, color=theme.FAINT.name())


def _smoothed(values: list[float]) -> list[float]:
    """A running mean, at first of all that there is."""
    means: list[float] = []
    for number, value in enumerate(values):
        mean = means[-1] if means else value
        means.append(mean + max(_SMOOTH, 1 / (number + 1)) * (value - mean))
    return means
