"""Where things stand in the window: docks and bars, hidden all at once, remembered from one start to the next."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QToolBar, QWidget

from editor.host.settings import Settings

_VERSION = 1
"""Counted up when docks or bars are renamed, so that an old layout is not applied to them."""


class Layout:
    """The panels on the right, the bars at the top and on the left."""

    def __init__(self, window: QMainWindow, settings: Settings) -> None:
        self._window = window
        self._settings = settings
        self._parts: list[QWidget] = []
        self._hidden: list[QWidget] = []
        window.setDockOptions(
            QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AnimatedDocks
        )

    def add_panel(self, name: str, title: str, widget: QWidget, menu: QMenu) -> QDockWidget:
        """Puts a panel below the others on the right."""
        dock = QDockWidget(title, self._window)
        dock.setObjectName(name)
        dock.setWidget(widget)
        self._window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        toggle = dock.toggleViewAction()
        toggle.setToolTip(title)
        menu.addAction(toggle)
        self._parts.append(dock)
        return dock

    def add_bar(self, name: str, title: str, area: Qt.ToolBarArea, menu: QMenu) -> QToolBar:
        """Puts a bar at an edge."""
        bar = QToolBar(title, self._window)
        bar.setObjectName(name)
        bar.setMovable(False)
        self._window.addToolBar(area, bar)
        menu.addAction(bar.toggleViewAction())
        self._parts.append(bar)
        return bar

    def show_panels(self, shown: bool) -> None:
        """Hides everything around the picture, or shows again what was hidden so."""
        if shown:
            for part in self._hidden:
                part.show()
            self._hidden = []
        elif not self._hidden:
            self._hidden = [part for part in self._parts if part.isVisible()]
            for part in self._hidden:
                part.hide()

    def restore(self) -> None:
        """Puts the window where it was; at the first start it fills most of the screen."""
        geometry = self._settings.get("window.geometry", "")
        if geometry:
            self._window.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
        else:
            area = self._window.screen().availableGeometry()
            self._window.resize(round(area.width() * 0.9), round(area.height() * 0.9))
            self._window.move(area.left() + round(area.width() * 0.05), area.top() + round(area.height() * 0.03))
        layout = self._settings.get("window.layout", "")
        if layout:
            self._window.restoreState(QByteArray.fromBase64(layout.encode()), _VERSION)

    def save(self) -> None:
        """Remembers where everything is; panels that are only hidden for the moment count as shown."""
        self.show_panels(True)
        self._settings.set("window.geometry", _text(self._window.saveGeometry()))
        self._settings.set("window.layout", _text(self._window.saveState(_VERSION)))


def _text(data: QByteArray) -> str:
    return bytes(data.toBase64().data()).decode("ascii")
