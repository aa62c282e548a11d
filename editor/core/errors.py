"""The errors a photographer may meet.

The message of each is one line for the user: what is wrong and what to do next. The technical cause is chained
(`raise ReadError(...) from error`) and goes to the log.
"""

from editor.core.i18n import _


class EditorError(Exception):
    """Base of every error that is shown to the user; `str(error)` is the line shown."""


class ReadError(EditorError):
    """A file could not be opened as a picture."""


class WriteError(EditorError):
    """A file could not be written; what stood there before is untouched."""


class MaskError(EditorError):
    """The mask does not fit the picture or the method (empty, wrong size, covers everything)."""


class NoSourceError(MaskError):
    """There is no pixel that may be copied."""

    def __init__(self) -> None:
        super().__init__(
            _("There is nothing to copy from. Paint a smaller area, or allow more of the photo as source.")
        )


class ParamError(EditorError):
    """A parameter has an unknown name, a wrong type or lies outside its range."""


class PluginError(EditorError):
    """A method failed, or returned something that cannot be used."""


class ModelError(EditorError):
    """A model is missing, damaged, or did not run."""


class UnknownModelError(ModelError):
    """A file holds an ONNX model that no description is known of; what it is for must be asked."""


class OutOfMemory(EditorError):  # noqa: N818 - reads as what it is
    """There was not enough memory for the work, even in small pieces."""


class StoreError(EditorError):
    """The journal on disk could not be read or written."""


class Cancelled(Exception):  # noqa: N818 - a wish of the user, not an error
    """The user cancelled. Never shown as an error and never swallowed by a method."""
