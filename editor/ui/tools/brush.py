"""The brush that paints a mask, and its eraser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from PySide6.QtCore import Qt

from editor.core.brush import Brush, Stroke
from editor.core.i18n import _
from editor.core.tiles import TileWriter
from editor.host.mask_edits import fill_polygon
from editor.sdk.params import Doc, Range
from editor.ui.mask_names import step_label
from editor.ui.tools.base import Drag, Outline, PointerEvent, Stage, Tool
from editor.ui.tools.loops import closes_loop

MAX_SIZE_PX = 2000
# Pointer pixels that double the size, or that go from soft to sharp, in Alt + right-drag.
_DOUBLING_PX = 100
_SHARPENING_PX = 200


@dataclass(frozen=True, slots=True)
class BrushOptions:
    """What the options bar shows for the brush."""

    size_px: Annotated[
        int, Range(1, MAX_SIZE_PX, unit="px"), Doc("Size", "The brush's diameter in pixels of the photo.")
    ] = 60
    hardness: Annotated[
        int, Range(0, 100, unit="%"), Doc("Hardness", "How much of the brush is fully on before its edge fades.")
    ] = 80
    opacity: Annotated[
        int,
        Range(1, 100, unit="%"),
        Doc("Opacity", "How strongly one stroke covers; a later repair is mixed in as much."),
    ] = 100
    pressure_size: Annotated[
        bool, Doc("Pen pressure", "Pressing a pen harder makes the brush larger, up to its size.", advanced=True)
    ] = True
    fill_loops: Annotated[
        bool, Doc("Fill loops", "A stroke that circles something and ends where it began covers all of the inside.")
    ] = True


@dataclass(frozen=True, slots=True)
class EraserOptions:
    """What the options bar shows for the eraser."""

    size_px: Annotated[
        int, Range(1, MAX_SIZE_PX, unit="px"), Doc("Size", "The eraser's diameter in pixels of the photo.")
    ] = 60
    hardness: Annotated[
        int, Range(0, 100, unit="%"), Doc("Hardness", "How much of the eraser is fully on before its edge fades.")
    ] = 80
    opacity: Annotated[int, Range(1, 100, unit="%"), Doc("Opacity", "How much of the mask one stroke takes away.")] = (
        100
    )
    pressure_size: Annotated[
        bool, Doc("Pen pressure", "Pressing a pen harder makes the eraser larger, up to its size.", advanced=True)
    ] = True


class BrushTool(Tool):
    """Paints the mask; Alt takes away, Shift + click goes straight from where the last stroke ended."""

    id: ClassVar[str] = "brush"
    shortcut: ClassVar[str] = "B"
    cursor: ClassVar[Qt.CursorShape] = Qt.CursorShape.CrossCursor
    erases: ClassVar[bool] = False

    def __init__(self, options: BrushOptions | EraserOptions | None = None) -> None:
        super().__init__(options or BrushOptions())
        self._end: tuple[float, float] | None = None

    @property
    def title(self) -> str:
        return _("Brush")

    def drag(self, stage: Stage) -> Drag:
        event = yield
        erase = self.erases or event.alt
        brush, pressure = self._brush(erase), self._pressure(event)
        writer = stage.state.masked(stage.painted).write()
        stroke = Stroke(writer, brush)
        way = [(event.x, event.y)]
        if event.shift and self._end is not None:
            stage.preview(writer, stroke.to(*self._end, pressure))
        while event.kind != "release":
            stage.preview(writer, stroke.to(event.x, event.y, pressure))
            event = yield
            way.append((event.x, event.y))
            # A pen that was lifted has no pressure left.
            pressure = self._pressure(event) if event.kind == "move" else pressure
        dirty = stroke.to(event.x, event.y, pressure)
        # Dabs keep their distance along the way; the last one lies just where the pointer was let go.
        stage.preview(writer, dirty.union(Stroke(writer, brush).to(event.x, event.y, pressure)))
        self._end = way[-1]
        self._finish(stage, writer, way, erase)

    def outline(self) -> Outline:
        radius_px = self.options.size_px / 2
        return Outline(radius_px, radius_px * self.options.hardness / 100)

    def adjust(self, start: Any, dx_px: float, dy_px: float) -> bool:
        """To the right is larger, up is harder, as painters are used to."""
        size_px = round(start.size_px * 2 ** (dx_px / _DOUBLING_PX))
        hardness = round(start.hardness - 100 * dy_px / _SHARPENING_PX)
        self.options = replace(start, size_px=min(max(size_px, 1), MAX_SIZE_PX), hardness=min(max(hardness, 0), 100))
        return True

    def forget(self) -> None:
        self._end = None

    def _brush(self, erase: bool) -> Brush:
        options = self.options
        return Brush(max(0.5, options.size_px / 2), options.hardness / 100, options.opacity / 100, erase)

    def _pressure(self, event: PointerEvent) -> float:
        return event.pressure if self.options.pressure_size else 1.0

    def _finish(self, stage: Stage, writer: TileWriter, way: Sequence[tuple[float, float]], erase: bool) -> None:
        name = stage.painted
        state = stage.state.with_mask(name, writer.freeze())
        if getattr(self.options, "fill_loops", False) and closes_loop(way, self.options.size_px):
            state = fill_polygon(state, name, way, erase=erase)
        stage.commit(state, step_label(_("Erase stroke") if erase else _("Brush stroke"), name))


class EraserTool(BrushTool):
    """Takes away from the mask, with a size of its own."""

    id: ClassVar[str] = "eraser"
    shortcut: ClassVar[str] = "E"
    erases: ClassVar[bool] = True

    def __init__(self, options: EraserOptions | None = None) -> None:
        super().__init__(options or EraserOptions())

    @property
    def title(self) -> str:
        return _("Eraser")
