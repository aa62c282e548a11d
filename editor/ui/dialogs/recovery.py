"""The offer to bring back documents whose editor ended without closing them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from editor.core.i18n import _, ngettext
from editor.host.recovery import Recoverable


class RecoveryDialog(QDialog):
    """wanted(item): bring it back. unwanted(item): throw it away. Closing it leaves all for the next start."""

    wanted = Signal(object)
    unwanted = Signal(object)

    def __init__(self, parent: QWidget, items: Sequence[Recoverable]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Bring back unsaved work"))
        self.setMinimumWidth(520)
        text = QLabel(_("Kintsugi ended without closing these photos. Their steps were kept."), self)
        text.setWordWrap(True)
        self.list = QListWidget(self)
        self.list.setToolTip(_("Choose the photo to bring back"))
        for item in items:
            entry = QListWidgetItem(_describe(item))
            entry.setToolTip(str(item.path) if item.path is not None else item.title)
            entry.setData(Qt.ItemDataRole.UserRole, item)
            self.list.addItem(entry)
        self.list.setCurrentRow(0)
        self.list.setMaximumHeight(140)
        row = QHBoxLayout()
        self.recover_button = self._button(_("Bring back"), _("Open the photo with all its steps"), self._recover)
        self.recover_button.setDefault(True)
        self.discard_button = self._button(_("Throw away"), _("Delete the kept steps for good"), self._discard)
        later = self._button(_("Later"), _("Ask again at the next start"), self.reject)
        for button in (self.recover_button, self.discard_button):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(later)
        column = QVBoxLayout(self)
        column.addWidget(text)
        column.addWidget(self.list)
        column.addLayout(row)

    def _button(self, text: str, tip: str, slot: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.clicked.connect(slot)
        return button

    def _recover(self) -> None:
        entry = self.list.currentItem()
        if entry is not None:
            self.accept()
            self.wanted.emit(entry.data(Qt.ItemDataRole.UserRole))

    def _discard(self) -> None:
        entry = self.list.takeItem(self.list.currentRow())
        if entry is not None:
            self.unwanted.emit(entry.data(Qt.ItemDataRole.UserRole))
        if self.list.count() == 0:
            self.reject()


def _describe(item: Recoverable) -> str:
    steps = ngettext("{count} step", "{count} steps", item.steps).format(count=item.steps)
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(item.time))
    return f"{item.title}   {steps if item.steps else _('damaged')}   {when}"
