"""The trainings that were begun earlier and can go on."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from editor.core.i18n import _
from editor.host.training import Run
from editor.ui.tuning_work import TuningWork


class Resting(QWidget):
    """A row for each; nothing is seen if there is none. forget_wanted(run): leads to a question first."""

    forget_wanted = Signal(object)

    def __init__(self, work: TuningWork, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self.rows: list[_Row] = []
        heading = QLabel(_("Begun earlier"), self)
        heading.setObjectName("heading")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addWidget(heading)

    def refresh(self) -> None:
        """Lists what rests now."""
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = [_Row(run, self) for run in self._work.resting()]
        for row in self.rows:
            row.on_button.clicked.connect(partial(self._go_on, row.run))
            row.forget_button.clicked.connect(partial(self._forget, row.run))
            self._column.addWidget(row)
        self.setVisible(bool(self.rows))

    def _go_on(self, run: Run, *_checked: bool) -> None:
        self._work.go_on(run)

    def _forget(self, run: Run, *_checked: bool) -> None:
        self.forget_wanted.emit(run)


class _Row(QFrame):
    def __init__(self, run: Run, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.run = run
        self.title = QLabel(run.name, self)
        self.title.setObjectName("title")
        self.text = QLabel(resting_text(run), self)
        self.text.setObjectName("faint")
        for label in (self.title, self.text):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.on_button = QPushButton(_("Go on") if run.begun else _("Begin"), self)
        self.on_button.setToolTip(_("Let it learn on from where it was saved"))
        self.forget_button = QPushButton(_("Forget"), self)
        self.forget_button.setToolTip(_("Delete all that was learned in this training"))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.addWidget(self.title)
        row.addWidget(self.text)
        row.addStretch(1)
        for button in (self.on_button, self.forget_button):
            button.setAutoDefault(False)
            row.addWidget(button)


def resting_text(run: Run) -> str:
    """Where a run that rests stands, for the user."""
    points = run.folder.curve() if run.begun else []
    steps = (run.folder.plan() or {}).get("steps")
    if not points or not isinstance(steps, int):
        return _("not begun to learn yet")
    return _("step {step} of {steps}").format(step=points[-1].step, steps=steps)
