"""The magnifying glass."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Qt

from editor.core.i18n import _
from editor.ui.tools.base import Drag, Stage, Tool
from editor.ui.tools.pan import NoOptions

_CLICK_FACTOR = 1.5
# Screen pixels to the right that double the zoom, and those that still count as a click.
_DOUBLING_PX = 120
_CLICK_PX = 4


class ZoomTool(Tool):
    """A click zooms in, with Alt out; a drag to the right or left zooms continuously; always around the press."""

    id: ClassVar[str] = "zoom"
    shortcut: ClassVar[str] = "Z"
    cursor: ClassVar[Qt.CursorShape] = Qt.CursorShape.CrossCursor

    def __init__(self) -> None:
        super().__init__(NoOptions())

    @property
    def title(self) -> str:
        return _("Zoom")

    def drag(self, stage: Stage) -> Drag:
        start = event = yield
        dragged = False
        while event.kind != "release":
            event = yield
            # The pressed point stays put, so screen distances from it are image distances times the zoom of now.
            way_px = (event.x - start.x) * event.view_zoom
            dragged = dragged or abs(way_px) > _CLICK_PX
            if dragged:
                stage.zoom_at(start.view_zoom * 2 ** (way_px / _DOUBLING_PX) / event.view_zoom, start.x, start.y)
        if not dragged:
            stage.zoom_at(1 / _CLICK_FACTOR if start.alt else _CLICK_FACTOR, start.x, start.y)
