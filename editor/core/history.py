"""The history of a document as a tree: undone steps are kept as branches, nothing is lost by going on from the past.

States share tiles, so a step costs what it changed. Tiles that only the past needs are dropped from memory beyond a
budget, as soon as a store holds them.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from editor.core.document import DocumentState
from editor.core.tiles import Tile


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """A finished change: the state it led to, what it is called, and how it was made."""

    id: int
    parent: int | None
    label: str
    state: DocumentState
    record: Mapping[str, Any] | None = None
    time: float = field(default_factory=time.time)


class History:
    """Steps by id, the current one, and for each step the child that redo goes to."""

    def __init__(self, first: Step, budget_bytes: int = 1 << 30) -> None:
        self._steps: dict[int, Step] = {first.id: first}
        self._current = first
        self._redo: dict[int, int] = {}
        self._past: deque[Tile] = deque()
        self._past_bytes = 0
        self.budget_bytes = budget_bytes

    @property
    def current(self) -> Step:
        return self._current

    @property
    def steps(self) -> Mapping[int, Step]:
        """All steps by id, in the order in which they were made."""
        return self._steps

    def add(self, label: str, state: DocumentState, record: Mapping[str, Any] | None = None) -> Step:
        """Appends a step after the current one and goes there."""
        step = Step(max(self._steps) + 1, self._current.id, label, state, record)
        self.insert(step)
        self.go_to(step.id)
        return step

    def insert(self, step: Step) -> None:
        """Adds a step without going there, as when a document is brought back from a store."""
        self._steps[step.id] = step
        if step.parent is not None:
            self._redo[step.parent] = step.id
            self._leave(self._steps[step.parent].state, step.state)

    def go_to(self, step_id: int) -> Step:
        """Makes any step the current one; redo will lead back along the way that is walked."""
        step = self._steps[step_id]
        child = step
        while child.parent is not None:
            self._redo[child.parent] = child.id
            child = self._steps[child.parent]
        self._leave(self._current.state, step.state)
        self._current = step
        self._trim()
        return step

    def undo_step(self) -> Step | None:
        """The step that undo would go to."""
        parent = self._current.parent
        return self._steps[parent] if parent is not None else None

    def redo_step(self) -> Step | None:
        """The step that redo would go to."""
        child = self._redo.get(self._current.id)
        return self._steps[child] if child is not None else None

    def line(self) -> Iterator[Step]:
        """From the first step over the current one to the end of the branch that redo follows."""
        back: list[Step] = []
        step: Step | None = self._current
        while step is not None:
            back.append(step)
            step = self._steps[step.parent] if step.parent is not None else None
        yield from reversed(back)
        ahead = self._redo.get(self._current.id)
        while ahead is not None:
            yield self._steps[ahead]
            ahead = self._redo.get(ahead)

    def children(self, step_id: int) -> list[Step]:
        return [step for step in self._steps.values() if step.parent == step_id]

    def _leave(self, before: DocumentState, after: DocumentState) -> None:
        kept = {id(tile) for tile in after.tiles()}
        for tile in before.tiles():
            if id(tile) not in kept:
                self._past.append(tile)
                self._past_bytes += tile.nbytes

    def _trim(self) -> None:
        """Drops the oldest tiles of the past from memory until the budget holds; the store must hold them first."""
        if self._past_bytes <= self.budget_bytes:
            return
        needed = {id(tile) for tile in self._current.state.tiles()}
        for _ in range(len(self._past)):
            if self._past_bytes <= self.budget_bytes:
                return
            tile = self._past.popleft()
            if id(tile) in needed or not tile.resident or tile.release():
                self._past_bytes -= tile.nbytes
            else:
                self._past.append(tile)
