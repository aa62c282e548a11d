"""The menu bar, from the actions by their ids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QMenuBar

from editor.core.document import MASKS
from editor.core.i18n import _
from editor.ui.actions import Actions

if TYPE_CHECKING:
    from editor.host.registry import Registry


class Menus:
    """Fills a menu bar; the lists of recent files and of methods are made anew when they are opened."""

    def __init__(
        self,
        bar: QMenuBar,
        actions: Actions,
        recent: Callable[[], list[Path]],
        open_file: Callable[[Path], None],
        tools: tuple[str, ...],
    ) -> None:
        self._recent = recent
        self._open_file = open_file
        menu = self._menu(bar, _("File"))
        actions.fill(menu, "file.open")
        self.recent = menu.addMenu(_("Open recent"))
        self.recent.aboutToShow.connect(self._list_recent)
        actions.fill(menu, "", "file.save", "file.save_as", "file.export", "", "file.close", "file.quit")
        menu = self._menu(bar, _("Edit"))
        actions.fill(menu, "edit.undo", "edit.redo", "", *tools, "", "edit.models", "edit.preferences", "edit.keys")
        menu = self._menu(bar, _("Mask"))
        actions.fill(menu, "mask.clear", "mask.all", "mask.invert", "mask.grow", "mask.feather", "")
        self._painted = QActionGroup(menu)
        for name in MASKS:
            self._painted.addAction(actions[f"mask.paint_{name}"])
        actions.fill(menu, *(f"mask.paint_{name}" for name in MASKS), "")
        actions.fill(menu, "mask.show", "mask.tint", "", "mask.load", "mask.save")
        menu = self._menu(bar, _("View"))
        actions.fill(menu, "view.fit", "view.actual", "view.in", "view.out", "", "view.original", "view.split", "")
        self.panels = menu.addMenu(_("Panels"))
        actions.fill(menu, "view.panels", "view.full")
        menu = self._menu(bar, _("Repair"))
        actions.fill(menu, "repair.run", "repair.again", "repair.cancel", "", "repair.previous", "repair.next", "")
        self.methods = menu.addMenu(_("Method"))
        actions.fill(menu, "repair.preview", "repair.learn", "repair.tune")
        menu = self._menu(bar, _("Help"))
        actions.fill(menu, "help.search", "help.keys", "", "help.about")

    def list_methods(self, registry: Registry, chosen: str, choose: Callable[[str], None]) -> None:
        """Lists the methods; those that could not be loaded are greyed."""
        self.methods.clear()
        group = QActionGroup(self.methods)
        for plugin in registry.plugins.values():
            entry = self.methods.addAction(_(plugin.title))
            entry.setToolTip(_(plugin.summary))
            entry.setCheckable(True)
            entry.setChecked(plugin.id == chosen)
            entry.setData(plugin.id)
            group.addAction(entry)
            entry.triggered.connect(lambda _checked, plugin_id=plugin.id: choose(plugin_id))
        for name, reason in registry.errors.items():
            entry = self.methods.addAction(_("{name}: not loaded").format(name=name))
            entry.setToolTip(reason)
            entry.setEnabled(False)

    def mark_method(self, plugin_id: str) -> None:
        """Checks the method that is chosen now."""
        for entry in self.methods.actions():
            if entry.data() == plugin_id:
                entry.setChecked(True)

    def _menu(self, bar: QMenuBar, title: str) -> QMenu:
        menu = bar.addMenu(title)
        menu.setToolTipsVisible(True)
        return menu

    def _list_recent(self) -> None:
        self.recent.clear()
        for path in self._recent():
            entry = self.recent.addAction(path.name)
            entry.setToolTip(str(path))
            entry.triggered.connect(lambda _checked=False, path=path: self._open_file(path))
        self.recent.setToolTipsVisible(True)
        if self.recent.isEmpty():
            self.recent.addAction(_("No file opened yet")).setEnabled(False)
