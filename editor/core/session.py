"""One open document: its current state, its history, and the single way to change either."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from editor.core.document import DocumentState
from editor.core.history import History, Step
from editor.core.signal import Signal


class Session:
    """An open document. Not thread-safe: lives in the thread of the window or of the command line.

    changed(before, after): emitted after every change of the current state.
    stepped(step): emitted after a new step was made, before `changed`; a journal listens to it.
    """

    def __init__(self, history: History, path: Path | None = None) -> None:
        self.history = history
        self.path = path
        self.changed: Signal[DocumentState, DocumentState] = Signal()
        self.stepped: Signal[Step] = Signal()
        first = next(iter(history.steps.values()))
        # What a method made is in no file yet.
        self.saved_step: int | None = first.id if first.record is None else None

    @classmethod
    def open(
        cls, state: DocumentState, path: Path | None, label: str, record: Mapping[str, Any] | None = None
    ) -> Session:
        """A session whose history begins with `state`, named `label`.

        record: how the picture was made, if it does not come from a file; it then counts as unsaved.
        """
        return cls(History(Step(0, None, label, state, record)), path)

    @property
    def state(self) -> DocumentState:
        return self.history.current.state

    @property
    def opened(self) -> DocumentState:
        """The state as it was opened, before any step."""
        return next(iter(self.history.steps.values())).state

    @property
    def name(self) -> str:
        """What the picture is called: its file's name, or that of its first layer if it was never a file."""
        return shown(self.path.name) if self.path is not None else self.opened.layers[0].name

    @property
    def modified(self) -> bool:
        """Whether pixels or masks changed since the document was opened or saved."""
        return self.history.current.id != self.saved_step

    def commit(self, state: DocumentState, label: str, record: Mapping[str, Any] | None = None) -> Step:
        """Makes `state` the current one as a new step."""
        before = self.state
        step = self.history.add(label, state, record)
        self.stepped.emit(step)
        self.changed.emit(before, state)
        return step

    def undo(self) -> bool:
        """Goes one step back; False if there is none."""
        return self._go(self.history.undo_step())

    def redo(self) -> bool:
        """Goes one step ahead on the branch last walked; False if there is none."""
        return self._go(self.history.redo_step())

    def go_to(self, step_id: int) -> None:
        self._go(self.history.steps[step_id])

    def _go(self, step: Step | None) -> bool:
        if step is None:
            return False
        before = self.state
        self.history.go_to(step.id)
        self.changed.emit(before, step.state)
        return True


def shown(name: str) -> str:
    """A file's name as text. It may hold bytes that are none; the names of layers and steps go into files that are."""
    return name.encode("utf-8", "replace").decode("utf-8")
