"""Between the choice of photos and the learning: how many patches they give, and what that means."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from editor.core.i18n import _, ngettext
from editor.host.training_advice import beforehand
from editor.host.training_choice import harvest_text
from editor.ui.panels.parts import button, label
from editor.ui.tuning_work import Stage, TuningWork


class ReadyPanel(QWidget):
    """While photos are cut: how far that is. Then: what came of it, and Start."""

    def __init__(self, work: TuningWork, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self.title = label(self, "title", _("The model that will be made"))
        self.counts = label(self, "", _("What there is to learn from"))
        self.time = label(self, "", _("How long the learning takes"))
        self.advice = label(self, "hint", _("What is doubtful about it"))
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.bar.setToolTip(_("How much is done"))
        self.start_button = button(self, _("Start"), _("Begin to learn (Enter)"), work.start)
        self.back_button = button(
            self, _("Back"), _("Throw the patches away and choose otherwise"), lambda: work.forget()
        )
        self.cancel_button = button(self, _("Cancel"), _("Stop this"), work.cancel_cutting)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addStretch(1)
        for each in (self.cancel_button, self.back_button, self.start_button):
            row.addWidget(each)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.title, self.counts, self.bar, self.time, self.advice):
            column.addWidget(widget)
        column.addStretch(1)
        column.addLayout(row)
        work.changed.connect(self.refresh)
        work.moved.connect(self._show_share)
        self.refresh()

    @property
    def enter_button(self) -> QPushButton | None:
        """What Enter presses."""
        return self.start_button if self._work.stage is Stage.READY else None

    def refresh(self) -> None:
        run, cutting = self._work.run, self._work.stage is Stage.CUTTING
        ready = self._work.stage is Stage.READY and run is not None
        for part in (self.bar, self.cancel_button):
            part.setVisible(cutting)
        for widget in (self.time, self.advice, self.back_button, self.start_button, self.title):
            widget.setVisible(ready)
        if cutting:
            self.counts.setText(_("Cutting the photos into patches…"))
            self._show_share()
            self.cancel_button.setFocus(Qt.FocusReason.OtherFocusReason)
        elif ready and run is not None:
            self.title.setText(run.name)
            self.counts.setText(harvest_text(run.harvest) + ".")
            minutes = round(run.order.minutes or 0)
            self.time.setText(
                ngettext(
                    "It learns for about {count} minute in the background; you can go on editing meanwhile.",
                    "It learns for about {count} minutes in the background; you can go on editing meanwhile.",
                    minutes,
                ).format(count=minutes)
            )
            advice = beforehand(run.harvest, run.noise)
            self.advice.setText("\n".join(advice))
            self.advice.setVisible(bool(advice))
            self.start_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_share(self) -> None:
        self.bar.setValue(round(1000 * self._work.share))
