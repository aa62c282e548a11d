"""Opens and exports documents."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from editor.core.document import DocumentState, MaskName
from editor.core.errors import WriteError
from editor.core.i18n import _
from editor.core.session import Session, shown
from editor.core.tiles import TileMap
from editor.io.picture import Picture
from editor.io.project import PROJECT_SUFFIXES, read_project
from editor.io.read import READ_SUFFIXES, read_mask, read_picture
from editor.io.write import ExportOptions, write_picture

OPEN_SUFFIXES = (*READ_SUFFIXES, *PROJECT_SUFFIXES)


def open_document(path: Path) -> tuple[Session, tuple[str, ...]]:
    """A session on a photo or project, and what the user should know about how it was read. Raises ReadError."""
    if path.suffix.lower() in PROJECT_SUFFIXES:
        state, notes = read_project(path)
    else:
        picture = read_picture(path)
        state, notes = DocumentState.from_pixels(picture.pixels, picture.metadata, shown(path.stem)), picture.notes
    return Session.open(state, path, _("Open {name}").format(name=shown(path.name))), notes


def export_document(state: DocumentState, path: Path, options: ExportOptions) -> tuple[str, ...]:
    """Writes the flattened picture, making its folder where there is none.

    Returns what the format can't hold, as notes for the user. Raises WriteError.
    """
    _make_folder(path)
    return write_picture(path, Picture(state.read(state.size.rect), state.metadata, ()), options)


def load_mask(state: DocumentState, path: Path, name: MaskName) -> DocumentState:
    """`state` with one of its masks from a picture file, white = masked. Raises ReadError or MaskError (wrong size)."""
    values = read_mask(path, state.size)
    writer = TileMap.blank(state.size, 1, np.uint8).write()
    writer.write(state.size.rect, values[..., None])
    return state.with_mask(name, writer.freeze())


def export_mask(mask: TileMap, path: Path) -> None:
    """Writes a mask as a grey picture of 8 bits, making its folder where there is none. Raises WriteError."""
    _make_folder(path)
    write_picture(path, Picture(mask.read(mask.size.rect)))


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(
            _("The folder {folder} can't be made: {reason}. Choose another.").format(
                folder=path.parent, reason=error.strerror
            )
        ) from error
