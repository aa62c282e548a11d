"""The window of the models panel, which stays beside the main one and remembers its place."""

from __future__ import annotations

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from editor.core.i18n import _
from editor.host.settings import Settings
from editor.ui.model_work import ModelWork
from editor.ui.panels.models import ModelsPanel

_GEOMETRY = "models.geometry"


class ModelsWindow(QDialog):
    """Closing it only hides it: what is being got goes on."""

    def __init__(self, work: ModelWork, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Models"))
        self._settings = settings
        self.panel = ModelsPanel(work, settings, self)
        column = QVBoxLayout(self)
        column.addWidget(self.panel)
        self.setMinimumSize(420, 300)
        self.resize(620, 640)
        geometry = settings.get(_GEOMETRY, "")
        if geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))

    def hideEvent(self, event: QHideEvent) -> None:
        self._settings.set(_GEOMETRY, bytes(self.saveGeometry().toBase64().data()).decode("ascii"))
        super().hideEvent(event)
