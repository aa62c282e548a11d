"""The history of a document as a tree: undone steps are kept as branches, nothing is lost by going on from the past.

States share tiles, so a step costs what it changed. Tiles that the current state does not need are dropped from memory
beyond a budget, as soon as a store holds them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
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
    """Steps by id, the current one, and for each step the child that redo goes to.

    Belongs to one thread, except for `trim`. budget_bytes: what tiles that the current state does not need may take in
    memory.
    """

    def __init__(self, first: Step, budget_bytes: int = 1 << 30) -> None:
        self._steps: dict[int, Step] = {first.id: first}
        self._current = first
        self._redo: dict[int, int] = {}
        # Every tile of every step once, in the order in which they came; a dict because sets have no order.
        self._tiles: dict[Tile, None] = {}
        self._tiles_bytes = 0
        self._lock = threading.Lock()
        self.budget_bytes = budget_bytes
        self._enter(first.state)

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
        self._enter(step.state)

    def go_to(self, step_id: int) -> Step:
        """Makes any step the current one; redo will lead back along the way that is walked."""
        step = self._steps[step_id]
        child = step
        while child.parent is not None:
            self._redo[child.parent] = child.id
            child = self._steps[child.parent]
        self._current = step
        self.trim()
        return step

    def walk(self, step_ids: Sequence[int]) -> None:
        """Goes to each of the steps in turn, so that redo leads along the ways walked last.

        step_ids: at least one; a history that is brought back takes each step once, the one visited last at the end.
        """
        self._redo.clear()
        # Backwards, up to where a later walk came from: forwards every step would cost its whole line.
        for step_id in reversed(step_ids):
            child = self._steps[step_id]
            while child.parent is not None and child.parent not in self._redo:
                self._redo[child.parent] = child.id
                child = self._steps[child.parent]
        self.go_to(step_ids[-1])

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

    def trim(self) -> None:
        """Drops the oldest tiles beyond the budget from memory; only those that a store holds. Safe in any thread.

        Called on every move, and by a store when it holds more tiles than before.
        """
        with self._lock:
            if self._tiles_bytes <= self.budget_bytes:
                return
            needed = set(self._current.state.tiles())
            past = [tile for tile in self._tiles if tile.resident and tile not in needed]
            excess_bytes = sum(tile.nbytes for tile in past) - self.budget_bytes
            for tile in past:
                if excess_bytes <= 0:
                    return
                if tile.release():
                    excess_bytes -= tile.nbytes

    def _enter(self, state: DocumentState) -> None:
        with self._lock:
            for tile in state.tiles():
                if tile not in self._tiles:
                    self._tiles[tile] = None
                    self._tiles_bytes += tile.nbytes
