"""Opening pictures: what the bytes are decides, the header is checked first, and nothing half-read passes as good."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.core.errors import MaskError, ReadError
from editor.core.geometry import Size
from editor.core.i18n import _
from editor.core.metadata import Metadata
from editor.io import decode, exif, formats, icc, ifd, xmp
from editor.io.file_errors import reading
from editor.io.picture import Decoded, Picture

READ_SUFFIXES: tuple[str, ...] = tuple(formats.READ_FORMATS)

_DECODERS: dict[str, Callable[[bytes, str, decode.CheckSize], Decoded]] = {
    "JPEG": decode.decode_jpeg,
    "PNG": decode.decode_png,
    "WebP": decode.decode_webp,
    "BMP": decode.decode_bmp,
}


def read_picture(path: Path, *, max_pixels: int = 400_000_000) -> Picture:
    """Reads JPEG, PNG, TIFF, WebP or BMP at its own depth, upright.

    Raises ReadError with one line for the user.
    """
    kind = _kind(path)

    def check_size(width: int, height: int) -> None:
        if width < 1 or height < 1:
            raise ReadError(_(decode.DAMAGED).format(name=path.name))
        if width * height > max_pixels:
            raise ReadError(
                _(
                    "{name} says that it is {width} x {height} pixels; Kintsugi opens pictures of up to {limit} "
                    "megapixels."
                ).format(name=path.name, width=width, height=height, limit=max_pixels // 1_000_000)
            )

    with reading(path):
        if kind == "TIFF":
            from editor.io.decode_tiff import decode_tiff

            found = decode_tiff(path, check_size)
        else:
            found = _DECODERS[kind](path.read_bytes(), path.name, check_size)
        expected = formats.READ_FORMATS.get(path.suffix.lower())
        if expected not in (None, kind):
            found.notes.insert(
                0, _("{name} is really a {kind} file, in spite of its name.").format(name=path.name, kind=kind)
            )
        return _finish(found)


def read_mask(path: Path, size: Size) -> NDArray[np.uint8]:
    """A mask of H x W, 255 = work here, from a picture's luminance, or from its alpha where its colour is constant.

    Raises:
        ReadError: the file is no readable picture.
        MaskError: it has another size than `size`.
    """
    from editor.io import depth

    pixels = depth.to_uint8(read_picture(path).pixels)
    height, width, channels = pixels.shape
    if (width, height) != (size.width, size.height):
        raise MaskError(
            _(
                "The mask {name} is {width} x {height} pixels, but the picture is {wanted_width} x {wanted_height}; "
                "make both the same size."
            ).format(name=path.name, width=width, height=height, wanted_width=size.width, wanted_height=size.height)
        )
    if channels in (2, 4):
        colour, alpha = pixels[..., :-1], pixels[..., -1]
        if (colour == colour[0, 0]).all() and alpha.min() < 255:
            return np.ascontiguousarray(alpha)
        pixels = pixels[..., :-1]
    return depth.luminance(pixels)


def _kind(path: Path) -> str:
    """JPEG, PNG, TIFF, WebP or BMP, by content. Raises ReadError."""
    name, suffix = path.name, path.suffix.lower()
    try:
        with reading(path), path.open("rb") as file:
            head = file.read(32)
    except ValueError as error:  # a name with a zero byte
        raise ReadError(_("{path} can't be read.").format(path=path)) from error
    if not head:
        raise ReadError(_("{name} is empty. Copy it again from the card or a backup.").format(name=name))
    kind = formats.sniff(head)
    if suffix in formats.RAW_SUFFIXES or (kind is None and suffix and suffix not in formats.READ_FORMATS):
        raise ReadError(
            _("Kintsugi can't open {suffix} files; convert {name} to TIFF or PNG first.").format(
                suffix=suffix, name=name
            )
        )
    if kind is None:
        other = formats.foreign(head)
        if other:
            raise ReadError(
                _("{name} is really a {kind} file, which Kintsugi can't open; convert it to TIFF or PNG.").format(
                    name=name, kind=_(other)
                )
            )
        raise ReadError(_("{name} is not a picture, or its beginning is damaged.").format(name=name))
    return kind


def _finish(found: Decoded) -> Picture:
    """Checks the blocks, drops what is broken with a note, turns the picture upright."""
    pixels = found.pixels if found.pixels.ndim == 3 else found.pixels[..., None]
    block = found.exif if found.exif and not exif.is_blank(found.exif) else None
    # Screen densities are what programs write that know nothing.
    if block is None and found.dpi is not None and 100 < min(found.dpi) <= max(found.dpi) < 100_000:
        block = exif.for_resolution(*found.dpi)
    turn = found.orientation
    if block is not None:
        try:
            exif.check(block)
            turn = exif.orientation(block) if turn is None else turn
        except ifd.IfdError:
            block = None
            found.notes.append(_("The EXIF data is damaged and was dropped."))
    pixels = oriented(pixels, turn or 1)
    if block is not None:
        block = exif.upright(block, pixels.shape[1], pixels.shape[0])
    metadata = Metadata(
        icc=_sound_profile(found.icc, pixels.shape[2], found.notes),
        exif=block,
        xmp=_sound_xmp(found.xmp, pixels, found.notes),
        iptc=found.iptc or None,
    )
    return Picture(pixels, metadata, tuple(found.notes))


def oriented(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """The picture as EXIF's orientation 1 to 8 wants it shown; C-contiguous, copied only if needed."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _sound_profile(profile: bytes | None, channels: int, notes: list[str]) -> bytes | None:
    if not profile:
        return None
    try:
        space = icc.colour_space(profile)
    except ValueError:
        notes.append(_("The colour profile is damaged and was dropped; the colours are taken as sRGB."))
        return None
    wanted = "RGB" if channels >= 3 else "GRAY"
    if space != wanted:
        notes.append(_("The colour profile is for {space}, not for this picture, and was dropped.").format(space=space))
        return None
    return profile


def _sound_xmp(packet: bytes | None, pixels: NDArray[Any], notes: list[str]) -> bytes | None:
    if not packet:
        return None
    try:
        xmp.check(packet)
    except ValueError:
        notes.append(_("The XMP data is damaged and was dropped."))
        return None
    return xmp.upright(packet, pixels.shape[1], pixels.shape[0])
