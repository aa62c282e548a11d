"""Fine-tuning from the window: one training at a time, from cutting the photos to what became of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

from PySide6.QtCore import QObject, Signal

from editor.core.errors import EditorError
from editor.core.i18n import _
from editor.host.jobs import CancelToken, Job, Jobs, Progress
from editor.host.runner import Runner
from editor.host.training import Run, Training, Trainings
from editor.host.training_advice import Outcome
from editor.host.training_card import unit
from editor.host.training_choice import Choice
from editor.host.training_course import Course
from editor.host.training_noise import cleaner, is_lifted
from editor.runtime.library import ModelLibrary
from editor.runtime.manifest import ModelManifest
from editor.runtime.tuning.events import Event, Failed, Finished, Rested
from editor.sdk.plugin import Plugin
from editor.ui.bridge import Bridge


class Stage(Enum):
    """SET_UP: nothing is under way. READY: the photos are cut. STOPPING: it was told to stop. JUDGING: the trainer
    has ended, and its model is looked at and installed."""

    SET_UP = auto()
    CUTTING = auto()
    READY = auto()
    LEARNING = auto()
    PAUSED = auto()
    STOPPING = auto()
    FAILED = auto()
    JUDGING = auto()
    DONE = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a training; manifest: of the model that was installed, None if it is not better."""

    outcome: Outcome
    manifest: ModelManifest | None


class TuningWork(QObject):
    """Leads through the stages; the window only shows where it stands.

    changed(): another stage. moved(): something new of the cutting or the learning. failed(error): a line for the
    user. kept(manifest): a model was installed. ended(text): a training ended by itself, in a line.
    """

    changed = Signal()
    moved = Signal()
    failed = Signal(object)
    kept = Signal(object)
    ended = Signal(str)

    def __init__(
        self,
        trainings: Trainings,
        library: ModelLibrary,
        jobs: Jobs,
        bridge: Bridge,
        runner: Callable[[], Runner | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.trainings = trainings
        self.library = library
        self._jobs = jobs
        self._bridge = bridge
        self._runner = runner
        self.learners: dict[str, Plugin] = {}
        self.stage = Stage.SET_UP
        self.run: Run | None = None
        self.share = 0.0
        self.course = Course()
        self.trouble = ""
        self.verdict: Verdict | None = None
        self._training: Training | None = None
        self._cutting: Job[Run] | None = None
        self._recalled = False
        self._starts = itertools.count(1)
        self._start = 0

    def set_plugins(self, plugins: Iterable[Plugin]) -> None:
        """The methods that there are; those with a recipe can learn."""
        self.learners = {plugin.id: plugin for plugin in plugins if plugin.recipe is not None}
        self.changed.emit()

    @property
    def plugin(self) -> Plugin | None:
        """The method of the run, if it is still there."""
        return self.learners.get(self.run.method) if self.run is not None else None

    @property
    def running(self) -> bool:
        """Whether a trainer is at work."""
        return self.stage in (Stage.LEARNING, Stage.PAUSED, Stage.STOPPING)

    def resting(self) -> list[Run]:
        """The runs that can go on, without the one that is under way."""
        current = self.run.folder.path if self.run is not None else None
        return [run for run in self.trainings.all() if run.folder.path != current]

    @property
    def taken(self) -> list[str]:
        """The names that a new model must not have: of models and of trainings."""
        models = [_(manifest.title) for manifest in self.library.store.manifests.values()]
        return [*models, *(run.name for run in self.trainings.all())]

    def make_way(self) -> bool:
        """Whether another training can be begun now; one that has ended is left, and rests if it failed."""
        if self.stage in (Stage.FAILED, Stage.DONE):
            self.leave()
        return self.stage is Stage.SET_UP

    def cut(self, choice: Choice, *, start: bool = False) -> None:
        """Cuts the photos in the background, after which it is READY, or to `start`, LEARNING."""
        if self.stage is not Stage.SET_UP:
            return
        plugin = self.learners[choice.method]

        def work(token: CancelToken, tell: Progress) -> Run:
            def progress(share: float) -> None:
                token.check()
                tell(share, "")

            photos = choice.all_photos()
            runner = self._runner()
            clean = None
            if runner is not None and is_lifted(plugin, choice.base):
                clean = cleaner(runner, plugin, choice.base, token)
            return self.trainings.prepare(
                choice.name,
                plugin,
                photos,
                choice.order,
                base=choice.base,
                photo=choice.photo,
                clean=clean,
                progress=progress,
            )

        job = self._cutting = Job(work, _("Cutting photos"))
        job.progress.connect(self._bridge.coalesced(self._cut_on))
        job.done.connect(self._bridge.queued(partial(self._ready, start)))
        job.failed.connect(self._bridge.queued(self._not_cut))
        job.cancelled.connect(self._bridge.queued(self._not_cut))
        self.share = 0.0
        self._to(Stage.CUTTING)
        # Many photos take minutes, for which saving, among the chores, must not wait.
        self._jobs.start(job, "models")

    def cancel_cutting(self) -> None:
        """Nothing of it stays."""
        if self._cutting is not None:
            self._cutting.cancel()

    def start(self) -> None:
        """Lets the run learn, or learn on."""
        run, plugin = self.run, self.plugin
        if run is None or plugin is None or self.stage not in (Stage.READY, Stage.FAILED):
            return
        number = next(self._starts)
        hear = self._bridge.queued(self._heard)
        try:
            training = self.trainings.start(run, plugin, lambda event: hear(number, event))
        except EditorError as error:
            self.failed.emit(error)
            return
        self._training, self._start = training, number
        self.course, self.trouble = Course(), ""
        self._recalled = run.begun
        if run.begun:
            # What the trainer tells of again, as far as it was saved, once it has got ready.
            for point in run.folder.curve():
                self.course.take(point)
        self._to(Stage.LEARNING)

    def go_on(self, run: Run) -> None:
        """Takes up a run that rests; does nothing while another is under way."""
        if self.stage is not Stage.SET_UP:
            return
        if run.method not in self.learners:
            self.failed.emit(
                EditorError(_("The method {method} of this training is not there.").format(method=run.method))
            )
            return
        self.run = run
        self.stage = Stage.READY
        self.start()
        if self.stage is Stage.READY:
            self.leave()

    def pause(self) -> None:
        if self._training is not None and self.stage is Stage.LEARNING:
            self._training.pause()
            self._to(Stage.PAUSED)

    def resume(self) -> None:
        if self._training is not None and self.stage is Stage.PAUSED:
            self._training.resume()
            self._to(Stage.LEARNING)

    def finish(self) -> None:
        """Stops it and keeps the best that it learned."""
        self._stop(lambda training: training.finish())

    def rest(self) -> None:
        """Stops it so that it can go on later."""
        self._stop(lambda training: training.rest())

    def forget(self, run: Run | None = None) -> None:
        """Deletes a run that rests, or the one under way, whose trainer is ended."""
        run = run or self.run
        if run is None:
            return
        if self.run is None or run.folder.path != self.run.folder.path:
            self.trainings.forget(run)
            self.changed.emit()
            return
        if self._training is not None:
            self._training.kill()
        self.trainings.forget(run)
        self.leave()

    def leave(self) -> None:
        """Back to the beginning. A run that is READY or FAILED rests."""
        self.run = self._training = self.verdict = None
        self._start, self.trouble, self.course = 0, "", Course()
        self._to(Stage.SET_UP)

    def end(self) -> None:
        """The program ends: a trainer saves where it is, which is waited for."""
        self._start = 0
        if self._training is not None:
            self._training.close()

    def _to(self, stage: Stage) -> None:
        self.stage = stage
        self.changed.emit()

    def _cut_on(self, share: float, _text: str) -> None:
        self.share = share
        self.moved.emit()

    def _ready(self, start: bool, run: Run) -> None:
        self.run = run
        self._to(Stage.READY)
        if start:
            self.start()
            if self.stage is Stage.READY:
                self.forget()

    def _not_cut(self, *errors: EditorError) -> None:
        self._to(Stage.SET_UP)
        for error in errors:
            self.failed.emit(error)

    def _stop(self, command: Callable[[Training], None]) -> None:
        if self._training is not None and self.stage in (Stage.LEARNING, Stage.PAUSED):
            command(self._training)
            self._to(Stage.STOPPING)

    def _heard(self, start: int, event: Event) -> None:
        if start != self._start or self._training is None:
            return
        match event:
            case Finished():
                self._judge(self._training, event)
            case Rested():
                self._part(self._training)
                self.leave()
            case Failed():
                self._part(self._training)
                self.trouble = event.text
                self._to(Stage.FAILED)
                self._tell_trouble()
            case _:
                if self._recalled:
                    self.course, self._recalled = Course(), False
                self.course.take(event)
                self.moved.emit()

    def _part(self, training: Training) -> None:
        """Takes leave of a trainer that ended; its process may take a moment to be gone."""
        self.run, self._training = training.run, None
        self._jobs.start(Job(lambda _token, _tell: training.close(), _("Ending a training")), "models")

    def _judge(self, training: Training, end: Finished) -> None:
        run, plugin = training.run, self.plugin
        assert plugin is not None, "its method started it"
        self._part(training)

        def work(_token: CancelToken, _tell: Progress) -> Verdict:
            outcome = self.trainings.outcome(run)
            if outcome.better:
                return Verdict(outcome, self.trainings.keep(run, plugin, end.difference))
            self.trainings.forget(run)
            return Verdict(outcome, None)

        job = Job(work, _("Looking at what was learned"))
        job.done.connect(self._bridge.queued(self._judged))
        job.failed.connect(self._bridge.queued(self._not_judged))
        job.cancelled.connect(self._bridge.queued(self._not_judged))
        self._to(Stage.JUDGING)
        self._jobs.start(job, "chores")

    def _judged(self, verdict: Verdict) -> None:
        self.verdict = verdict
        if verdict.manifest is not None:
            self.kept.emit(verdict.manifest)
        self._to(Stage.DONE)
        self.ended.emit(self._end_text(verdict))

    def _end_text(self, verdict: Verdict) -> str:
        outcome, manifest, run = verdict.outcome, verdict.manifest, self.run
        if run is None or not run.photo:
            if manifest is None:
                return _("The fine-tuning has ended and gained nothing.")
            return _("The fine-tuning has ended: {model} is among your models.").format(model=manifest.title)
        text = _(
            "Learning {photo} gained next to nothing: {before:.2f} {unit} before, {after:.2f} {unit} after on parts of "
            "it that were held back. Nothing is kept."
        )
        if manifest is not None:
            text = _(
                "{photo} was learned: {before:.2f} {unit} before, {after:.2f} {unit} after on parts of it that were "
                "held back. The new model is called “{name}”."
            )
            if self.plugin is not None and self.plugin.task:
                text = _(
                    "{photo} was learned: {before:.2f} {unit} before, {after:.2f} {unit} after on parts of it that "
                    "were held back. “{name}” joins the results of this photo."
                )
        shown = unit(self.plugin) if self.plugin is not None else ""
        return text.format(photo=run.photo, name=run.name, before=outcome.before, after=outcome.after, unit=shown)

    def _not_judged(self, *errors: EditorError) -> None:
        self.trouble = str(errors[0]) if errors else ""
        self._to(Stage.FAILED)
        if errors:
            self._tell_trouble()

    def _tell_trouble(self) -> None:
        self.ended.emit(_("The fine-tuning stopped: {reason}").format(reason=self.trouble))
