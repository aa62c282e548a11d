"""The lasso: a free line whose inside becomes mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from editor.core.i18n import _
from editor.host.mask_edits import fill_polygon
from editor.sdk.params import Doc
from editor.ui.mask_names import step_label
from editor.ui.tools.base import Drag, Sketch, Stage, Tool


@dataclass(frozen=True, slots=True)
class LassoOptions:
    """What the options bar shows for the lasso."""

    erase: Annotated[bool, Doc("Subtract", "Takes the drawn area away from the mask, as holding Alt does.")] = False


class LassoTool(Tool):
    """Closes the drawn line and lays its inside into the mask; Alt takes it away."""

    id: ClassVar[str] = "lasso"
    shortcut: ClassVar[str] = "L"

    def __init__(self) -> None:
        super().__init__(LassoOptions())

    @property
    def title(self) -> str:
        return _("Lasso")

    def drag(self, stage: Stage) -> Drag:
        event = yield
        erase = self.options.erase or event.alt
        way = [(event.x, event.y)]
        while event.kind != "release":
            event = yield
            way.append((event.x, event.y))
            stage.sketch(Sketch("polygon", tuple(way)))
        if len(way) > 3:
            state = fill_polygon(stage.state, stage.painted, way, erase=erase)
            stage.commit(state, step_label(_("Subtract lasso") if erase else _("Lasso"), stage.painted))
