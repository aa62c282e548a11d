"""Counts after each change how many pixels changed outside the retouch layers' masks, beside everything else."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from editor.core.document import DocumentState
from editor.core.session import Session
from editor.host.jobs import Job, Jobs
from editor.ui.bridge import Bridge


class OutsideWatch(QObject):
    """counted(count): for the newest state; counts that a change overtook are dropped."""

    counted = Signal(int)

    def __init__(self, jobs: Jobs, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._bridge = bridge
        self._session: Session | None = None
        self._job: Job[int] | None = None

    def set_session(self, session: Session | None) -> None:
        if self._session is not None:
            self._session.changed.disconnect(self._changed)
        self._session = session
        self._give_up()
        if session is not None:
            session.changed.connect(self._changed)
            self._count(session)

    def _changed(self, before: DocumentState, after: DocumentState) -> None:
        if self._session is not None and before.layers is not after.layers:
            self._count(self._session)

    def _count(self, session: Session) -> None:
        self._give_up()
        from editor.host.apply import changed_outside

        # A session belongs to the window's thread; the worker gets one of its own with the same two states.
        still = Session.open(session.opened, None, "")
        still.commit(session.state, "")
        job: Job[int] = Job(lambda token, _tell: changed_outside(still, token.check), "changed outside")
        job.done.connect(self._bridge.queued(lambda count: self._done(job, count)))
        self._job = job
        self._jobs.start(job, "chores")

    def _give_up(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _done(self, job: Job[int], count: int) -> None:
        if job is self._job:
            self._job = None
            self.counted.emit(count)
