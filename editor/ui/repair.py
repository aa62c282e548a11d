"""The repair loop in the window: Enter, the strip of candidates, the arrow keys, accepting or throwing away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from editor.core.errors import EditorError
from editor.core.i18n import _, ngettext
from editor.core.session import Session
from editor.ui.dialogs import ask
from editor.ui.messages import MessageBar
from editor.ui.panels.candidates import CandidateStrip, Entry
from editor.ui.panels.method import MethodPanel
from editor.ui.panels.status import StatusLine
from editor.ui.removal import Candidate, Removal

if TYPE_CHECKING:
    from editor.host.made import Patch
    from editor.host.registry import Registry
    from editor.host.runner import Runner
    from editor.runtime.infer import InferenceEngine


class Repair(QObject):
    """Leads the method panel, the candidates and the status line through the loop.

    changed(): what is to be shown in the picture, or what can be done now, is different.
    """

    changed = Signal()

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
        self._runner: Runner | None = None
        self._session: Session | None = None
        self.removal = removal
        removal.arrived.connect(self._arrived)
        removal.shown_changed.connect(self._shown)
        removal.cleared.connect(self._cleared)
        removal.ran.connect(self._ran)
        removal.progress.connect(status.show_progress)
        removal.failed.connect(messages.error)
        strip.picked.connect(removal.show)
        strip.accepted.connect(self.accept)
        strip.again.connect(self.again)
        strip.cancelled.connect(removal.discard)
        status.job_cancelled.connect(removal.stop)

    @property
    def choosing(self) -> bool:
        """Whether there are candidates to choose from."""
        return bool(self.removal.candidates)

    def set_registry(self, registry: Registry) -> None:
        from editor.host.runner import Runner

        self._registry = registry
        self._runner = Runner(registry)
        self._method.set_registry(registry)

    def set_engine(self, engine: InferenceEngine) -> None:
        from editor.host.runner import Runner

        assert self._registry is not None, "methods come before the models that they run"
        self._runner = Runner(self._registry, engine)

    def set_session(self, session: Session | None) -> None:
        self._session = session
        self.removal.set_session(session)

    def enter(self) -> None:
        """Accepts the shown candidate; without one, runs the method."""
        if self.removal.current is not None:
            self.accept()
        elif self.removal.running:
            self._messages.note(_("Still working; Esc stops it."))
        else:
            self.run()

    def run(self) -> None:
        """Runs the chosen method on the mask."""
        plugin = self._method.plugin
        if self._session is None or self._runner is None or plugin is None:
            return
        if plugin.needs.mask and self._session.state.mask.empty:
            self._messages.note(_("Paint over what should go first."))
            return
        try:
            requests = self._method.requests()
        except EditorError as error:
            self._messages.error(error)
            return
        self._messages.hide()
        self.removal.start(self._runner, requests)

    def again(self) -> None:
        """Makes further candidates from new seeds."""
        if self.removal.running or self.choosing:
            self._method.next_seeds()
        self.run()

    def cancel(self) -> None:
        """Stops what runs and throws the candidates away; the mask stays."""
        self.removal.discard()

    def accept(self) -> None:
        """Puts the shown candidate into the picture; asks if the picture changed under it meanwhile."""
        if self.removal.current is None:
            return
        from editor.host.apply import StaleError

        try:
            self.removal.accept()
        except StaleError:
            answer = ask.stale(self._window)
            if answer == "use":
                self.removal.accept(although_stale=True)
            elif answer == "again":
                self.again()

    def _arrived(self, candidate: Candidate) -> None:
        patch = candidate.patch
        facts = [
            f"{_(name)} {value:.3g}" if isinstance(value, float) else f"{_(name)} {value}"
            for name, value in patch.report.items()
        ]
        self._strip.add(Entry(candidate.thumb, _made(patch), "\n".join((_(patch.title), _made(patch), *facts))))
        patches = [each.patch for each in self.removal.candidates]
        if len({patch.title for patch in patches}) > 1:
            self._strip.relabel([f"{_(patch.title)}\n{_made(patch)}" for patch in patches])

    def _shown(self) -> None:
        self._strip.mark(self.removal.index)
        self.changed.emit()

    def _cleared(self) -> None:
        self._strip.clear()
        if not self.removal.running:
            self._strip.hide()

    def _ran(self, running: bool) -> None:
        if running:
            plugin = self._method.plugin
            self._status.begin_job(_(plugin.title) if plugin is not None else "")
        else:
            self._status.end_job()
        # There from the start, so that a hole under it has moved up before the first result appears.
        self._strip.setVisible(running or self.choosing)
        self.changed.emit()


def _made(patch: Patch) -> str:
    """What tells a candidate from others of the same method."""
    seconds = ngettext("{seconds} s", "{seconds} s", round(patch.seconds)).format(seconds=f"{patch.seconds:.1f}")
    return _("seed {seed} · {seconds}").format(seed=patch.seed, seconds=seconds)
