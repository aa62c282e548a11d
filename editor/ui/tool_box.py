"""The tools: their actions, the bar on the left, and which one the canvas and the options bar hold."""

from __future__ import annotations

import json
from functools import partial

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QToolBar, QWidget

from editor.core.errors import ParamError
from editor.core.i18n import _
from editor.host.settings import Settings
from editor.sdk.params import from_dict, to_dict
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
_KEEP_MS = 2000
"""Options are kept when they have rested so long: a drag for the size changes them a hundred times a second."""


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
    """Holds one of each tool, with the options that it had last."""

    def __init__(
        self, window: QWidget, actions: Actions, canvas: CanvasView, options: OptionsBar, settings: Settings
    ) -> None:
        super().__init__(window)
        self._actions = actions
        self._canvas = canvas
        self._options = options
        self._settings = settings
        self._tools: dict[str, Tool] = {tool.id: tool for tool in (make() for make in TOOLS)}
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_KEEP_MS)
        self._resting.timeout.connect(self.keep)
        for tool in self._tools.values():
            self._remember(tool)
            tool.options_changed.connect(self._resting.start)
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

    def keep(self) -> None:
        """Keeps the tools' options for the next start."""
        self._resting.stop()
        for tool in self._tools.values():
            self._settings.set(_key(tool), json.dumps(to_dict(tool.options)))

    def _remember(self, tool: Tool) -> None:
        """Gives a tool the options it had last; its defaults where they no longer fit it."""
        try:
            tool.options = from_dict(type(tool.options), json.loads(self._settings.get(_key(tool), "{}")))
        except (ValueError, TypeError, ParamError):
            return


def _key(tool: Tool) -> str:
    return f"tool.{tool.id}.options"
