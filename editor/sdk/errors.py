"""The errors that a method may raise or must let pass; a plugin imports them from here."""

from editor.core.errors import Cancelled, EditorError, MaskError, ModelError, NoSourceError, ParamError, PluginError

__all__ = ["Cancelled", "EditorError", "MaskError", "ModelError", "NoSourceError", "ParamError", "PluginError"]
