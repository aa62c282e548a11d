"""The host's side of `editor.sdk.context.Context`."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from editor.core.errors import ModelError
from editor.core.i18n import _
from editor.host.jobs import CancelToken, Progress, lower_priority
from editor.runtime.infer import InferenceEngine
from editor.sdk.models import ModelFacts
from editor.sdk.plugin import Inputs, Result

T = TypeVar("T")
R = TypeVar("R")


@dataclass(slots=True)
class Used:
    """What a run made use of: the SHA-256 of each model by its id, and the device of the last one."""

    models: dict[str, str] = field(default_factory=dict)
    device: str = "CPU"


@dataclass(frozen=True)
class RunContext:
    """What a running method is handed; `start` and `end` are its share of the whole progress."""

    seed: int
    threads: int
    origin: tuple[int, int]
    token: CancelToken
    tell: Progress
    call: Callable[[str, Inputs, Mapping[str, object], RunContext], Result]
    engine: InferenceEngine | None = None
    used: Used = field(default_factory=Used)
    start: float = 0.0
    end: float = 1.0

    @cached_property
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)

    def progress(self, fraction: float, text: str = "") -> None:
        self.token.check()
        self.tell(self.start + (self.end - self.start) * min(max(fraction, 0.0), 1.0), text)

    def check(self) -> None:
        self.token.check()

    def sub(self, start: float, end: float) -> RunContext:
        width = self.end - self.start
        return replace(self, start=self.start + width * start, end=self.start + width * end)

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        work = list(items)
        if self.threads <= 1 or len(work) <= 1:
            return [function(item) for item in work]
        ends: list[Future[R]] = [Future() for _item in work]
        waiting: queue.SimpleQueue[tuple[Future[R], T]] = queue.SimpleQueue()
        for part in zip(ends, work, strict=True):
            waiting.put(part)
        # Not a ThreadPoolExecutor: the end of the process waits for its threads, and a method may be deaf to a cancel.
        threads = [
            threading.Thread(target=_work_off, args=(waiting, function), name=f"kintsugi-map-{number}", daemon=True)
            for number in range(min(self.threads, len(work)))
        ]
        for thread in threads:
            thread.start()
        try:
            return [end.result() for end in ends]
        except KeyboardInterrupt:
            self.token.cancel()
            raise
        finally:
            for end in ends:
                end.cancel()
            for thread in threads:
                thread.join()

    def model(self, model: str) -> ModelFacts:
        return self._engine(model).facts(model)

    def infer(self, model: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        ran = self._engine(model).infer(model, inputs, cancel=lambda: self.token.cancelled, progress=self.progress)
        self.used.models[model] = ran.sha256
        self.used.device = ran.device
        return ran.outputs

    def run(self, method: str, inputs: Inputs, **params: object) -> Result:
        return self.call(method, inputs, params, self)

    def _engine(self, model: str) -> InferenceEngine:
        if self.engine is None:
            raise ModelError(_("The model {model!r} can't be run here: no models are set up.").format(model=model))
        return self.engine


def _work_off(waiting: queue.SimpleQueue[tuple[Future[R], T]], function: Callable[[T], R]) -> None:
    lower_priority()
    while True:
        try:
            end, item = waiting.get_nowait()
        except queue.Empty:
            return
        if not end.set_running_or_notify_cancel():
            continue
        try:
            end.set_result(function(item))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            end.set_exception(error)
