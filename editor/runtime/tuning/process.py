"""Starts a trainer in a process of its own, listens to it and tells it what to do."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from editor.core.i18n import _
from editor.runtime.tuning.events import ENDS, Event, Failed, Learned, Rested
from editor.runtime.tuning.task import Task

if TYPE_CHECKING:
    from editor.runtime.tuning.worker import Command

log = logging.getLogger("kintsugi.tuning")

_PATIENCE_S = 10.0


class Process:
    """A running trainer. `on_event` is called in a thread of its own; the last event is one of `ENDS`.

    Whatever happens to the process, nothing happens to this one: a crash is an event.
    """

    def __init__(self, task: Task, on_event: Callable[[Event], None], language: str | None = None) -> None:
        # A fork would take the window's threads and locks with it.
        context = multiprocessing.get_context("spawn")
        self._on_event = on_event
        self._killed = False
        self._pipe, theirs = context.Pipe()
        # No daemon: those may not have processes of their own, which make what it learns from.
        self._process = context.Process(target=_run, args=(theirs, task, language), name="kintsugi-trainer")
        self._process.start()
        atexit.register(self._process.kill)
        theirs.close()
        self._thread = threading.Thread(target=self._listen, name="kintsugi-training", daemon=True)
        self._thread.start()

    def tell(self, command: Command) -> None:
        """Commands it; after its end nothing happens."""
        try:
            self._pipe.send(command)
        except OSError as error:
            log.info("The trainer does not hear %s: %s", command, error)

    def close(self) -> None:
        """Lets it save where it is and ends it, at once if it takes too long. Waits for that."""
        self.tell("rest")
        self._process.join(_PATIENCE_S)
        self.kill()

    def kill(self) -> None:
        """Ends it now; what it learned since its last checkpoint is lost. Cut short, it ends with `Rested`."""
        if self._process.is_alive():
            self._killed = True
            self._process.kill()
        self._process.join()
        if self._thread is not threading.current_thread():
            self._thread.join()
            self._pipe.close()

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def _listen(self) -> None:
        last: Event | None = None
        step = 0
        while not isinstance(last, ENDS):
            try:
                last = self._pipe.recv()
            except (EOFError, OSError):
                self._process.join()
                last = Rested(step) if self._killed else self._crash()
            if isinstance(last, Learned):
                step = last.step
            if isinstance(last, Failed):
                log.warning("Training: %s\n%s", last.text, last.cause)
            self._on_event(last)
        self._process.join(_PATIENCE_S)
        self._process.kill()
        atexit.unregister(self._process.kill)

    def _crash(self) -> Failed:
        return Failed(
            _("The trainer ended by itself, maybe for want of memory. It can go on from its last checkpoint."),
            f"exit code {self._process.exitcode}",
        )


def _run(pipe: Connection, task: Task, language: str | None) -> None:
    """In the new process: only now torch is imported."""
    from editor.runtime.tuning.worker import main

    main(pipe, task, language)
