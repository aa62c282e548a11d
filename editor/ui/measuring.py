"""The Measure buttons of a method's form: what a parameter should be, found in the photo or under the mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from editor.core.i18n import _
from editor.core.session import Session
from editor.host.jobs import Job, Jobs
from editor.ui.bridge import Bridge
from editor.ui.messages import MessageBar
from editor.ui.panels.method import MethodPanel
from editor.ui.panels.status import StatusLine
from editor.ui.repair import Repair

if TYPE_CHECKING:
    from editor.sdk.params import Value


class Measuring(QObject):
    """Measures in a worker's thread, one thing at a time, and sets the slider."""

    def __init__(
        self, repair: Repair, method: MethodPanel, status: StatusLine, messages: MessageBar, jobs: Jobs, bridge: Bridge
    ) -> None:
        super().__init__(repair)
        self._repair = repair
        self._method = method
        self._status = status
        self._messages = messages
        self._jobs = jobs
        self._bridge = bridge
        self._session: Session | None = None
        self._job: Job[Value] | None = None
        method.measure_wanted.connect(self.measure)

    def set_session(self, session: Session | None) -> None:
        """Another document is open; what is being measured in the one before is of no use."""
        self._stop()
        self._session = session

    def measure(self, name: str) -> None:
        """Measures a parameter of the chosen method."""
        plugin, runner, session = self._method.plugin, self._repair.runner, self._session
        if plugin is None or runner is None or session is None:
            return
        self._stop()
        spec = next(spec for spec in plugin.specs if spec.name == name)
        state = session.state
        job = Job(lambda token, tell: runner.measure(state, plugin, spec, token, tell), _(plugin.title))
        self._job = job
        job.done.connect(self._bridge.queued(lambda value: self._measured(job, plugin.id, name, value)))
        job.failed.connect(self._bridge.queued(self._messages.error))
        job.finished.connect(self._bridge.queued(lambda: self._finished(job)))
        self._status.show_chore(_("Measuring…"))
        self._jobs.start(job, "chores")

    def _measured(self, job: Job[Value], plugin_id: str, name: str, value: Value) -> None:
        if job is self._job:
            self._method.show_measured(plugin_id, name, value)

    def _finished(self, job: Job[Value]) -> None:
        if job is self._job:
            self._job = None
            self._status.show_chore("")

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._finished(self._job)
