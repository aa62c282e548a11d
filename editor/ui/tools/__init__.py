"""The tools of the tool bar, one file each."""

from collections.abc import Callable

from editor.ui.tools.base import Drag, Outline, PointerEvent, Sketch, Stage, Tool
from editor.ui.tools.brush import BrushTool, EraserTool
from editor.ui.tools.lasso import LassoTool
from editor.ui.tools.pan import PanTool
from editor.ui.tools.shape import ShapeTool
from editor.ui.tools.zoom import ZoomTool

TOOLS: tuple[Callable[[], Tool], ...] = (BrushTool, EraserTool, LassoTool, ShapeTool, PanTool, ZoomTool)
"""Makes one of each, in the order of the tool bar."""

__all__ = ["TOOLS", "Drag", "Outline", "PointerEvent", "Sketch", "Stage", "Tool"]
