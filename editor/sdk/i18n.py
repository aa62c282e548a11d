"""What a method needs to have the texts of its errors and notes translated; a plugin imports it from here."""

from editor.core.i18n import N_, _, ngettext

__all__ = ["N_", "_", "ngettext"]
