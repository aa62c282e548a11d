"""A trainer in the test's own thread: what it is told, and when, is written down before."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from editor.runtime.tuning import weights, worker
from editor.runtime.tuning.events import Event, Learned, Measured
from editor.runtime.tuning.task import Task
from editor.sdk.recipe import Export
from tests.runtime.tuning import tiny


class Script:
    """The trainer's end of a pipe.

    commands: what arrives while it makes a step, counted from 1; 0 is before the first. waiting: what arrives, one
    after another, when it waits for a command; it is the end of the pipe that it finds after the last.
    deaf_from: from the event of this number on nobody listens.
    """

    def __init__(self, commands: dict[int, list[str]], waiting: list[str], deaf_from: int | None) -> None:
        self.events: list[Event] = []
        self.waited_after: list[int] = []
        self.closed = False
        self.step = 0
        self._commands = commands
        self._waiting = waiting
        self._deaf_from = deaf_from
        self._come: list[str] = []
        self.come(0)

    def come(self, step: int) -> None:
        self.step = step
        self._come += self._commands.pop(step, [])

    def poll(self) -> bool:
        if "gone" in self._come:
            raise BrokenPipeError  # Windows says it here, other systems when it is read
        return bool(self._come)

    def recv(self) -> str:
        if self._come:
            command = self._come.pop(0)
        else:
            self.waited_after.append(self.step)
            command = self._waiting.pop(0) if self._waiting else "end"
        if command == "end":
            raise EOFError
        return command

    def send(self, event: Event) -> None:
        if len(self.events) == self._deaf_from:
            raise BrokenPipeError
        self.events.append(pickle.loads(pickle.dumps(event)))

    def close(self) -> None:
        self.closed = True


class Stage:
    """Where trainers run: without the half minute of a real export.

    exported: the weights of each. spoil: steps, counted over all runs, at which the examples are no numbers.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.exported: list[dict[str, Tensor]] = []
        self.spoil: set[int] = set()
        self._step = 0
        self._script: Script | None = None
        patch.setattr(weights, "write", self._write)
        patch.setattr(tiny, "examples", self._wrapped(tiny.examples))

    def run(
        self,
        task: Task,
        commands: dict[int, list[str]] | None = None,
        waiting: list[str] | None = None,
        *,
        deaf_from: int | None = None,
    ) -> Script:
        """Learns to the end, or until the script says so."""
        self._step = 0
        self._script = Script(commands or {}, waiting or [], deaf_from)
        worker.serve(cast("Any", self._script), task)
        assert self._script.closed
        return self._script

    def _wrapped(self, examples: Callable[..., tuple[Tensor, Tensor]]) -> Callable[..., tuple[Tensor, Tensor]]:
        def watched(clean: Tensor, generator: torch.Generator, bank: Tensor | None) -> tuple[Tensor, Tensor]:
            given, wanted = examples(clean, generator, bank)
            if len(clean) == tiny.BATCH:
                self._step += 1
                assert self._script is not None
                self._script.come(self._step)
                if self._step in self.spoil:
                    given = given * torch.nan
            return given, wanted

        return watched

    def _write(self, path: Path, network: nn.Module, _export: Export, _given: Tensor) -> float:
        self.exported.append(copy.deepcopy(network.state_dict()))
        path.write_bytes(b"model")
        return 1e-6


def curve(events: list[Event]) -> list[tuple[int, float]]:
    """Steps and what was found there, without how fast it went."""
    return [
        (event.step, event.loss if isinstance(event, Learned) else event.value)
        for event in events
        if isinstance(event, Learned | Measured)
    ]
