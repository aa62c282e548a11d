"""Search all actions: type a part of a name, Enter does it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from editor.core.i18n import _
from editor.ui.actions import Actions


class SearchDialog(QDialog):
    def __init__(self, parent: QWidget, actions: Actions) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Search all actions"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions = actions
        self.resize(480, 380)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText(_("What do you want to do?"))
        self.line.setToolTip(_("Type a part of the name; arrow keys choose, Enter does it"))
        self.list = QListWidget(self)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setToolTip(_("Actions that can be done now"))
        column = QVBoxLayout(self)
        column.addWidget(self.line)
        column.addWidget(self.list)
        self.line.installEventFilter(self)
        self.line.textChanged.connect(self._filter)
        self.list.itemClicked.connect(lambda _item: self._do())
        self._filter("")
        self.line.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            # Before the window's own Enter is asked.
            event.accept()
            return True
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                step = 1 if event.key() == Qt.Key.Key_Down else -1
                self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + step)))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._do()
                return True
        return super().eventFilter(watched, event)

    def _filter(self, text: str) -> None:
        """Lists what holds all the words: names that begin with them, other names, explanations."""
        words = text.casefold().split()
        first: list[str] = []
        named: list[str] = []
        explained: list[str] = []
        for spec in self._actions.specs.values():
            if not self._actions[spec.id].isEnabled():
                continue
            if spec.text.casefold().startswith(text.casefold()):
                first.append(spec.id)
            elif all(word in spec.text.casefold() for word in words):
                named.append(spec.id)
            elif all(word in f"{spec.text} {spec.tip}".casefold() for word in words):
                explained.append(spec.id)
        self.list.clear()
        for action_id in (*first, *named, *explained):
            spec, key = self._actions.specs[action_id], self._actions.shown_key(action_id)
            item = QListWidgetItem(f"{spec.text}   {key}" if key else spec.text)
            item.setToolTip(spec.tip)
            item.setData(Qt.ItemDataRole.UserRole, action_id)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _do(self) -> None:
        item = self.list.currentItem()
        action = self._actions[item.data(Qt.ItemDataRole.UserRole)] if item is not None else None
        self.accept()
        if action is not None:
            action.trigger()
