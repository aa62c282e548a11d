"""The repair loop in the window: Enter, the strip of candidates, the arrow keys, accepting or throwing away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from editor.core.errors import EditorError
from editor.core.i18n import _, ngettext
from editor.core.session import Session
from editor.sdk.plugin import Makes
from editor.ui.dialogs import ask
from editor.ui.messages import MessageBar
from editor.ui.panels.candidates import CandidateStrip, Entry
from editor.ui.panels.method import MethodPanel
from editor.ui.panels.status import StatusLine
from editor.ui.removal import Candidate, Removal

if TYPE_CHECKING:
    from editor.host.live import Live
    from editor.host.made import Made
    from editor.host.registry import Registry
    from editor.host.runner import Runner
    from editor.runtime.infer import InferenceEngine
    from editor.runtime.library import ModelLibrary
    from editor.sdk.plugin import Plugin


class Repair(QObject):
    """Leads the method panel, the candidates and the status line through the loop.

    changed(): what is to be shown in the picture, or what can be done now, is different.
    models_wanted(ids): the method was not run, because these models are not installed.
    """

    changed = Signal()
    models_wanted = Signal(object)
    _ended = Signal()

    def __init__(
        self,
        window: QWidget,
        removal: Removal,
        method: MethodPanel,
        strip: CandidateStrip,
        status: StatusLine,
        messages: MessageBar,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._method = method
        self._strip = strip
        self._status = status
        self._messages = messages
        self._registry: Registry | None = None
        self._models: ModelLibrary | None = None
        self._runner: Runner | None = None
        self._session: Session | None = None
        self._errors: list[EditorError] = []
        self._joins = False
        self._learned: tuple[str, str] | None = None
        self.removal = removal
        # Not at once: who else hears of the end would hear of the new beginning first.
        self._ended.connect(self._join, Qt.ConnectionType.QueuedConnection)
        removal.arrived.connect(self._arrived)
        removal.shown_changed.connect(self._shown)
        removal.decided.connect(self.accept)
        removal.cleared.connect(self._cleared)
        removal.ran.connect(self._ran)
        removal.progress.connect(status.show_progress)
        removal.failed.connect(self._failed)
        strip.picked.connect(removal.show)
        strip.accepted.connect(self.accept)
        strip.again.connect(self.again)
        strip.cancelled.connect(removal.discard)
        status.job_cancelled.connect(self._stop)

    @property
    def choosing(self) -> bool:
        """Whether there are candidates to choose from."""
        return bool(self.removal.candidates)

    @property
    def next_text(self) -> str:
        """What Enter does next, for its button."""
        if self.choosing or self.removal.watched:
            return _("Accept")
        makes = self._method.plugin.makes if self._method.plugin is not None else Makes.PIXELS
        pixels = _("Remove") if self._method.plugin is None or self._method.plugin.needs.mask else _("Apply")
        return {Makes.PIXELS: pixels, Makes.MASK: _("Make mask"), Makes.PICTURE: _("Make picture")}[makes]

    @property
    def runner(self) -> Runner | None:
        """Runs methods, as soon as they are there."""
        return self._runner

    def set_registry(self, registry: Registry, models: ModelLibrary) -> None:
        from editor.host.runner import Runner

        self._registry = registry
        self._models = models
        self._runner = Runner(registry)
        self._method.set_registry(registry, models)

    def set_engine(self, engine: InferenceEngine) -> None:
        from editor.host.runner import Runner

        assert self._registry is not None, "methods come before the models that they run"
        self._runner = Runner(self._registry, engine)
        self._method.let_models_run()

    def set_session(self, session: Session | None) -> None:
        self._session = session
        self.removal.set_session(session)

    def enter(self) -> None:
        """Accepts the shown candidate (one that is watched once all of it is there); without one, runs the method."""
        if self.removal.current is not None:
            self.accept()
        elif self.removal.watched:
            self.removal.take()
            self._messages.note(_("It will be accepted when all of it is done; Esc stops it."))
        elif self.removal.running:
            self._messages.note(_("Still working; Esc stops it."))
        else:
            self.run()

    def run(self) -> None:
        """Runs the chosen method on the document as it is."""
        self._run()

    def watch(self, live: Live) -> bool:
        """Runs the chosen method so that it can be watched; says whether it could be run."""
        return self._run(live)

    def again(self) -> None:
        """Makes further candidates: from new seeds, or with the settings of now where nothing is random.

        None beside those of another task, with which they could not be compared.
        """
        if self.choosing and not self._answers_the_same(self._method.plugin):
            self._messages.note(_("The results in the strip are of another kind: accept one or press Esc, then Enter."))
            return
        if self._method.by_chance and (self.removal.running or self.choosing):
            self._method.next_seeds()
        self.run()

    def join(self, method: str, model: str) -> None:
        """Adds what a method makes with a model that was learned, once nothing runs any more; only to candidates of
        its task and photo, of which nothing changed since."""
        self._learned = (method, model)
        self._join()

    def cancel(self) -> None:
        """Stops what runs and throws the candidates away; the mask stays."""
        self.removal.discard()

    def accept(self) -> None:
        """Puts the shown candidate into the picture; asks if the picture changed under it meanwhile."""
        if self.removal.current is None:
            return
        from editor.host.apply import StaleError

        self._messages.hide()
        candidate = self.removal.current
        try:
            self.removal.accept()
        except StaleError:
            answer = ask.stale(self._window)
            if answer == "use":
                self.removal.accept(although_stale=True)
            elif answer == "again":
                self.again()
        else:
            if candidate.told:
                self._messages.note(candidate.told)
        # One that was decided without a choice is still there if the user would not leave the document for it.
        self._show_strip()

    def _show_strip(self) -> None:
        # There from the start, so that a hole under it has moved up before the first result appears; but not where
        # there is nothing to choose.
        removal = self.removal
        self._strip.setVisible(not removal.watched and (self.choosing or (removal.running and not removal.direct)))

    def _run(self, live: Live | None = None) -> bool:
        """Whether it could be run; if not, the user was told what to do."""
        plugin = self._method.plugin
        if self._session is None or self._runner is None or plugin is None:
            return False
        if plugin.needs.mask and self._session.state.mask.empty:
            self._messages.note(_("Paint over what should go first."))
            return False
        try:
            own = self._method.requests()
        except EditorError as error:
            self._messages.error(error)
            return False
        if not self._has_models(plugin.models_for(own[0].params)):
            return False
        self._messages.hide()
        self._errors = []
        requests = own[:1] if live is not None else self._method.compared(own)
        if not self.removal.start(self._runner, requests, live, own[0]):
            self._messages.note(_("It would be the same again: change a setting first."))
            return False
        self._joins = self.choosing
        return True

    def _join(self) -> None:
        removal, runner = self.removal, self._runner
        if self._learned is None or removal.running:
            return
        learned, self._learned = self._learned, None
        if runner is None or not self.choosing or removal.watched or removal.outdated:
            return
        request = self._method.request_with(*learned)
        if request is not None and self._answers_the_same(request.plugin) and removal.start(runner, [request]):
            self._joins = True

    def _answers_the_same(self, plugin: Plugin | None) -> bool:
        """Whether a method does what those do whose candidates are there."""
        registry = self._registry
        if plugin is None or registry is None:
            return False
        made = {candidate.made.record.plugin for candidate in self.removal.candidates}
        tasks = {registry.plugins[each].task for each in made if each in registry.plugins}
        return plugin.id in made or bool(plugin.task and plugin.task in tasks)

    def _stop(self) -> None:
        self._learned = None
        if self.removal.watched:
            self.removal.discard()
        else:
            self.removal.stop()

    def _has_models(self, ids: Sequence[str]) -> bool:
        """Whether all are installed; if not, those that are missing are asked for."""
        from editor.host.library import missing

        assert self._models is not None, "methods come with the models that they may run"
        try:
            wanted = missing(self._models, ids)
        except EditorError as error:
            self._messages.error(error)
            return False
        if wanted:
            self.models_wanted.emit([model.id for model in wanted])
        return not wanted

    def _arrived(self, candidate: Candidate) -> None:
        made = candidate.made
        self._strip.add(Entry(candidate.thumb, (made.name, _how(made)), made.facts))
        if self._joins:
            self._strip.show_newest()

    def _failed(self, error: EditorError) -> None:
        # The second of a run must not hide the first.
        self._errors.append(error)
        self._messages.error(*self._errors)

    def _shown(self) -> None:
        self._strip.mark(self.removal.index)
        self._tell_result()
        self.changed.emit()

    def _tell_result(self) -> None:
        """What is known of the shown candidate, and why it is shown where that is not plain."""
        removal, current = self.removal, self.removal.current
        if current is None:
            self._status.show_result("")
            return
        facts = current.made.facts
        if removal.awaited is not None and self._runner is not None:
            chosen = self._runner.name(removal.awaited)
            facts = [
                _("{method} is shown until {chosen} is there").format(method=current.made.name, chosen=chosen),
                *facts,
            ]
        elif removal.turned:
            facts = [_("{method}, as you chose, is shown now").format(method=current.made.name), *facts]
        self._status.show_result(", ".join(facts))

    def _cleared(self) -> None:
        self._strip.clear()
        self._status.show_result("")
        if not self.removal.running:
            self._strip.hide()

    def _ran(self, running: bool) -> None:
        if running:
            plugin = self._method.plugin
            self._status.begin_job(_(plugin.title) if plugin is not None else "")
        else:
            self._status.end_job()
            self._tell_result()
            self._ended.emit()
        self._show_strip()
        self.changed.emit()


def _how(made: Made) -> str:
    """What tells a candidate from others of the same method."""
    seconds = ngettext("{seconds} s", "{seconds} s", round(made.seconds)).format(seconds=f"{made.seconds:.1f}")
    return seconds if made.seed is None else _("seed {seed} · {seconds}").format(seed=made.seed, seconds=seconds)
