"""What the three masks are called: the same in the panel, the menu and the history."""

from __future__ import annotations

from editor.core.document import MaskName
from editor.core.i18n import _


def title(name: MaskName) -> str:
    """What painting a mask says."""
    titles: dict[MaskName, str] = {
        "mask": _("What should go"),
        "include": _("Copy only from"),
        "exclude": _("Never copy from"),
    }
    return titles[name]


def tip(name: MaskName) -> str:
    """What painting a mask does."""
    tips: dict[MaskName, str] = {
        "mask": _("Brush strokes mark what should go"),
        "include": _("Brush strokes mark the only places to copy from"),
        "exclude": _("Brush strokes mark places never to copy from"),
    }
    return tips[name]


def step_label(label: str, name: MaskName) -> str:
    """A step's name in the history, with the mask that it changed if that is not the one that goes."""
    labels: dict[MaskName, str] = {
        "mask": label,
        "include": _("{step} (copy only from)").format(step=label),
        "exclude": _("{step} (never copy from)").format(step=label),
    }
    return labels[name]
