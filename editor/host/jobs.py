"""Work in background threads: lanes that take one job after another, with progress and a cancel that always works."""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

from editor.core.errors import Cancelled, EditorError, PluginError
from editor.core.i18n import _
from editor.core.signal import Signal

T = TypeVar("T")
Progress = Callable[[float, str], None]
LaneName = Literal["method", "accelerator", "chores", "models"]

log = logging.getLogger("kintsugi.jobs")


class CancelToken:
    """Set once by whoever cancels, looked at often by whoever works."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raises Cancelled if it is set."""
        if self.cancelled:
            raise Cancelled


class Job(Generic[T]):
    """One piece of work. Its signals are emitted in the worker's thread, and exactly one of done, failed and
    cancelled, followed by finished.
    """

    def __init__(self, work: Callable[[CancelToken, Progress], T], label: str) -> None:
        self.label = label
        self.token = CancelToken()
        self.progress: Signal[float, str] = Signal()
        self.done: Signal[T] = Signal()
        self.failed: Signal[EditorError] = Signal()
        self.cancelled: Signal[()] = Signal()
        self.finished: Signal[()] = Signal()
        self._work = work
        self._ended = threading.Lock()
        self._give_up: Callable[[], None] | None = None

    def cancel(self) -> None:
        """Asks the work to stop. Work that does not is given up after a while, and its result is thrown away."""
        self.token.cancel()
        if self._give_up is not None:
            self._give_up()

    def _run(self) -> None:
        if self.token.cancelled:
            self._end(self.cancelled.emit)
            return
        try:
            result = self._work(self.token, self.progress.emit)
        except Cancelled:
            self._end(self.cancelled.emit)
        except EditorError as error:
            log.warning("%s: %s", self.label, error, exc_info=True)
            self._end(lambda error=error: self.failed.emit(error))  # type: ignore[misc]  # bound now, called at once
        except MemoryError as error:
            log.warning("%s: out of memory", self.label, exc_info=True)
            failure = PluginError(
                _("{label}: there is not enough memory. Close other programs or mask less.").format(label=self.label)
            )
            failure.__cause__ = error
            self._end(lambda: self.failed.emit(failure))
        except Exception as error:
            log.warning("%s failed", self.label, exc_info=True)
            failure = PluginError(_("{label} failed; nothing was changed. The log says why.").format(label=self.label))
            failure.__cause__ = error
            self._end(lambda: self.failed.emit(failure))
        else:
            self._end(lambda: self.done.emit(result))

    def _end(self, emit: Callable[[], None]) -> None:
        """Tells the end once: the work's own, or that it was given up."""
        if self._ended.acquire(blocking=False):
            for tell in (emit, self.finished.emit):
                try:
                    tell()
                except Exception:
                    # Whoever listens: the lane goes on, and who waits for the end hears of it.
                    log.exception("%s: what follows on its end failed", self.label)


class Jobs:
    """The lanes. Methods run one at a time and use all cores themselves; chores are short and run beside them, as do
    downloads of models, which are long.
    """

    def __init__(self, grace_s: float = 2.0) -> None:
        self._lanes: dict[LaneName, _Lane] = {
            "method": _Lane("method", grace_s),
            "accelerator": _Lane("accelerator", grace_s),
            "chores": _Lane("chores", grace_s),
            "models": _Lane("models", grace_s),
        }

    def start(self, job: Job[Any], lane: LaneName = "method") -> None:
        """Queues a job; connect to its signals before."""
        self._lanes[lane].put(job)

    def close(self) -> None:
        """Cancels everything and ends the threads that still listen."""
        for lane in self._lanes.values():
            lane.close()


class _Lane:
    """A thread that takes jobs in turn; a job that does not stop when cancelled costs the lane its thread."""

    def __init__(self, name: str, grace_s: float) -> None:
        self._name = name
        self._grace_s = grace_s
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._pending: set[Job[Any]] = set()
        self._running: Job[Any] | None = None
        self._thread: threading.Thread | None = None

    def put(self, job: Job[Any]) -> None:
        job._give_up = lambda: self._watch(job)
        with self._lock:
            self._pending.add(job)
            if self._thread is None:
                self._begin()
            self._queue.put(job)

    def close(self) -> None:
        with self._lock:
            pending, thread, waiting = list(self._pending), self._thread, self._queue
            self._thread = None
        for job in pending:
            job.token.cancel()
        waiting.put(None)
        if thread is not None and thread is not threading.current_thread():
            thread.join(self._grace_s)

    def _begin(self) -> None:
        self._thread = threading.Thread(
            target=self._work, args=(self._queue,), name=f"kintsugi-{self._name}", daemon=True
        )
        self._thread.start()

    def _work(self, waiting: queue.SimpleQueue[Job[Any] | None]) -> None:
        lower_priority()
        while (job := waiting.get()) is not None:
            with self._lock:
                self._running = job
            job._run()
            with self._lock:
                self._pending.discard(job)
                if self._queue is not waiting:
                    return
                self._running = None

    def _watch(self, job: Job[Any]) -> None:
        """Ends `job` after the grace time if it has not ended by itself."""
        timer = threading.Timer(self._grace_s, self._give_up, (job,))
        timer.daemon = True
        job.finished.connect(timer.cancel)
        timer.start()

    def _give_up(self, job: Job[Any]) -> None:
        with self._lock:
            if job not in self._pending or self._thread is None:
                return
            self._pending.discard(job)
            if job is self._running:
                log.warning("%s did not stop when it was cancelled; its thread is given up", job.label)
                self._replace_thread()
        job._end(job.cancelled.emit)

    def _replace_thread(self) -> None:
        self._running = None
        left, self._queue = self._queue, queue.SimpleQueue()
        while not left.empty():
            self._queue.put(left.get())
        self._begin()


def lower_priority() -> None:
    """Lets the window go first: Linux can do so for a single thread, elsewhere nothing happens."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
