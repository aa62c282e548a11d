"""All keys, and binding them anew."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from editor.core.i18n import _
from editor.ui.actions import Actions


class KeysDialog(QDialog):
    """A list of all actions with their keys; the chosen one's can be changed below it."""

    def __init__(self, parent: QWidget, actions: Actions) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Keys"))
        self.resize(620, 640)
        self._actions = actions
        find = QLineEdit(self)
        find.setPlaceholderText(_("Search"))
        find.setToolTip(_("Show only actions whose name or key holds this"))
        find.setClearButtonEnabled(True)
        find.textChanged.connect(self._filter)
        self.tree = QTreeWidget(self)
        self.tree.setHeaderLabels([_("Action"), _("Keys"), _("What it does")])
        self.tree.setRootIsDecorated(False)
        self.tree.setToolTip(_("Choose an action to change its key"))
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.currentItemChanged.connect(lambda _new, _old: self._chosen())
        self.edit = QKeySequenceEdit(self)
        self.edit.setToolTip(_("Click and press the new key"))
        self.edit.setMaximumSequenceLength(1)
        self.edit.keySequenceChanged.connect(lambda _keys: self._warn())
        self.set_button = self._button(_("Set"), _("Use this key for the chosen action"), self._set)
        none = self._button(_("No key"), _("Take the key away from the action"), self._take)
        reset = self._button(_("Reset all"), _("Give every action the key it came with"), self._reset)
        self.hint = QLabel(self)
        self.hint.setObjectName("hint")
        row = QHBoxLayout()
        for widget in (self.edit, self.set_button, none, reset):
            row.addWidget(widget)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        close.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(find)
        column.addWidget(self.tree, 1)
        column.addLayout(row)
        column.addWidget(self.hint)
        column.addWidget(close)
        self._list()

    def _button(self, text: str, tip: str, slot: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.setAutoDefault(False)
        button.clicked.connect(slot)
        return button

    @property
    def chosen(self) -> str | None:
        """The id of the action chosen in the list."""
        item = self.tree.currentItem()
        return item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None

    def choose(self, action_id: str) -> None:
        for row in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(row)
            if item is not None and item.data(0, Qt.ItemDataRole.UserRole) == action_id:
                self.tree.setCurrentItem(item)

    def _list(self) -> None:
        chosen = self.chosen
        self.tree.clear()
        for spec in self._actions.specs.values():
            keys = ", ".join(_native(key) for key in self._actions.keys(spec.id))
            item = QTreeWidgetItem([spec.text, keys, spec.tip])
            item.setToolTip(2, spec.tip)
            item.setData(0, Qt.ItemDataRole.UserRole, spec.id)
            self.tree.addTopLevelItem(item)
        if chosen is not None:
            self.choose(chosen)

    def _filter(self, text: str) -> None:
        wanted = text.casefold()
        for row in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(row)
            if item is not None:
                item.setHidden(wanted not in f"{item.text(0)} {item.text(1)}".casefold())

    def _chosen(self) -> None:
        chosen = self.chosen
        keys = self._actions.keys(chosen) if chosen is not None else ()
        self.edit.setKeySequence(QKeySequence(keys[0]) if keys else QKeySequence())
        self._warn()

    def _warn(self) -> None:
        owner = self._actions.owner(self._typed()) if self._typed() else None
        taken = owner is not None and owner != self.chosen
        text = _("{key} is now “{action}”; setting it takes it away there.")
        self.hint.setText(
            text.format(key=_native(self._typed()), action=self._actions.specs[owner].text)
            if taken and owner is not None
            else ""
        )
        self.set_button.setEnabled(self.chosen is not None and bool(self._typed()))

    def _typed(self) -> str:
        return self.edit.keySequence().toString(QKeySequence.SequenceFormat.PortableText)

    def _set(self) -> None:
        chosen = self.chosen
        if chosen is not None:
            self._actions.bind(chosen, (self._typed(),))
            self._list()

    def _take(self) -> None:
        chosen = self.chosen
        if chosen is not None:
            self._actions.bind(chosen, ())
            self._list()

    def _reset(self) -> None:
        self._actions.reset()
        self._list()


def _native(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
