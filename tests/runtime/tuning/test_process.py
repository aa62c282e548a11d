"""A trainer in a process of its own, which may die at any time."""

from __future__ import annotations

import os
import queue
import signal
from pathlib import Path

import pytest

from editor.runtime.tuning.events import ENDS, Event, Failed, Finished, Learned, Measured, Rested
from editor.runtime.tuning.folder import RunFolder
from editor.runtime.tuning.process import Process
from editor.runtime.tuning.task import Task
from tests.runtime.tuning import tiny
from tests.runtime.tuning.script import Stage, curve

STEPS = 120


class Listener:
    """A started trainer and what it tells."""

    def __init__(self, task: Task) -> None:
        self._queue: queue.Queue[Event] = queue.Queue()
        self.events: list[Event] = []
        self.process = Process(task, self._queue.put, "en")

    def until(self, *kinds: type) -> Event:
        """The first event of these kinds that was not looked at yet."""
        while True:
            self.events.append(self._queue.get(timeout=250))
            if isinstance(self.events[-1], kinds):
                return self.events[-1]


@pytest.mark.timeout(600)  # torch is loaded twice, and a model exported
def test_a_trainer_that_is_killed_goes_on_from_its_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = tiny.task(tmp_path / "killed", STEPS, checkpoint_s=0.0)
    first = Listener(task)
    first.until(Learned)
    assert first.process.pid is not None
    os.kill(first.process.pid, signal.SIGKILL)
    failed = first.until(*ENDS)
    assert isinstance(failed, Failed)
    assert "can go on from its last checkpoint" in failed.text
    assert failed.cause == "exit code -9"
    first.process.tell("rest")  # nobody hears it
    first.process.close()

    second = Listener(task)
    told_again = second.until(Measured, Learned)
    assert isinstance(told_again, Measured)
    assert told_again.pictures is None
    finished = second.until(*ENDS)
    assert isinstance(finished, Finished)
    assert finished.difference < 1e-4
    assert RunFolder(task.folder).model.stat().st_size > 1000
    second.process.close()

    whole = Stage(monkeypatch).run(tiny.task(tmp_path / "whole", STEPS))
    for found, wanted in zip(curve(second.events), curve(whole.events), strict=True):
        assert found == pytest.approx(wanted, rel=1e-3)


def test_a_trainer_that_is_ended_on_purpose_did_not_fail(tmp_path: Path) -> None:
    one = Listener(tiny.task(tmp_path))
    one.process.kill()
    assert one.until(*ENDS) == Rested(0)
