"""The canvas."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from editor.core.document import DocumentState, MaskName
from editor.core.geometry import EMPTY, Rect
from editor.core.session import Session
from editor.ui.tools.base import Tool
from editor.ui.tools.brush import BrushTool


class CanvasView(QWidget):
    """Skeleton: the interface that the window builds on."""

    view_changed = Signal()
    cursor_moved = Signal(float, float)
    stroke_finished = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tool: Tool = BrushTool()
        self._zoom = 1.0

    def set_session(self, session: Session | None) -> None:
        """Shows another document, fitted."""

    def show_state(self, state: DocumentState | None) -> None:
        """Shows another state of the document at the same place; None the session's own."""

    def show_split(self, left: DocumentState | None) -> None:
        """Shows `left` to the left of a divider that can be dragged; None ends it."""

    @property
    def tool(self) -> Tool:
        return self._tool

    def set_tool(self, tool: Tool) -> None:
        self._tool = tool

    def set_painted(self, name: MaskName) -> None:
        """Which mask the strokes go to."""

    def set_tint(self, color: QColor) -> None:
        """The colour of the mask."""

    def set_masks_visible(self, visible: bool) -> None: ...

    def set_busy(self, rect: Rect | None) -> None:
        """A shimmer in the mask within `rect` while a job runs; None ends it."""

    @property
    def zoom(self) -> float:
        """Device pixels per image pixel."""
        return self._zoom

    @zoom.setter
    def zoom(self, factor: float) -> None:
        self.zoom_to(factor)

    def zoom_fit(self) -> None: ...

    def zoom_to(self, factor: float, centre: QPointF | None = None) -> None:  # noqa: ARG002
        """Zooms; `centre`, in the widget's pixels, stays on its image point (None: the view's middle)."""
        self._zoom = factor

    def zoom_step(self, direction: int) -> None: ...

    def document_rect_visible(self) -> Rect:
        """The part of the picture that is in view."""
        return EMPTY
