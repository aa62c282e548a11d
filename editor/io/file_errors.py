"""What the system says when a file can't be read, in a photographer's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from editor.core.errors import ReadError
from editor.core.i18n import _


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns the errors of reading `path` into a ReadError of one line."""
    try:
        yield
    except FileNotFoundError as error:
        raise ReadError(_("{path} does not exist.").format(path=path)) from error
    except (IsADirectoryError, PermissionError) as error:
        if path.is_dir():  # Windows refuses a folder as one that may not be read
            raise ReadError(_("{name} is a folder; choose a file in it.").format(name=path.name)) from error
        raise ReadError(_("You may not read {path}.").format(path=path)) from error
    except OSError as error:
        raise ReadError(
            _("{name} can't be read: {reason}.").format(name=path.name, reason=error.strerror or error)
        ) from error
    except MemoryError as error:
        raise ReadError(
            _("There is not enough memory to open {name}; close other programs first.").format(name=path.name)
        ) from error
