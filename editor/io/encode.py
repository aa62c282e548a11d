"""JPEG, PNG, WebP and BMP from pixels to bytes, with as much metadata as each has room for."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.core.errors import WriteError
from editor.core.i18n import _
from editor.core.metadata import Metadata
from editor.io import depth, exif, ifd, jpeg_segments, png_chunks
from editor.io.options import ExportOptions

_JPEG_MAX_PX = 65_500
_WEBP_MAX_PX = 16_383
_THUMBNAIL_PX = 160
# Run lengths over adaptive filters: photos come out within a few percent of level 6, in a fifth of its time.
_PNG_COMPRESSION: dict[str, int] = {"level": 1, "strategy": 3, "filter": 0xF8}


def encode_jpeg(
    pixels: NDArray[Any], metadata: Metadata, options: ExportOptions, *, thumbnail: bool, notes: list[str]
) -> Iterable[bytes]:
    """`thumbnail`: put a new one into the EXIF block. Raises WriteError."""
    _check_size(pixels, _JPEG_MAX_PX, "JPEG")
    pixels = eight_bit(pixels, "JPEG", notes)
    if pixels.shape[2] in (2, 4):
        notes.append(_("JPEG has no transparency; the picture was put on white."))
        pixels = depth.on_white(pixels)
    dpi = exif.resolution_dpi(metadata.exif) if metadata.exif else None
    data = _pillow_jpeg(pixels, options.quality, options.subsampling, dpi)
    segments = []
    block = _fitting_exif(metadata.exif, pixels if thumbnail else None, notes)
    if block:
        segments.append(jpeg_segments.exif_segment(block))
    if metadata.xmp:
        segments.extend(jpeg_segments.xmp_segments(metadata.xmp))
    if metadata.iptc:
        segments.extend(jpeg_segments.iptc_segments(metadata.iptc))
    if metadata.icc:
        try:
            segments.extend(jpeg_segments.icc_segments(metadata.icc))
        except jpeg_segments.JpegError:
            notes.append(_("The colour profile is too large for JPEG and was left out."))
    return [jpeg_segments.insert(data, segments)]


def encode_png(
    pixels: NDArray[Any], metadata: Metadata, options: ExportOptions, *, notes: list[str]
) -> Iterable[bytes]:
    """8 or 16 bit. Raises WriteError."""
    import imagecodecs

    pixels = whole_numbers(pixels, options.bits, "PNG", notes)
    if metadata.iptc:
        notes.append(_("PNG has no place for IPTC; it was left out."))
    parts = [png_chunks.icc_chunk(metadata.icc) if metadata.icc else png_chunks.srgb_chunk()]
    if metadata.exif:
        parts.append(png_chunks.exif_chunk(metadata.exif))
        dpi = exif.resolution_dpi(metadata.exif)
        if dpi:
            parts.append(png_chunks.resolution_chunk(*dpi))
    if metadata.xmp:
        parts.append(png_chunks.xmp_chunk(metadata.xmp))
    try:
        data = imagecodecs.png_encode(_plane(pixels), **_PNG_COMPRESSION)
    except (imagecodecs.PngError, ValueError) as error:
        raise WriteError(_("The picture can't be written as PNG; try TIFF.")) from error
    return png_chunks.insert(bytes(data), parts)


def encode_webp(
    pixels: NDArray[Any], metadata: Metadata, options: ExportOptions, *, notes: list[str]
) -> Iterable[bytes]:
    """8 bit RGB or RGBA. Raises WriteError."""
    from PIL import Image

    _check_size(pixels, _WEBP_MAX_PX, "WebP")
    pixels = eight_bit(pixels, "WebP", notes)
    profile = metadata.icc
    if pixels.shape[2] < 3:
        if profile:
            notes.append(_("WebP has no grey pictures; the grey colour profile was left out."))
            profile = None
        grey, rest = pixels[..., :1], pixels[..., 1:]
        pixels = np.concatenate((grey, grey, grey, rest), axis=2)
    if metadata.iptc:
        notes.append(_("WebP has no place for IPTC; it was left out."))
    out = io.BytesIO()
    try:
        Image.fromarray(pixels).save(
            out,
            "WEBP",
            quality=options.quality,
            lossless=options.lossless,
            exact=True,  # keep the colour under full transparency, which the user may bring back
            method=4,
            icc_profile=profile or b"",
            exif=metadata.exif or b"",
            xmp=metadata.xmp or b"",
        )
    except (OSError, ValueError) as error:
        raise WriteError(_("The picture can't be written as WebP; try PNG or JPEG.")) from error
    return [out.getvalue()]


def encode_bmp(pixels: NDArray[Any], metadata: Metadata, *, notes: list[str]) -> Iterable[bytes]:
    """8 bit grey or RGB."""
    from PIL import Image

    pixels = eight_bit(pixels, "BMP", notes)
    if pixels.shape[2] in (2, 4):
        notes.append(_("BMP has no transparency; the picture was put on white."))
        pixels = depth.on_white(pixels)
    lost = [
        name
        for name, block in (
            (_("colour profile"), metadata.icc),
            ("EXIF", metadata.exif),
            ("XMP", metadata.xmp),
            ("IPTC", metadata.iptc),
        )
        if block
    ]
    if lost:
        notes.append(_("BMP has no place for {names}; left out.").format(names=", ".join(lost)))
    out = io.BytesIO()
    Image.fromarray(_plane(pixels)).save(out, "BMP")
    return [out.getvalue()]


def eight_bit(pixels: NDArray[Any], format_name: str, notes: list[str]) -> NDArray[np.uint8]:
    """The pixels in 8 bit, with a note if that loses something."""
    if pixels.dtype != np.uint8:
        if pixels.dtype == np.uint16:
            text = _("16-bit values were rounded to 8 bits for {format_name}.")
        else:
            text = _("Floating-point values were rounded to 8 bits for {format_name}.")
        notes.append(text.format(format_name=format_name))
    return depth.to_uint8(pixels)


def whole_numbers(pixels: NDArray[Any], bits: int | None, format_name: str, notes: list[str]) -> NDArray[Any]:
    """8 or 16 bit as `bits` wants it, with a note if that loses something."""
    if bits == 8:
        return eight_bit(pixels, format_name, notes)
    if pixels.dtype == np.float32:
        notes.append(
            _("Floating-point values were rounded to 16 bits for {format_name}.").format(format_name=format_name)
        )
    return depth.to_uint16(pixels) if bits == 16 or pixels.dtype == np.float32 else pixels


def thumbnail_rgb(pixels: NDArray[Any], side_px: int = _THUMBNAIL_PX) -> NDArray[np.uint8]:
    """The picture within a square of `side_px`, 8-bit grey or RGB on white."""
    from PIL import Image

    step = max(1, max(pixels.shape[:2]) // (4 * side_px))
    small = depth.to_uint8(np.ascontiguousarray(pixels[::step, ::step]))
    if small.shape[2] in (2, 4):
        small = depth.on_white(small)
    image = Image.fromarray(_plane(small))
    image.thumbnail((side_px, side_px))
    array = np.asarray(image)
    return array if array.ndim == 3 else array[..., None]


def _pillow_jpeg(
    pixels: NDArray[np.uint8], quality: int, subsampling: str, dpi: tuple[float, float] | None = None
) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    whole_dpi = (round(dpi[0]), round(dpi[1])) if dpi and max(dpi) < 65_535 else (0, 0)
    try:
        Image.fromarray(_plane(pixels)).save(out, "JPEG", quality=quality, subsampling=subsampling, dpi=whole_dpi)
    except (OSError, ValueError) as error:
        raise WriteError(_("The picture can't be written as JPEG; try PNG or TIFF.")) from error
    return out.getvalue()


def _fitting_exif(block: bytes | None, for_thumbnail: NDArray[Any] | None, notes: list[str]) -> bytes | None:
    """The block with a new thumbnail where it fits, without the MakerNote where it must, or None."""
    if block is None:
        return None
    if len(block) > jpeg_segments.MAX_EXIF:
        try:
            block = exif.without_maker_note(block)
            notes.append(_("The EXIF data was too large for JPEG; the camera maker's own part was left out."))
        except ifd.IfdError:
            pass
    if len(block) > jpeg_segments.MAX_EXIF:
        notes.append(_("The EXIF data was too large for JPEG and was left out."))
        return None
    if for_thumbnail is not None:
        small = _pillow_jpeg(thumbnail_rgb(for_thumbnail), 80, "4:2:0")
        with_thumbnail = exif.with_thumbnail(block, small)
        if len(with_thumbnail) <= jpeg_segments.MAX_EXIF:
            return with_thumbnail
        notes.append(_("There was no room for a new thumbnail in the EXIF data."))
    return block


def _check_size(pixels: NDArray[Any], limit: int, format_name: str) -> None:
    height, width = pixels.shape[:2]
    if max(width, height) > limit:
        raise WriteError(
            _(
                "{format_name} holds at most {limit} pixels a side, and the picture is {width} x {height}; "
                "export it as TIFF or PNG."
            ).format(format_name=format_name, limit=limit, width=width, height=height)
        )


def _plane(pixels: NDArray[Any]) -> NDArray[Any]:
    """H x W for grey, as Pillow wants it."""
    return pixels[..., 0] if pixels.shape[2] == 1 else pixels
