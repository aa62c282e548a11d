"""The half of the canvas that shows: a document's state at any zoom, masks over it, a split, a shimmer."""

from __future__ import annotations

import math
import time
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from editor.core.document import DocumentState
from editor.core.geometry import EMPTY, Rect, Size
from editor.core.session import Session
from editor.ui import theme
from editor.ui.canvas.grid import MAX_ZOOM, MIN_ZOOM, STOPS, Scale, Viewport
from editor.ui.canvas.marks import paint_divider
from editor.ui.canvas.scene import Scene
from editor.ui.canvas.shimmer import Shimmer

# How long the finishing work may keep the event loop at a time.
_SLICE_S = 0.008
# It waits for this pause in a zoom or a stroke, or it would be in the way of their next frame.
_PAUSE_MS = 40


class CanvasSurface(QWidget):
    """Shows a session. Inside it counts in device pixels; where Qt gives or takes places, in the widget's pixels."""

    view_changed = Signal()
    """The zoom or the part in view changed, or the divider of a split was moved."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session: Session | None = None
        self._scene: Scene | None = None
        self._override: DocumentState | None = None
        self._tint = QColor(theme.TINT)
        self._masks_visible = True
        self._fits = True
        self._covered = 0
        self._wished_zoom = 1.0
        self._anchor: tuple[float, float, float, float] | None = None
        self._requested = QRect()
        self._shimmer = Shimmer(self._update_shimmer, self)
        self._finishing = QTimer(self)
        self._finishing.setSingleShot(True)
        self._finishing.timeout.connect(self._finish)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(64, 64)

    # What is shown

    def set_session(self, session: Session | None) -> None:
        """Shows another document, fitted into the view; None shows nothing."""
        if self._session is not None:
            self._session.changed.disconnect(self._session_changed)
        self._session = session
        self._override = None
        self._scene = None
        self._shimmer.set_rect(None)
        if session is not None:
            session.changed.connect(self._session_changed)
            self._make_scene(session.state)
        self.update()
        self.view_changed.emit()

    def show_state(self, state: DocumentState | None) -> None:
        """Shows the pixels of another state (a candidate, the original) at the same place; None the session's own."""
        self._override = state
        if self._session is not None:
            self._show(state or self._session.state)

    def show_masks(self, state: DocumentState | None) -> None:
        """Shows the masks of another state (a candidate that is one) and ends a preview; None the session's own."""
        if self._session is not None and self._scene is not None:
            self._scene.show_masks(state or self._session.state)
            self.update()

    def show_split(self, left: DocumentState | None) -> None:
        """Shows `left` to the left of a divider that can be dragged; None ends it."""
        if self._scene is not None:
            self._scene.show_left(left)
            self.update()

    def set_tint(self, color: QColor) -> None:
        """The colour of the mask."""
        self._tint = QColor(color)
        if self._scene is not None:
            self._scene.set_tint(self._tint)
            self.update()

    def set_masks_visible(self, visible: bool) -> None:
        """Shows the masks' tints or not."""
        self._masks_visible = visible
        if self._scene is not None and self._scene.masks_visible != visible:
            self._scene.masks_visible = visible
            self.update()

    def set_busy(self, rect: Rect | None) -> None:
        """A shimmer over the mask as it is now, within an image rectangle, while a job runs; None ends it."""
        if self._scene is not None and rect != self._shimmer.rect:
            self._scene.set_glow(rect is not None)
            self._shimmer.set_rect(rect)
            self.update()

    def settle(self) -> None:
        """Draws all in view exactly, which otherwise happens little by little when there is nothing else to do."""
        if self._scene is not None:
            self._scene.settle()
            self.repaint()

    # Where it is shown

    @property
    def zoom(self) -> float:
        """Device pixels per image pixel: 1.0 is 100 %."""
        return self._scene.viewport.scale.zoom if self._scene is not None else 1.0

    @zoom.setter
    def zoom(self, factor: float) -> None:
        self.zoom_to(factor)

    def zoom_fit(self) -> None:
        """Shows the whole picture, at 100 % if it is smaller than the view; it stays so when the view is resized."""
        if self._scene is not None:
            self._fits = True
            self._look(self._fitted(self._scene.size))

    def zoom_to(self, factor: float, centre: QPointF | None = None) -> None:
        """Goes to the possible zoom next to `factor`.

        centre: the point of the widget that stays on its image point; None for the middle of what is
            free of the view.
        """
        if self._scene is None:
            return
        viewport = self._scene.viewport
        x, y = self._free_middle() if centre is None else self._device(centre)
        self._wished_zoom = min(max(factor, MIN_ZOOM), MAX_ZOOM)
        image_x, image_y = viewport.to_image(x, y)
        if self._anchor is not None and self._anchor[:2] == (x, y):
            # Rounding to whole device pixels must not add up over many steps around one point.
            image_x, image_y = self._anchor[2:]
        scale = Scale.near(self._wished_zoom)
        if scale != viewport.scale:
            self._fits = False
            self._look(viewport.placed(scale, (image_x, image_y), x, y))
            self._anchor = (x, y, image_x, image_y)

    def zoom_step(self, direction: int) -> None:
        """The next larger (+1) or smaller (-1) of the usual zooms."""
        if direction > 0:
            self.zoom_to(next((stop for stop in STOPS if stop > self.zoom * 1.01), MAX_ZOOM))
        else:
            self.zoom_to(next((stop for stop in reversed(STOPS) if stop < self.zoom / 1.01), MIN_ZOOM))

    def zoom_by(self, factor: float, centre: QPointF) -> None:
        """Multiplies the zoom around a point of the widget; steps too small to see add up."""
        wished = self._wished_zoom if abs(self._wished_zoom / self.zoom - 1) < 0.2 else self.zoom
        self.zoom_to(wished * factor, centre)

    def look_at(self, x: float, y: float, factor: float) -> None:
        """Goes to the possible zoom next to `factor`, with an image point in the middle of what is free of the view."""
        if self._scene is not None:
            viewport = self._scene.viewport
            self._fits, self._wished_zoom = False, factor
            self._look(viewport.placed(Scale.near(factor), (x, y), *self._free_middle()))

    def pan_by_pixels(self, dx: float, dy: float) -> None:
        """Moves the picture by the widget's pixels."""
        if self._scene is not None:
            ratio = self.devicePixelRatioF()
            self._fits = False
            self._look(self._scene.viewport.panned(round(dx * ratio), round(dy * ratio)))

    def set_covered(self, height: int) -> None:
        """Says how much of the view's lower end another widget hides, in the widget's pixels.

        A picture that is fitted is fitted above it from now on; another does not move.
        """
        self._covered = height
        self._keep_fitted()

    def reveal(self, rect: Rect) -> None:
        """Moves the picture up as little as it takes to show what is covered of an image rectangle.

        What is out of view anyway stays so, and the rectangle's upper end stays in view.
        """
        if self._scene is None:
            return
        viewport = self._scene.viewport
        seen = viewport.view_rect(rect).intersect(Rect(0, 0, viewport.width, viewport.height))
        up = min(seen.bottom - viewport.height + self._covered_px(), seen.top)
        if not seen.empty and up > 0:
            self._look(viewport.panned(0, -up))

    def document_rect_visible(self) -> Rect:
        """The image pixels in view."""
        return self._scene.viewport.image_rect(self._scene.size) if self._scene is not None else EMPTY

    def looked_at(self) -> tuple[Rect, tuple[float, float]]:
        """The image pixels in view, of a split those to the right of the divider; and the image point in the middle, of
        a split the one in the middle of the divider.
        """
        if self._scene is None:
            return EMPTY, (0.0, 0.0)
        viewport, seen = self._scene.viewport, self.document_rect_visible()
        x, y = viewport.middle
        if self._scene.split:
            x = self._scene.divider_x
        point = viewport.to_image(x, y)
        if self._scene.split:
            seen = seen.intersect(Rect(math.floor(point[0]), seen.top, seen.right, seen.bottom))
        return seen, point

    def image_point(self, position: QPointF) -> tuple[float, float]:
        """The image point at a point of the widget."""
        x, y = self._device(position)
        return self._scene.viewport.to_image(x, y) if self._scene is not None else (x, y)

    def widget_point(self, x: float, y: float) -> QPointF:
        """The point of the widget at an image point."""
        if self._scene is not None:
            x, y = self._scene.viewport.to_view(x, y)
        return QPointF(x, y) / self.devicePixelRatioF()

    # Painting

    def paint_marks(self, painter: QPainter) -> None:
        """Draws over the picture, in device pixels; for the other half of the canvas."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        scene = self._scene
        if scene is None:
            painter.fillRect(event.rect(), theme.SURROUND)
            painter.end()
            return
        self._requested = QRect()
        scene.draw()
        ratio = self.devicePixelRatioF()
        painter.scale(1 / ratio, 1 / ratio)
        scene.paint(painter, self._device_rect(event.rect()))
        if self._shimmer.rect is not None:
            self._shimmer.paint(painter, scene.viewport.view_rect(self._shimmer.rect), scene.glow)
        if scene.split:
            paint_divider(painter, scene.divider_x, scene.viewport.height)
        self.paint_marks(painter)
        painter.end()
        if not self._finishing.isActive():
            self._finishing.start(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._resized()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._resized()
        return super().event(event)

    def hold_finishing(self) -> None:
        """Leaves the rough parts of the picture as they are while more of the same is about to come."""
        self._finishing.start(_PAUSE_MS)

    def update_device(self, rect: Rect) -> None:
        """Asks for device pixels of the view to be painted anew."""
        ratio = self.devicePixelRatioF()
        left, top = math.floor(rect.left / ratio), math.floor(rect.top / ratio)
        right, bottom = math.ceil(rect.right / ratio), math.ceil(rect.bottom / ratio)
        # One growing rectangle: painting through the region that Qt makes of several costs more than what it saves.
        self._requested = self._requested.united(QRect(left, top, right - left, bottom - top))
        self.update(self._requested)

    def _session_changed(self, _before: DocumentState, after: DocumentState) -> None:
        if self._scene is None:
            return
        self._scene.show_masks(after)
        if self._override is None:
            self._show(after)
        self.update()

    def _show(self, state: DocumentState) -> None:
        assert self._scene is not None, "there is a scene as long as there is a session"
        if state is self._scene.shown:
            return
        if state.size == self._scene.size:
            self._scene.show(state)
            self.update()
        else:
            self._make_scene(state)

    def _make_scene(self, state: DocumentState) -> None:
        assert self._session is not None, "a scene shows a session"
        self._fits = True
        self._scene = Scene(state, self._fitted(state.size), self._tint)
        self._scene.masks_visible = self._masks_visible
        self._scene.show_masks(self._session.state)
        self.update()
        self.view_changed.emit()

    def _look(self, viewport: Viewport) -> None:
        assert self._scene is not None, "a viewport looks at something"
        viewport = viewport.held(self._scene.size)
        self._anchor = None
        if viewport != self._scene.viewport:
            if viewport.scale != self._scene.viewport.scale:
                self.hold_finishing()
            self._scene.viewport = viewport
            self.update()
            self.view_changed.emit()

    def _resized(self) -> None:
        if self._scene is not None:
            self._look(self._scene.viewport.resized(*self._device_size()))
            self._keep_fitted()

    def _keep_fitted(self) -> None:
        """After the room for it has changed."""
        if self._fits:
            self.zoom_fit()

    def _finish(self) -> None:
        """One slice of what the last paint left rough, then of what the next zoom will need."""
        if self._scene is None or not self.isVisible():
            return
        changed = self._scene.refine(time.perf_counter() + _SLICE_S)
        if changed is None:
            return
        if not changed.empty:
            self.update_device(changed)
        self._finishing.start(0)

    def _update_shimmer(self) -> None:
        if self._scene is not None and self._shimmer.rect is not None:
            self.update_device(self._scene.viewport.view_rect(self._shimmer.rect))

    def _device_size(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    def _covered_px(self) -> int:
        return round(self._covered * self.devicePixelRatioF())

    def _free_middle(self) -> tuple[float, float]:
        width, height = self._device_size()
        return width / 2, (height - self._covered_px()) / 2

    def _fitted(self, size: Size) -> Viewport:
        """The whole picture in what is free of the view."""
        width, height = self._device_size()
        return replace(Viewport.fitted(size, width, max(1, height - self._covered_px())), height=height)

    def _device(self, position: QPointF) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return position.x() * ratio, position.y() * ratio

    def _device_rect(self, rect: QRect) -> Rect:
        ratio = self.devicePixelRatioF()
        return Rect(
            math.floor(rect.left() * ratio),
            math.floor(rect.top() * ratio),
            math.ceil((rect.right() + 1) * ratio),
            math.ceil((rect.bottom() + 1) * ratio),
        )
