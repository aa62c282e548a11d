"""Replacing a file in one step, so that a crash or a full disk leaves the old one whole."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from editor.core.errors import WriteError
from editor.core.i18n import _


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Gives a path beside `path` to write to; on a clean exit that file takes the place of `path`.

    The old file's permissions are kept, a symbolic link stays one. On any failure the old file is untouched and the
    temporary one is gone. Not `durable` it does not wait until the disk has the new one: should the power fail within
    seconds, it may be lost.

    Raises:
        WriteError: for any OSError, also one raised inside.
    """
    target = path
    temporary: Path | None = None
    try:
        target = path.resolve() if path.is_symlink() else path
        _check_target(target, path)
        temporary = _create_beside(target)
        yield temporary
        if durable:
            _sync(temporary)
        temporary.replace(target)
        temporary = None
        if durable:
            _sync_folder(target.parent)
    except OSError as error:
        raise explain(error, path) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()


def explain(error: OSError, path: Path) -> WriteError:
    """The line that a user gets for an error of the file system while `path` was written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        reason = _("The disk is full: {name} was not saved. Free some space or save elsewhere.").format(name=path.name)
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        reason = _("{path} can't be written: no permission. Save it in another folder.").format(path=path)
    elif error.errno == errno.ENOENT and path.parent.is_dir():
        # Some folders of the system take no files and say so in no better way.
        reason = _("{folder} takes no files; choose another folder.").format(folder=path.parent)
    elif error.errno in (errno.ENOENT, errno.ENOTDIR) and not path.parent.is_dir():
        reason = _("The folder {folder} does not exist; choose another one.").format(folder=path.parent)
    elif error.errno == errno.EISDIR:
        reason = _("{path} is a folder; choose a file name.").format(path=path)
    elif error.errno == errno.ENAMETOOLONG:
        reason = _("The name {name}… is too long; choose a shorter one.").format(name=path.name[:40])
    else:
        reason = _("{name} was not saved: {reason}.").format(name=path.name, reason=error.strerror or error)
    return WriteError(reason)


def _check_target(target: Path, path: Path) -> None:
    if target.is_dir():
        raise WriteError(_("{path} is a folder; choose a file name.").format(path=path))
    # Replacing would succeed on a write-protected file, since only the folder counts there.
    if target.exists() and not os.access(target, os.W_OK):
        raise WriteError(_("{path} is write-protected; save it under another name.").format(path=path))


def _create_beside(target: Path) -> Path:
    temporary = target.with_name(f".kintsugi-{secrets.token_hex(6)}{target.suffix}")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    if target.exists():
        with suppress(OSError):
            temporary.chmod(target.stat().st_mode & 0o7777)
    return temporary


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Makes the new name itself durable, where the system can open folders; the picture is safe either way."""
    if os.name == "posix":
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
