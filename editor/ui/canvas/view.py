"""The canvas: what CanvasSurface shows, under the hand of a tool."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from editor.core.document import DocumentState, MaskName
from editor.core.geometry import EMPTY, Rect
from editor.core.session import Session
from editor.core.tiles import TileWriter
from editor.host.regions import mask_box
from editor.ui.canvas.drags import Dragging, DragStage, adjusting, dividing
from editor.ui.canvas.marks import BrushMark, paint_sketch
from editor.ui.canvas.surface import CanvasSurface
from editor.ui.tools.base import Drag, Kind, PointerEvent, Sketch, Tool
from editor.ui.tools.brush import BrushTool
from editor.ui.tools.pan import PanTool

_WHEEL_FACTOR = 1.25
_WHEEL_NOTCH = 120
_DIVIDER_GRIP_PX = 10

Button = Qt.MouseButton
Modifier = Qt.KeyboardModifier
Shape = Qt.CursorShape


class CanvasView(CanvasSurface):
    """Shows a session and hands the pointer to a tool.

    Beside the tool's own drags: wheel zooms, Space-drag and the middle button pan, Alt + right-drag changes size and
    hardness, the divider of a split can be dragged, Esc gives a drag up.
    """

    cursor_moved = Signal(float, float)
    """The pointer's place in image pixels."""
    stroke_finished = Signal(str)
    """A tool made a step of the history; its label."""
    tool_begun = Signal()
    """The tool is about to begin a drag of its own; not for a pan, the divider, or a change of its size."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tool: Tool = BrushTool()
        self._painted: MaskName = "mask"
        self._drag: Dragging | None = None
        self._stage: DragStage | None = None
        self._sketch: Sketch | None = None
        self._pointer: QPointF | None = None
        self._held_mark_at: QPointF | None = None
        self._mark: BrushMark | None = None
        self._space = False
        self._tool.options_changed.connect(self._place_mark)
        self.view_changed.connect(self._place_mark)
        self.view_changed.connect(self._tell_pointer)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._shape_cursor()

    def set_session(self, session: Session | None) -> None:
        self.cancel_drag()
        self._tool.forget()
        super().set_session(session)

    @property
    def tool(self) -> Tool:
        return self._tool

    def set_tool(self, tool: Tool) -> None:
        """Puts another tool under the pointer; a drag under way is given up."""
        self.cancel_drag()
        self._tool.options_changed.disconnect(self._place_mark)
        self._tool = tool
        tool.options_changed.connect(self._place_mark)
        self._place_mark()

    def set_painted(self, name: MaskName) -> None:
        """Which mask strokes go to: "mask" (tinted), "include" (green) or "exclude" (red)."""
        self.cancel_drag()
        self._painted = name

    def cancel_drag(self) -> bool:
        """Gives up the drag under way, which leaves nothing behind; says whether there was one."""
        if self._drag is None:
            return False
        self._drag.cancel()
        return True

    def reveal(self, rect: Rect) -> None:
        # Not in the middle of a stroke, which would go on elsewhere.
        if self._drag is None:
            super().reveal(rect)

    def zoom_actual(self) -> None:
        """Goes to 100 %: what is under the pointer stays there; without a pointer the mask comes into the middle."""
        box = mask_box(self._session.state.mask) if self._session is not None else EMPTY
        if self._pointer is None and not box.empty:
            self.look_at((box.left + box.right) / 2, (box.top + box.bottom) / 2, 1.0)
        else:
            self.zoom_to(1.0, self._pointer)

    # What a drag does (the Board of editor.ui.canvas.drags)

    def show_preview(self, name: MaskName, writer: TileWriter, dirty: Rect) -> None:
        if self._scene is not None:
            self.hold_finishing()
            self.update_device(self._scene.preview(name, writer, dirty))

    def show_sketch(self, sketch: Sketch | None) -> None:
        self._sketch = sketch
        self.update()

    def pan_image(self, dx: float, dy: float) -> None:
        factor = self.zoom / self.devicePixelRatioF()
        self.pan_by_pixels(dx * factor, dy * factor)

    def zoom_image(self, factor: float, x: float, y: float) -> None:
        self.zoom_by(factor, self.widget_point(x, y))

    def committed(self, label: str) -> None:
        self.stroke_finished.emit(label)

    # Events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._press(event.position(), event.button(), event.modifiers(), 1.0):
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._move(event.position(), event.buttons(), event.modifiers(), 1.0)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._release(event.position(), event.button(), event.modifiers(), 1.0)

    def tabletEvent(self, event: QTabletEvent) -> None:
        kind, place, pressure = event.type(), event.position(), event.pressure()
        if kind == QEvent.Type.TabletPress:
            self._press(place, event.button(), event.modifiers(), pressure)
        elif kind == QEvent.Type.TabletMove:
            self._move(place, event.buttons(), event.modifiers(), pressure)
        else:
            self._release(place, event.button(), event.modifiers(), pressure)
        # Accepted, or Qt would send the same again as a mouse's.
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # With Alt, Qt turns an upright wheel into a sideways one.
        turn = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Modifier.ShiftModifier:
            delta = event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta()
            self.pan_by_pixels(delta.x(), delta.y())
        else:
            self.zoom_by(_WHEEL_FACTOR ** (turn / _WHEEL_NOTCH), event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self._set_space(True)
        elif not (event.key() == Qt.Key.Key_Escape and self.cancel_drag()):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Space:
            super().keyReleaseEvent(event)
        elif not event.isAutoRepeat():
            self._set_space(False)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._set_space(False)
        super().focusOutEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self._place_mark()
        super().leaveEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            # These mean something here before the window's own keys are asked.
            escape = event.key() == Qt.Key.Key_Escape and self._drag is not None
            if escape or event.key() == Qt.Key.Key_Space:
                event.accept()
                return True
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1 + event.value(), event.position())
            return True
        return super().event(event)

    def paint_marks(self, painter: QPainter) -> None:
        if self._sketch is not None and self._scene is not None:
            paint_sketch(painter, self._sketch, self._scene.viewport)
        if self._mark is not None and self._scene is not None:
            self._mark.paint(painter, Rect(0, 0, self._scene.viewport.width, self._scene.viewport.height))

    def _keep_fitted(self) -> None:
        if self._drag is None:
            super()._keep_fitted()

    def _session_changed(self, before: DocumentState, after: DocumentState) -> None:
        if self._stage is not None and not self._stage.committing:
            self.cancel_drag()  # it was begun on a mask that is no longer the current one
        super()._session_changed(before, after)

    # From pointer to drag

    def _press(self, place: QPointF, button: Button, modifiers: Modifier, pressure: float) -> bool:
        if self._drag is not None:
            return True
        self._pointer = place
        drag = self._drag_for(place, button, modifiers)
        if drag is None:
            return False
        self._drag = Dragging(drag, button, self._end_drag)
        self._send("press", place, button, modifiers, pressure)
        self._place_mark()
        return True

    def _move(self, place: QPointF, buttons: Button, modifiers: Modifier, pressure: float) -> None:
        self._pointer = place
        if self._drag is not None:
            self._send("move", place, buttons, modifiers, pressure)
        self._place_mark()
        self._tell_pointer()

    def _tell_pointer(self) -> None:
        if self._pointer is not None and self._scene is not None:
            self.cursor_moved.emit(*self.image_point(self._pointer))

    def _release(self, place: QPointF, button: Button, modifiers: Modifier, pressure: float) -> None:
        if self._drag is not None and button == self._drag.button:
            self._send("release", place, button, modifiers, pressure)

    def _send(self, kind: Kind, place: QPointF, buttons: Button, modifiers: Modifier, pressure: float) -> None:
        assert self._drag is not None, "events go to a drag"
        x, y = self.image_point(place)
        self._drag.send(PointerEvent(kind, x, y, pressure, buttons, modifiers, self.zoom))

    def _drag_for(self, place: QPointF, button: Button, modifiers: Modifier) -> Drag | None:
        """The drag that a press begins."""
        if self._session is None or self._scene is None:
            return None
        self._stage = DragStage(self._session, self._painted, self)
        if button == Button.MiddleButton or (button == Button.LeftButton and self._space):
            return PanTool().drag(self._stage)
        if button == Button.RightButton and modifiers & Modifier.AltModifier and self._tool.outline() is not None:
            self._held_mark_at = place
            return adjusting(self._tool)
        if button != Button.LeftButton:
            return None
        if self._on_divider(place):
            return dividing(self._move_divider)
        self.tool_begun.emit()
        return self._tool.drag(self._stage)

    def _end_drag(self) -> None:
        self._drag = self._stage = self._held_mark_at = None
        if self._sketch is not None:
            self.show_sketch(None)
        if self._scene is not None:
            self.update_device(self._scene.end_preview())
        self._keep_fitted()
        self._place_mark()

    def _set_space(self, down: bool) -> None:
        self._space = down
        self._place_mark()

    def _on_divider(self, place: QPointF) -> bool:
        if self._scene is None or not self._scene.split:
            return False
        return abs(place.x() - self._scene.divider_x / self.devicePixelRatioF()) <= _DIVIDER_GRIP_PX

    def _move_divider(self, x: float) -> None:
        if self._scene is not None:
            self._scene.divider = min(max(self.widget_point(x, 0).x() / max(1, self.width()), 0.0), 1.0)
            self.update()
            self.view_changed.emit()

    # The brush's circle and the pointer's shape

    def _place_mark(self) -> None:
        """Puts the circle where the pointer is, if there is one to show."""
        before, self._mark = self._mark, self._mark_now()
        for mark in (before, self._mark):
            if mark is not None:
                self.update_device(mark.rect)
        self._shape_cursor()

    def _mark_now(self) -> BrushMark | None:
        outline, place = self._tool.outline(), self._held_mark_at or self._pointer
        if outline is None or place is None or self._scene is None or self._space:
            return None
        return BrushMark(outline, self.zoom, *self._device(place))

    def _shape_cursor(self) -> None:
        if self._space or (self._drag is not None and self._drag.button == Button.MiddleButton):
            shape = Shape.ClosedHandCursor if self._drag is not None else Shape.OpenHandCursor
        elif self._pointer is not None and self._drag is None and self._on_divider(self._pointer):
            shape = Shape.SplitHCursor
        elif self._mark is not None and not self._mark.tiny:
            shape = Shape.BlankCursor
        else:
            shape = self._tool.cursor
        if self.cursor().shape() != shape:
            self.setCursor(shape)
