"""The history panel: every step, the branches that were left indented below the step they part from."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QBrush, QFont
from PySide6.QtWidgets import QListView, QWidget

from editor.core.document import DocumentState
from editor.core.history import History, Step
from editor.core.i18n import _
from editor.core.session import Session
from editor.ui import theme

_INDENT = "      "


@dataclass(frozen=True, slots=True)
class Row:
    """depth: 0 on the current line, more on branches off it. ahead: it was undone, redo would lead there."""

    step: Step
    depth: int
    ahead: bool


def rows(history: History) -> list[Row]:
    """The current line from the first step on, each step's other branches after it."""
    children: dict[int | None, list[Step]] = {}
    for step in history.steps.values():
        children.setdefault(step.parent, []).append(step)
    line = list(history.line())
    on_line = {step.id for step in line}
    found: list[Row] = []
    ahead = False
    for step in line:
        found.append(Row(step, 0, ahead))
        ahead = ahead or step.id == history.current.id
        branches = [(child, 1) for child in reversed(children.get(step.id, [])) if child.id not in on_line]
        while branches:
            branch, depth = branches.pop()
            found.append(Row(branch, depth, ahead=True))
            forks = children.get(branch.id, [])
            # A branch's own first child goes on at its depth, as on the line; later ones part from it.
            branches.extend((fork, depth + (fork is not forks[-1])) for fork in forks)
    return found


class HistoryModel(QAbstractListModel):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._current = -1

    def show_history(self, history: History | None) -> None:
        """Shows a history as it is now."""
        self.beginResetModel()
        self._rows = rows(history) if history is not None else []
        self._current = history.current.id if history is not None else -1
        self.endResetModel()

    def step(self, row: int) -> Step:
        return self._rows[row].step

    @property
    def current_row(self) -> int:
        return next((number for number, row in enumerate(self._rows) if row.step.id == self._current), -1)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _INDENT * row.depth + ("↳ " if row.depth else "") + row.step.label
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(row.step)
        if role == Qt.ItemDataRole.ForegroundRole and row.ahead:
            return QBrush(theme.FAINT)
        if role == Qt.ItemDataRole.FontRole and row.step.id == self._current:
            font = QFont()
            font.setBold(True)
            return font
        return None


class HistoryPanel(QListView):
    """A click goes to a step."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session: Session | None = None
        self.steps = HistoryModel(self)
        self.setModel(self.steps)
        self.setUniformItemSizes(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setToolTip(_("Click a step to go there; nothing is lost"))
        self.clicked.connect(lambda index: self.chosen.emit(self.steps.step(index.row()).id))
        self.activated.connect(lambda index: self.chosen.emit(self.steps.step(index.row()).id))

    def set_session(self, session: Session | None) -> None:
        if self._session is not None:
            self._session.changed.disconnect(self._refresh)
        self._session = session
        if session is not None:
            session.changed.connect(self._refresh)
        self._show()

    def _refresh(self, _before: DocumentState, _after: DocumentState) -> None:
        self._show()

    def _show(self) -> None:
        self.steps.show_history(self._session.history if self._session is not None else None)
        index = self.steps.index(self.steps.current_row)
        self.setCurrentIndex(index)
        self.scrollTo(index)


def _tip(step: Step) -> str:
    lines = [f"{step.label}, {time.strftime('%H:%M:%S', time.localtime(step.time))}"]
    if step.record:
        lines.append(_("Method {plugin}, seed {seed}").format(**{"plugin": "", "seed": "", **step.record}))
        lines.extend(f"{name} = {value}" for name, value in step.record.get("params", {}).items())
    return "\n".join(lines)
