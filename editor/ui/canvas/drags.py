"""From the pointer's events to a tool: which drag begins, what it is told, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import Qt

from editor.core.document import DocumentState, MaskName
from editor.core.geometry import Rect
from editor.core.session import Session
from editor.core.tiles import TileWriter
from editor.ui.tools.base import Drag, PointerEvent, Sketch, Tool


class Board(Protocol):
    """What a drag changes on the canvas."""

    def show_preview(self, name: MaskName, writer: TileWriter, dirty: Rect) -> None:
        """An unfinished mask in place of the finished one."""

    def show_sketch(self, sketch: Sketch | None) -> None:
        """A line over the picture."""

    def pan_image(self, dx: float, dy: float) -> None:
        """Moves the picture by image pixels."""

    def zoom_image(self, factor: float, x: float, y: float) -> None:
        """Multiplies the zoom around an image point."""

    def committed(self, label: str) -> None:
        """A step was made."""


class DragStage:
    """The Stage of one drag (see editor.ui.tools.base)."""

    def __init__(self, session: Session, painted: MaskName, board: Board) -> None:
        self._session = session
        self._painted: MaskName = painted
        self._board = board
        self.committing = False

    @property
    def state(self) -> DocumentState:
        return self._session.state

    @property
    def painted(self) -> MaskName:
        return self._painted

    def preview(self, writer: TileWriter, dirty: Rect) -> None:
        self._board.show_preview(self._painted, writer, dirty)

    def sketch(self, sketch: Sketch | None) -> None:
        self._board.show_sketch(sketch)

    def commit(self, state: DocumentState, label: str) -> None:
        self.committing = True
        self._session.commit(state, label)
        self._board.committed(label)

    def pan_by(self, dx: float, dy: float) -> None:
        self._board.pan_image(dx, dy)

    def zoom_at(self, factor: float, x: float, y: float) -> None:
        self._board.zoom_image(factor, x, y)


class Dragging:
    """One drag under way, from its press to its release."""

    def __init__(self, drag: Drag, button: Qt.MouseButton, end: Callable[[], None]) -> None:
        self.button = button
        self._drag = drag
        self._end = end
        next(drag)

    def send(self, event: PointerEvent) -> None:
        """Hands an event on; the drag ends with the release, or when the tool is done before."""
        try:
            self._drag.send(event)
        except StopIteration:
            self._end()
        except BaseException:
            self._end()
            raise
        else:
            if event.kind == "release":
                self.cancel()

    def cancel(self) -> None:
        """Gives the drag up; a tool leaves nothing behind."""
        self._drag.close()
        self._end()


def adjusting(tool: Tool) -> Drag:
    """Alt + right-drag: size and hardness by the pointer's way over the screen; given up, the options are as before."""
    before = tool.options
    done = False
    try:
        start = event = yield
        while event.kind != "release":
            event = yield
            dx, dy = event.x - start.x, event.y - start.y
            tool.adjust(before, dx * event.view_zoom, dy * event.view_zoom)
        done = True
    finally:
        if not done:
            tool.options = before


def dividing(move_to: Callable[[float], None]) -> Drag:
    """Drags the divider of a split to image column x."""
    event = yield
    while event.kind != "release":
        event = yield
        move_to(event.x)
