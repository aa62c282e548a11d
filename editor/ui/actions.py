"""Everything the user can do by menu, key or search, declared once; keys can be bound anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from editor.core.document import MASKS
from editor.core.i18n import _
from editor.host.settings import Settings
from editor.ui import mask_names, theme


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """id: "room.name"; keys: the default ones in Qt's portable spelling, the first is the one shown.

    needs: "" always possible, "document" only with one open, "candidates" only while candidates are shown,
    "work" only while something runs or candidates are shown.
    """

    id: str
    text: str
    tip: str
    keys: tuple[str, ...] = ()
    needs: str = ""
    checkable: bool = False
    icon: str = ""


def action_specs() -> tuple[ActionSpec, ...]:
    """The table, in the user's language; the tools add theirs to it."""
    return (*_file(), *_edit(), *_mask(), *_view(), *_repair(), *_brush(), *_help())


def _file() -> tuple[ActionSpec, ...]:
    return (
        ActionSpec("file.open", _("Open…"), _("Open a photo or a project"), ("Ctrl+O",), icon="folder-open-outline"),
        ActionSpec(
            "file.save",
            _("Save project"),
            _("Save layers, masks and photo as one project file"),
            ("Ctrl+S",),
            "document",
        ),
        ActionSpec(
            "file.save_as",
            _("Save project as…"),
            _("Save the project under another name"),
            ("Ctrl+Shift+S",),
            "document",
        ),
        ActionSpec("file.export", _("Export…"), _("Write the result as a photo file"), ("Ctrl+E",), "document"),
        ActionSpec("file.close", _("Close"), _("Close this photo"), ("Ctrl+W",), "document"),
        ActionSpec("file.quit", _("Quit"), _("Leave Kintsugi"), ("Ctrl+Q",)),
    )


def _edit() -> tuple[ActionSpec, ...]:
    return (
        ActionSpec("edit.undo", _("Undo"), _("Take the last step back"), ("Ctrl+Z",), "document", icon="undo"),
        ActionSpec("edit.redo", _("Redo"), _("Do the step again"), ("Ctrl+Shift+Z", "Ctrl+Y"), "document", icon="redo"),
        ActionSpec("edit.preferences", _("Preferences…"), _("Colour of the mask and the like"), ("Ctrl+,",)),
        ActionSpec("edit.models", _("Models…"), _("Get, install and remove the models of the learned methods")),
        ActionSpec("edit.keys", _("Keys…"), _("See and change the keys of all actions")),
    )


def _mask() -> tuple[ActionSpec, ...]:
    return (
        ActionSpec(
            "mask.invert", _("Invert mask"), _("Swap what is masked and what is not"), ("Ctrl+Shift+I",), "document"
        ),
        ActionSpec("mask.clear", _("Clear mask"), _("Take the whole mask away"), ("Ctrl+D",), "document"),
        ActionSpec("mask.all", _("Mask everything"), _("Mask the whole picture"), ("Ctrl+A",), "document"),
        ActionSpec("mask.grow", _("Grow or shrink mask…"), _("Move the mask's edge out or in"), (), "document"),
        ActionSpec("mask.feather", _("Feather mask…"), _("Soften the mask's edge"), (), "document"),
        *(
            ActionSpec(
                f"mask.paint_{name}", mask_names.title(name), mask_names.tip(name), (), "document", checkable=True
            )
            for name in MASKS
        ),
        ActionSpec("mask.load", _("Load mask…"), _("Take the mask from a picture file"), (), "document"),
        ActionSpec("mask.save", _("Save mask…"), _("Write the mask as a grey PNG"), (), "document"),
        ActionSpec("mask.show", _("Show mask"), _("Show or hide the mask's tint"), ("Ctrl+H",), checkable=True),
        ActionSpec("mask.tint", _("Mask colour…"), _("Choose the tint that shows the mask")),
    )


def _view() -> tuple[ActionSpec, ...]:
    return (
        ActionSpec("view.fit", _("Fit"), _("Show the whole picture"), ("Ctrl+0",), "document"),
        ActionSpec(
            "view.actual",
            _("100 %"),
            _("Show each pixel as one pixel, around the pointer or the mask"),
            ("Ctrl+1",),
            "document",
        ),
        ActionSpec("view.in", _("Zoom in"), _("Come nearer"), ("Ctrl++", "Ctrl+="), "document"),
        ActionSpec("view.out", _("Zoom out"), _("Go farther away"), ("Ctrl+-",), "document"),
        ActionSpec(
            "view.original", _("Original"), _("Hold the key to see the photo as it was opened"), ("\\",), "document"
        ),
        ActionSpec(
            "view.split",
            _("Before and after"),
            _("Show the opened photo left of a line that can be dragged"),
            ("Y",),
            "document",
            checkable=True,
        ),
        ActionSpec(
            "view.panels", _("All panels"), _("Show or hide everything around the picture"), ("Tab",), checkable=True
        ),
        ActionSpec("view.full", _("Full screen"), _("Use the whole screen"), ("F", "F11"), checkable=True),
    )


def _repair() -> tuple[ActionSpec, ...]:
    return (
        ActionSpec(
            "repair.run",
            _("Remove"),
            _("Run the method; with a result on show, accept it"),
            ("Enter", "Return"),
            "document",
        ),
        ActionSpec(
            "repair.again",
            _("Again with new seeds"),
            _("Make further candidates for the same mask"),
            ("R",),
            "document",
        ),
        ActionSpec(
            "repair.cancel",
            _("Cancel"),
            _("Stop the work, or throw the candidates away; the mask stays"),
            ("Esc",),
            "work",
        ),
        ActionSpec(
            "repair.preview",
            _("Preview"),
            _("See what the method makes while its settings are changed, first where you look"),
            ("P",),
            "document",
            checkable=True,
        ),
        ActionSpec(
            "repair.learn",
            _("Learn this photo"),
            _("Let the network of the method learn this photo for a few minutes"),
            (),
            "document",
        ),
        ActionSpec("repair.tune", _("Fine-tune…"), _("Let the network of a method learn from photos of yours")),
        ActionSpec("repair.next", _("Next candidate"), _("Show the next result"), ("Right",), "candidates"),
        ActionSpec("repair.previous", _("Previous candidate"), _("Show the result before"), ("Left",), "candidates"),
    )


def _brush() -> tuple[ActionSpec, ...]:
    opacities = tuple(
        ActionSpec(
            f"brush.opacity_{percent}",
            _("Opacity {percent} %").format(percent=percent),
            _("Set the tool's opacity"),
            (str(percent // 10 % 10),),
        )
        for percent in range(10, 101, 10)
    )
    return (
        ActionSpec("brush.smaller", _("Smaller brush"), _("Make the tool smaller"), ("[",)),
        ActionSpec("brush.larger", _("Larger brush"), _("Make the tool larger"), ("]",)),
        ActionSpec("brush.softer", _("Softer brush"), _("Make the tool's edge softer"), ("Shift+[",)),
        ActionSpec("brush.harder", _("Harder brush"), _("Make the tool's edge harder"), ("Shift+]",)),
        *opacities,
        ActionSpec("brush.swap", _("Swap brush and eraser"), _("Go on with the other one of the two"), ("X",)),
        ActionSpec("brush.defaults", _("Default tool options"), _("Reset size, hardness and opacity"), ("D",)),
    )


def _help() -> tuple[ActionSpec, ...]:
    return (
        ActionSpec("help.search", _("Search all actions…"), _("Find anything by name and do it"), ("Ctrl+K",)),
        ActionSpec("help.keys", _("All keys"), _("See which key does what"), ("?", "F1")),
        ActionSpec("help.about", _("About Kintsugi"), _("Version and licence")),
    )


class Actions(QObject):
    """The window's actions by id, with the keys that the user chose."""

    def __init__(self, window: QMainWindow, settings: Settings, specs: Iterable[ActionSpec]) -> None:
        super().__init__(window)
        self._settings = settings
        self.specs: Mapping[str, ActionSpec] = {spec.id: spec for spec in specs}
        self._actions: dict[str, QAction] = {}
        for spec in self.specs.values():
            action = QAction(spec.text, self)
            action.setCheckable(spec.checkable)
            action.setAutoRepeat(spec.id != "view.original")
            if spec.icon:
                action.setIcon(theme.icon(spec.icon))
            self._actions[spec.id] = action
            window.addAction(action)
            self._apply_keys(spec.id)

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def on(self, action_id: str, slot: Callable[[], object]) -> None:
        """Calls `slot` when the action is triggered."""
        self._actions[action_id].triggered.connect(lambda *_args: slot())

    def allow(self, met: set[str]) -> None:
        """Enables the actions whose need ("document", "candidates", "work") is in `met`, disables the others."""
        for spec in self.specs.values():
            self._actions[spec.id].setEnabled(not spec.needs or spec.needs in met)

    def keys(self, action_id: str) -> tuple[str, ...]:
        """The keys that trigger the action now."""
        default = [*self.specs[action_id].keys]
        return tuple(self._settings.get(f"keys.{action_id}", default))

    def bind(self, action_id: str, keys: tuple[str, ...]) -> None:
        """Gives the action these keys and remembers them; a key that another action had is taken from it."""
        for other in self.specs:
            rest = tuple(key for key in self.keys(other) if not _clash(key, keys))
            if other != action_id and rest != self.keys(other):
                self._keep(other, rest)
        self._keep(action_id, keys)

    def reset(self) -> None:
        """Gives every action its default keys."""
        for spec in self.specs.values():
            self._keep(spec.id, spec.keys)

    def owner(self, key: str) -> str | None:
        """The id of the action that has this key."""
        return next((action_id for action_id in self.specs if _clash(key, self.keys(action_id))), None)

    def shown_key(self, action_id: str) -> str:
        """The action's first key as this platform writes it, or an empty text."""
        return self._actions[action_id].shortcut().toString(QKeySequence.SequenceFormat.NativeText)

    def fill(self, menu: QMenu, *action_ids: str) -> None:
        """Adds actions to a menu; an empty id is a separator."""
        for action_id in action_ids:
            if action_id:
                menu.addAction(self._actions[action_id])
            else:
                menu.addSeparator()

    def tip(self, action_id: str, text: str = "") -> str:
        """A tooltip: what the action does and its key."""
        key = self.shown_key(action_id)
        tip = text or self.specs[action_id].tip
        return f"{tip} ({key})" if key else tip

    def _keep(self, action_id: str, keys: tuple[str, ...]) -> None:
        self._settings.set(f"keys.{action_id}", [*keys])
        self._apply_keys(action_id)

    def _apply_keys(self, action_id: str) -> None:
        action = self._actions[action_id]
        action.setShortcuts([QKeySequence(key) for key in self.keys(action_id)])
        action.setToolTip(self.tip(action_id))
        action.setStatusTip("")


def _clash(key: str, keys: Iterable[str]) -> bool:
    wanted = QKeySequence(key)
    return any(QKeySequence(other) == wanted for other in keys)
