"""Rectangles and ellipses as mask."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

from editor.core.geometry import Rect
from editor.core.i18n import _
from editor.host.mask_edits import fill_ellipse, fill_rect
from editor.sdk.params import Choice, Doc
from editor.ui.mask_names import step_label
from editor.ui.tools.base import Drag, PointerEvent, Sketch, Stage, Tool


@dataclass(frozen=True, slots=True)
class ShapeOptions:
    """What the options bar shows for the shapes."""

    kind: Annotated[
        str,
        Choice((("rectangle", "Rectangle"), ("ellipse", "Ellipse"))),
        Doc("Shape", "What a drag from corner to corner draws; with Shift a square or a circle."),
    ] = "rectangle"
    erase: Annotated[bool, Doc("Subtract", "Takes the shape away from the mask, as holding Alt does.")] = False


class ShapeTool(Tool):
    """A drag from corner to corner lays a shape into the mask; Alt takes it away, Shift makes its sides equal."""

    id: ClassVar[str] = "shape"
    shortcut: ClassVar[str] = "U"

    def __init__(self) -> None:
        super().__init__(ShapeOptions())

    @property
    def title(self) -> str:
        return _("Rectangle and ellipse")

    def drag(self, stage: Stage) -> Drag:
        event = start = yield
        ellipse = self.options.kind == "ellipse"
        erase = self.options.erase or start.alt
        while event.kind != "release":
            event = yield
            box = _box(start, event)
            corners = ((box.left, box.top), (box.right, box.bottom))
            stage.sketch(Sketch("ellipse" if ellipse else "rectangle", corners))
        box = _box(start, event)
        if box.intersect(stage.state.size.rect).empty:
            return
        fill = fill_ellipse if ellipse else fill_rect
        state = fill(stage.state, stage.painted, box, erase=erase)
        if ellipse:
            label = _("Subtract ellipse") if erase else _("Ellipse")
        else:
            label = _("Subtract rectangle") if erase else _("Rectangle")
        stage.commit(state, step_label(label, stage.painted))


def _box(start: PointerEvent, end: PointerEvent) -> Rect:
    """The whole pixels between two corners."""
    dx, dy = end.x - start.x, end.y - start.y
    if end.shift:
        side = max(abs(dx), abs(dy))
        dx, dy = math.copysign(side, dx), math.copysign(side, dy)
    xs, ys = sorted((start.x, start.x + dx)), sorted((start.y, start.y + dy))
    return Rect(round(xs[0]), round(ys[0]), round(xs[1]), round(ys[1]))
