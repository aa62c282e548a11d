"""The presets of the chosen method: a button with a menu of them, and ways to save and delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QInputDialog, QMenu, QToolButton, QWidget

from editor.core.errors import EditorError
from editor.core.i18n import _
from editor.ui import theme

if TYPE_CHECKING:
    from editor.host.presets import Presets
    from editor.sdk.plugin import Plugin


class PresetButton(QToolButton):
    """chosen(params): a preset was picked, an instance of the method's parameters. failed(error): it could not be.

    current: gives the method and the parameters that are shown now.
    """

    chosen = Signal(object)
    failed = Signal(object)

    def __init__(self, presets: Presets, current: Callable[[], tuple[Plugin, object]], parent: QWidget) -> None:
        super().__init__(parent)
        self._presets = presets
        self._current = current
        self.setIcon(theme.icon("bookmark-multiple-outline"))
        self.setToolTip(_("Presets: keep these settings under a name, or take kept ones"))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        menu = QMenu(self)
        menu.aboutToShow.connect(self.list_presets)
        self.setMenu(menu)

    def list_presets(self) -> None:
        """Fills the menu with what is on disk now."""
        menu = self.menu()
        menu.clear()
        plugin, _params = self._current()
        names = self._presets.names(plugin)
        for name in names:
            menu.addAction(name).triggered.connect(lambda _checked=False, name=name: self.take(name))
        if names:
            menu.addSeparator()
        menu.addAction(_("Save as preset…")).triggered.connect(self._ask_name)
        if names:
            delete = menu.addMenu(_("Delete preset"))
            for name in names:
                delete.addAction(name).triggered.connect(lambda _checked=False, name=name: self.delete(name))

    def take(self, name: str) -> None:
        """Picks a preset."""
        plugin, _params = self._current()
        try:
            self.chosen.emit(self._presets.load(plugin, name))
        except EditorError as error:
            self.failed.emit(error)

    def keep(self, name: str) -> None:
        """Saves what is shown under a name, over an older preset of that name."""
        try:
            plugin, params = self._current()
            self._presets.save(plugin, name.strip(), params)
        except EditorError as error:
            self.failed.emit(error)

    def delete(self, name: str) -> None:
        """Takes a preset off the disk."""
        plugin, _params = self._current()
        self._presets.delete(plugin, name)

    def _ask_name(self) -> None:
        dialog = QInputDialog(self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(_("Save as preset"))
        dialog.setLabelText(_("Name"))
        dialog.textValueSelected.connect(self.keep)
        dialog.open()
