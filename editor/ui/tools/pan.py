"""The hand: moves the picture under the view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import Qt

from editor.core.i18n import _
from editor.ui.tools.base import Drag, Stage, Tool


@dataclass(frozen=True, slots=True)
class NoOptions:
    """A tool without options."""


class PanTool(Tool):
    """Keeps the image point that was pressed under the pointer."""

    id: ClassVar[str] = "pan"
    shortcut: ClassVar[str] = "H"
    cursor: ClassVar[Qt.CursorShape] = Qt.CursorShape.OpenHandCursor

    def __init__(self) -> None:
        super().__init__(NoOptions())

    @property
    def title(self) -> str:
        return _("Hand")

    def drag(self, stage: Stage) -> Drag:
        start = event = yield
        while event.kind != "release":
            event = yield
            # The event's place is in image pixels of the view as it is now, moved by the pans before.
            stage.pan_by(event.x - start.x, event.y - start.y)
