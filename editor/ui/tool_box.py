"""The tools: their actions, the bar on the left, and which one the canvas and the options bar hold."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QToolBar, QWidget

from editor.core.i18n import _
from editor.ui.actions import Actions, ActionSpec
from editor.ui.canvas.view import CanvasView
from editor.ui.panels.options import OptionsBar
from editor.ui.tools import TOOLS, Tool

_ICONS = {
    "brush": "brush",
    "eraser": "eraser",
    "lasso": "lasso",
    "shape": "shape-outline",
    "pan": "hand-back-right-outline",
    "zoom": "magnify",
}
_OTHER_ICON = "cursor-default-outline"


def tool_specs() -> tuple[ActionSpec, ...]:
    """The actions that choose the tools."""
    return tuple(
        ActionSpec(
            f"tool.{tool.id}",
            tool.title,
            _("Take the tool: {title}").format(title=tool.title),
            (tool.shortcut,),
            checkable=True,
            icon=_ICONS.get(tool.id, _OTHER_ICON),
        )
        for tool in (make() for make in TOOLS)
    )


class ToolBox(QObject):
    """Holds one of each tool."""

    def __init__(self, window: QWidget, actions: Actions, canvas: CanvasView, options: OptionsBar) -> None:
        super().__init__(window)
        self._actions = actions
        self._canvas = canvas
        self._options = options
        self._tools: dict[str, Tool] = {tool.id: tool for tool in (make() for make in TOOLS)}
        self._group = QActionGroup(self)
        for tool_id in self._tools:
            self._group.addAction(actions[f"tool.{tool_id}"])
            actions.on(f"tool.{tool_id}", partial(self.take, tool_id))
        self.take(next(iter(self._tools)))

    @property
    def action_ids(self) -> tuple[str, ...]:
        return tuple(f"tool.{tool_id}" for tool_id in self._tools)

    def take(self, tool_id: str) -> None:
        """Makes a tool the current one."""
        tool = self._tools[tool_id]
        self._actions[f"tool.{tool_id}"].setChecked(True)
        self._canvas.set_tool(tool)
        self._options.set_tool(tool)

    def swap(self) -> None:
        """From the brush to the eraser; from any other tool to the brush."""
        self.take("eraser" if self._canvas.tool.id == "brush" else "brush")

    def fill(self, bar: QToolBar) -> None:
        """Puts the tools on a bar."""
        for action_id in self.action_ids:
            bar.addAction(self._actions[action_id])

    def forget(self) -> None:
        """Another document is open."""
        for tool in self._tools.values():
            tool.forget()
