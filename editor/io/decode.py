"""JPEG, PNG, WebP and BMP from bytes to pixels. TIFF has its own module, since it is read from the file."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np

from editor.core.errors import ReadError
from editor.core.i18n import N_, _
from editor.io import icc, jpeg_segments, png_chunks, webp_chunks
from editor.io.picture import Decoded

CheckSize = Callable[[int, int], None]
"""Called with width and height from the header before anything is decoded; raises ReadError."""

TRUNCATED = N_(
    "{name} is incomplete: the file ends in the middle of the picture. Copy it again from the card or a backup."
)
DAMAGED = N_("{name} is damaged and can't be opened. Copy it again from the card or a backup.")


def decode_jpeg(data: bytes, name: str, check_size: CheckSize) -> Decoded:
    """Raises ReadError."""
    import imagecodecs

    frame = jpeg_segments.frame_of(data)
    if frame:
        check_size(frame.width, frame.height)
    try:
        file = jpeg_segments.parse(data)
    except jpeg_segments.JpegError as error:
        raise ReadError(_(TRUNCATED if error.truncated else DAMAGED).format(name=name)) from error
    frame = file.frame
    if frame.bits != 8 or frame.marker not in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA):
        raise ReadError(
            _("{name} is a {bits}-bit or lossless JPEG; convert it to TIFF or PNG first.").format(
                name=name, bits=frame.bits
            )
        )
    found = Decoded(np.empty((0, 0, 1), np.uint8), exif=jpeg_segments.exif_of(file))
    try:
        found.icc = jpeg_segments.icc_of(file)
    except jpeg_segments.JpegError:
        found.notes.append(_("The colour profile is damaged and was dropped."))
    try:
        found.xmp = jpeg_segments.xmp_of(file)
    except ValueError:
        found.xmp = jpeg_segments.main_xmp_of(file)
        found.notes.append(_("The extended part of the XMP is damaged and was dropped."))
    found.iptc = jpeg_segments.iptc_of(file)
    found.dpi = jpeg_segments.dpi_of(file)
    if data.find(b"\xff\xd8\xff", file.end) >= 0:
        found.notes.append(_("Only the main picture was opened; the file holds a preview or depth map behind it."))
    try:
        if frame.components == 4:
            # Adobe's CMYK is stored inverted, and nobody else writes CMYK into JPEG.
            ink = 255 - imagecodecs.jpeg8_decode(data, outcolorspace="CMYK")
            found.pixels, note = icc.cmyk_with_note(ink, found.icc)
            found.icc = None
            found.notes.append(note)
        else:
            found.pixels = imagecodecs.jpeg8_decode(data)
    except (imagecodecs.Jpeg8Error, ValueError) as error:
        raise ReadError(_(DAMAGED).format(name=name)) from error
    return found


def decode_png(data: bytes, name: str, check_size: CheckSize) -> Decoded:
    """Raises ReadError."""
    import imagecodecs

    found = Decoded(np.empty((0, 0, 1), np.uint8))
    try:
        head = png_chunks.header(data)
        check_size(head.width, head.height)
        for kind, content in png_chunks.chunks(data):
            _png_block(kind, content, found, found.notes)
    except png_chunks.PngError as error:
        raise ReadError(_(TRUNCATED if error.truncated else DAMAGED).format(name=name)) from error
    try:
        found.pixels = imagecodecs.png_decode(data)
    except (imagecodecs.PngError, ValueError) as error:
        raise ReadError(_(DAMAGED).format(name=name)) from error
    if head.colour_type == 3:
        found.notes.append(_("The palette was converted to RGB."))
    elif head.bits < 8:
        found.notes.append(_("{bits}-bit grey was converted to 8-bit grey.").format(bits=head.bits))
    return found


def _png_block(kind: bytes, content: memoryview, found: Decoded, notes: list[str]) -> None:
    try:
        if kind == b"iCCP":
            found.icc = png_chunks.icc_of(bytes(content))
        elif kind == b"eXIf":
            found.exif = bytes(content)
        elif kind == b"iTXt":
            keyword, text = png_chunks.text_of(bytes(content))
            if keyword == png_chunks.XMP_KEYWORD:
                found.xmp = text
        elif kind == b"pHYs":
            found.dpi = png_chunks.dpi_of(bytes(content))
        elif kind == b"acTL":
            notes.append(_("The file is an animation; only its first picture was opened."))
    except png_chunks.PngError:
        if kind == b"iCCP":
            notes.append(_("A damaged colour profile was dropped."))
        else:
            notes.append(_("A damaged text was dropped."))


def decode_webp(data: bytes, name: str, check_size: CheckSize) -> Decoded:
    """Raises ReadError."""
    import imagecodecs

    try:
        file = webp_chunks.parse(data)
    except webp_chunks.WebpError as error:
        raise ReadError(_(TRUNCATED if error.truncated else DAMAGED).format(name=name)) from error
    check_size(file.width, file.height)
    notes = [_("The file is an animation; only its first picture was opened.")] if file.animated else []
    try:
        pixels = imagecodecs.webp_decode(data, index=0)
    except (imagecodecs.WebpError, ValueError) as error:
        raise ReadError(_(DAMAGED).format(name=name)) from error
    exif = file.blocks.get(b"EXIF")
    if exif:
        exif = exif.removeprefix(jpeg_segments.EXIF_HEAD)
    return Decoded(pixels, file.blocks.get(b"ICCP"), exif, file.blocks.get(b"XMP "), notes=notes)


def decode_bmp(data: bytes, name: str, check_size: CheckSize) -> Decoded:
    """Raises ReadError."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # check_size is our own cap, and Pillow's warns from 90 megapixels on
    try:
        with Image.open(io.BytesIO(data), formats=("BMP", "DIB")) as image:
            check_size(*image.size)
            notes = [_("The palette was converted to RGB.")] if image.mode == "P" else []
            if image.mode == "1":
                notes = [_("{bits}-bit grey was converted to 8-bit grey.").format(bits=1)]
            wanted = {"1": "L", "P": "RGB"}.get(image.mode, image.mode)
            pixels = np.array(image.convert(wanted) if wanted != image.mode else image)
    except (OSError, ValueError, SyntaxError, KeyError, IndexError) as error:
        truncated = "truncated" in str(error).lower()
        raise ReadError(_(TRUNCATED if truncated else DAMAGED).format(name=name)) from error
    return Decoded(pixels, notes=notes)
