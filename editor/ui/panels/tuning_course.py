"""A training as it goes and as it ended: curves, pictures, notes, and what can be done with it now."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from editor.core.i18n import _, ngettext
from editor.host.training_advice import worth
from editor.host.training_card import unit
from editor.host.training_course import left_text
from editor.ui.panels.parts import button, label
from editor.ui.panels.tuning_curves import Curves
from editor.ui.panels.tuning_pictures import Pictures
from editor.ui.tuning_work import Stage, TuningWork

_DRAWN_MS = 200
_NOTES_SHOWN = 3


class CoursePanel(QWidget):
    """forget_wanted(): leads to a question first. use_wanted(manifest): the new model is to be chosen."""

    forget_wanted = Signal()
    use_wanted = Signal(object)

    def __init__(self, work: TuningWork, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self.title = label(self, "title", _("The model that is made"))
        self.state = label(self, "", _("How far it is, and how long it still takes"))
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.bar.setToolTip(_("How much is done"))
        self.verdict = label(self, "", _("What became of it"))
        self.curves = Curves(self)
        self.pictures = Pictures(self)
        self.notes = label(self, "faint", _("What went otherwise than planned"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.title, self.state, self.bar, self.verdict):
            column.addWidget(widget)
        column.addWidget(self.curves, 1)
        column.addWidget(self.pictures)
        column.addWidget(self.notes)
        column.addLayout(self._button_row())
        # Steps may come faster than anyone can look.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DRAWN_MS)
        self._timer.timeout.connect(self.draw)
        work.changed.connect(self.refresh)
        work.moved.connect(lambda: self._timer.isActive() or self._timer.start())
        self.refresh()

    def refresh(self) -> None:
        """Shows the stage and what can be done in it."""
        work, stage = self._work, self._work.stage
        if work.run is None:
            return
        verdict = work.verdict
        new = verdict.manifest if verdict is not None else None
        self.title.setText(work.run.name)
        learning, failed, done = stage in (Stage.LEARNING, Stage.PAUSED), stage is Stage.FAILED, stage is Stage.DONE
        self.pause_button.setText(_("Resume") if stage is Stage.PAUSED else _("Pause"))
        for each in (self.pause_button, self.keep_button, self.rest_button):
            each.setVisible(learning)
        self.on_button.setVisible(failed)
        begun = work.run.begun
        self.on_button.setText(_("Go on from the last checkpoint") if begun else _("Start again"))
        # Also while it stops, which takes long on a machine that is busy.
        self.forget_button.setVisible(work.running or failed)
        self.forget_button.setText(_("Forget") if failed else _("Stop and forget"))
        self.later_button.setVisible(failed)
        self.use_button.setVisible(done and new is not None)
        self.back_button.setVisible(done)
        self.bar.setVisible(not done and not failed)
        self.draw()
        # Else Qt gives it to the next that is shown, which may be the one that forgets everything.
        focused = self.enter_button or (self.pause_button if learning else self)
        focused.setFocus(Qt.FocusReason.OtherFocusReason)

    def draw(self) -> None:
        """Draws curves and pictures and tells how far it is."""
        work, course = self._work, self._work.course
        if work.run is None:
            return
        self.state.setText(self._state())
        self.state.setVisible(bool(self.state.text()))
        self.bar.setRange(0, 1000 if course.steps and work.stage is not Stage.JUDGING else 0)
        self.bar.setValue(round(1000 * course.share))
        self.verdict.setText(self._verdict())
        self.verdict.setVisible(bool(self.verdict.text()))
        self.verdict.setObjectName("warning" if work.stage is Stage.FAILED else "")
        self.verdict.style().polish(self.verdict)
        self.curves.show_course(course, self._unit)
        self.pictures.show_course(course, coming=work.stage in (Stage.LEARNING, Stage.PAUSED))
        self.notes.setText("\n".join(course.notes[-_NOTES_SHOWN:]))
        self.notes.setToolTip("\n".join(course.notes))
        self.notes.setVisible(bool(course.notes))

    @property
    def enter_button(self) -> QPushButton | None:
        """What Enter presses; nothing while it learns."""
        if self._work.stage is Stage.FAILED:
            return self.on_button
        if self._work.stage is not Stage.DONE or self._work.verdict is None:
            return None
        return self.use_button if self._work.verdict.manifest is not None else self.back_button

    @property
    def buttons(self) -> tuple[QPushButton, ...]:
        """All in their order, whether or not they are shown."""
        return (
            self.pause_button,
            self.keep_button,
            self.rest_button,
            self.forget_button,
            self.back_button,
            self.later_button,
            self.on_button,
            self.use_button,
        )

    @property
    def _unit(self) -> str:
        return unit(self._work.plugin) if self._work.plugin is not None else ""

    def _state(self) -> str:
        stage, course = self._work.stage, self._work.course
        if stage is Stage.DONE:
            return ""
        parts = []
        if course.steps:
            parts.append(_("Step {step} of {steps}").format(step=course.step, steps=course.steps))
        if stage is Stage.PAUSED:
            parts.append(_("paused"))
        elif stage is Stage.STOPPING:
            parts.append(_("stopping and saving…"))
        elif stage is Stage.JUDGING:
            parts.append(_("looking at what was learned…"))
        elif stage is Stage.LEARNING and not course.steps:
            again = self._work.run is not None and self._work.run.begun
            parts.append(_("Getting ready…") if again else _("Getting ready: finding out how fast this machine is…"))
        elif stage is Stage.LEARNING and course.learned:
            parts.append(_("{speed:.1f} steps/s").format(speed=course.learned[-1].steps_per_s))
            if course.left_s is not None:
                parts.append(left_text(course.left_s))
        if course.started is not None:
            parts.append(_("on {device}").format(device=course.started.device.upper()))
        return "  ·  ".join(parts)

    def _verdict(self) -> str:
        work = self._work
        if work.stage is Stage.FAILED:
            return work.trouble
        if work.verdict is None:
            return ""
        outcome, manifest = work.verdict.outcome, work.verdict.manifest
        likeness = _("Likeness on what it had not seen: {before:.2f} {unit} before, {after:.2f} {unit} after.")
        likeness = likeness.format(before=outcome.before, after=outcome.after, unit=self._unit)
        lines = [*outcome.lines, likeness]
        if manifest is not None:
            better = _("It is better than the model that it went on from, and is now among your models as “{name}”.")
            if manifest.trained is None or not manifest.trained.base:
                better = _("It is better than doing nothing, and is now among your models as “{name}”.")
            lines = [better.format(name=manifest.title), f"{likeness} {worth(outcome)}", *outcome.lines]
        steps = work.course.step
        count = ngettext("{count} step in all", "{count} steps in all", steps).format(count=steps)
        if manifest is not None and outcome.step != steps:
            count = _("{count}; what is kept is as it was after step {step}").format(count=count, step=outcome.step)
        lines.append(f"{count}.")
        return "\n".join(lines)

    def _button_row(self) -> QHBoxLayout:
        work = self._work
        self.pause_button = button(
            self, _("Pause"), _("Give the machine free for a while, or go on"), self._pause_or_resume
        )
        self.keep_button = button(
            self, _("Stop and keep the best"), _("End it now and take the best that it learned so far"), work.finish
        )
        self.rest_button = button(
            self, _("Stop, go on later"), _("Save where it is and end it; it is listed here to go on"), work.rest
        )
        self.on_button = button(self, "", _("Learn on from what was saved last"), work.start)
        self.use_button = button(self, _("Use it"), _("Choose the new model for the method"), self._use)
        self.later_button = button(self, _("Later"), _("Leave it as it is; it is listed here to go on"), work.leave)
        self.forget_button = button(
            self, "", _("Delete all that was learned in this training"), self.forget_wanted.emit
        )
        self.back_button = button(self, _("Back"), _("Back to where a training is begun"), work.leave)
        row = QHBoxLayout()
        row.setSpacing(6)
        # Also while there is nothing to press, or all above would jump.
        row.addStrut(self.pause_button.sizeHint().height())
        for each in self.buttons:
            if each is self.forget_button:
                row.addStretch(1)
            row.addWidget(each)
        return row

    def _pause_or_resume(self) -> None:
        if self._work.stage is Stage.PAUSED:
            self._work.resume()
        else:
            self._work.pause()

    def _use(self) -> None:
        verdict = self._work.verdict
        if verdict is not None and verdict.manifest is not None:
            self.use_wanted.emit(verdict.manifest)
