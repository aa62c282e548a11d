"""Search all actions: type a part of a name, Enter does it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from editor.core.i18n import _
from editor.ui.actions import Actions


class SearchDialog(QDialog):
    """methods: entries of the menu that lists them, which are no actions of the window."""

    def __init__(self, parent: QWidget, actions: Actions, methods: Sequence[QAction] = ()) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Search all actions"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._entries = [
            *((actions[spec.id], spec.tip, actions.shown_key(spec.id)) for spec in actions.specs.values()),
            *((method, method.toolTip(), "") for method in methods),
        ]
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
        first, named, explained = [], [], []
        for number, (action, tip, _key) in enumerate(self._entries):
            name = action.text().casefold()
            if not action.isEnabled():
                continue
            if name.startswith(text.casefold()):
                first.append(number)
            elif all(word in name for word in words):
                named.append(number)
            elif all(word in f"{name} {tip.casefold()}" for word in words):
                explained.append(number)
        self.list.clear()
        for number in (*first, *named, *explained):
            action, tip, key = self._entries[number]
            item = QListWidgetItem(f"{action.text()}   {key}" if key else action.text())
            item.setToolTip(tip)
            item.setData(Qt.ItemDataRole.UserRole, number)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _do(self) -> None:
        item = self.list.currentItem()
        action = self._entries[item.data(Qt.ItemDataRole.UserRole)][0] if item is not None else None
        self.accept()
        if action is not None:
            action.trigger()
