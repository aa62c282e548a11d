"""Saving pictures: the format by the name, the old file replaced in one step, and the user told what is lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from editor.core.errors import WriteError
from editor.core.i18n import _
from editor.core.metadata import Metadata
from editor.io import encode, exif, formats, ifd, xmp
from editor.io.atomic import replacing
from editor.io.options import SUBSAMPLINGS, ExportOptions
from editor.io.picture import Picture

__all__ = ["SUBSAMPLINGS", "WRITE_SUFFIXES", "ExportOptions", "write_picture"]

WRITE_SUFFIXES: tuple[str, ...] = tuple(formats.WRITE_FORMATS)

_DEFAULTS = ExportOptions()


def write_picture(path: Path, picture: Picture, options: ExportOptions = _DEFAULTS) -> tuple[str, ...]:
    """Writes `picture` in the format that the suffix of `path` names, replacing an old file only when all went well.

    Embedded thumbnails and previews are never carried over, since they show what was removed; JPEG and TIFF get a new
    one where the picture had one.

    Returns:
        Notes for the user: what this format could not hold.

    Raises:
        WriteError: with one line for the user; the old file is untouched.
    """
    kind = formats.WRITE_FORMATS.get(path.suffix.lower())
    if kind is None:
        known = ", ".join(suffix for suffix in WRITE_SUFFIXES if suffix != ".dib")
        raise WriteError(
            _("Kintsugi can't write {kind}; use one of {known}.").format(
                kind=path.suffix or _("files without a suffix"), known=known
            )
        )
    notes: list[str] = []
    metadata, thumbnail = _cleaned(picture, notes)
    try:
        with replacing(path) as temporary:
            if kind == "TIFF":
                from editor.io.encode_tiff import write_tiff

                with temporary.open("wb") as file:
                    write_tiff(file, picture.pixels, metadata, options, thumbnail=thumbnail, notes=notes)
            else:
                parts = _encoded(kind, picture, metadata, options, thumbnail=thumbnail, notes=notes)
                with temporary.open("wb") as file:
                    file.writelines(parts)
    except MemoryError as error:
        raise WriteError(
            _("There was not enough memory to save {name}; close other programs first.").format(name=path.name)
        ) from error
    return tuple(notes)


def keeps_pixels(path: Path, options: ExportOptions) -> bool:
    """Whether the format that the suffix names stores 8-bit pixels without loss."""
    kind = formats.WRITE_FORMATS.get(path.suffix.lower())
    return kind in ("PNG", "TIFF", "BMP") or (kind == "WebP" and options.lossless)


def _encoded(
    kind: str, picture: Picture, metadata: Metadata, options: ExportOptions, *, thumbnail: bool, notes: list[str]
) -> Iterable[bytes]:
    if kind == "JPEG":
        return encode.encode_jpeg(picture.pixels, metadata, options, thumbnail=thumbnail, notes=notes)
    if kind == "PNG":
        return encode.encode_png(picture.pixels, metadata, options, notes=notes)
    if kind == "WebP":
        return encode.encode_webp(picture.pixels, metadata, options, notes=notes)
    return encode.encode_bmp(picture.pixels, metadata, notes=notes)


def _cleaned(picture: Picture, notes: list[str]) -> tuple[Metadata, bool]:
    """The blocks without any old view of the picture, and whether EXIF held a thumbnail."""
    metadata = picture.metadata
    height, width = picture.pixels.shape[:2]
    block, thumbnail = metadata.exif, False
    if block is not None:
        try:
            thumbnail = exif.has_thumbnail(block)
            block = exif.upright(exif.without_thumbnail(block), width, height)
        except ifd.IfdError:
            notes.append(_("The EXIF data is damaged and was left out."))
            block, thumbnail = None, False
    packet = xmp.without_pictures(xmp.upright(metadata.xmp, width, height)) if metadata.xmp else None
    return replace(metadata, exif=block, xmp=packet), thumbnail
