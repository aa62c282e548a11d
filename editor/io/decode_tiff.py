"""TIFF to pixels: every depth and layout that photo programs write (TIFF 6.0)."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from editor.core.errors import ReadError
from editor.core.i18n import _, ngettext
from editor.io import exif, icc, ifd
from editor.io.decode import DAMAGED, TRUNCATED, CheckSize
from editor.io.picture import Decoded

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_PREMULTIPLIED = 1
# Without one of these the pixels would be taken for something else: depth, colours, planes, predictor, tiles ...
_LAYOUT_TAGS = frozenset((256, 257, 258, 259, 262, 266, 277, 278, 284, 317, 320, 322, 323, 332, 338, 339, 347, 530))
_TAG_XMP, _TAG_IPTC, _TAG_ICC, _TAG_ORIENTATION, _TAG_EXIF = 700, 33723, 34675, 274, 34665


def decode_tiff(path: Path, check_size: CheckSize) -> Decoded:
    """Reads the first full-size page. Raises ReadError."""
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            page = _main_page(file)
            check_size(page.imagewidth, page.imagelength)
            _check_whole(page, path)
            found = Decoded(np.empty((0, 0, 1), np.uint8))
            found.icc, found.xmp, found.iptc = (_raw(page, tag) for tag in (_TAG_ICC, _TAG_XMP, _TAG_IPTC))
            found.orientation = int(page.tags.valueof(_TAG_ORIENTATION, 1))
            others = sum(1 for other in file.pages if not other.aspage().is_reduced) - 1
            if others > 0:
                text = ngettext(
                    "Only the first of {count} pages was opened.",
                    "Only the first of {count} pages was opened.",
                    others + 1,
                )
                found.notes.append(text.format(count=others + 1))
            found.pixels = _pixels(page, path, found, found.notes)
            if file.is_bigtiff and _TAG_EXIF in page.tags:
                found.notes.append(_("EXIF data in a BigTIFF file can't be carried over and was dropped."))
    except (ReadError, MemoryError, OSError):
        raise
    except Exception as error:  # tifffile meets damaged structures with whatever Python raises there
        raise ReadError(_(DAMAGED).format(name=path.name)) from error
    found.exif = _exif(path)
    return found


def _main_page(file: TiffFile) -> TiffPage:
    for page in file.pages:
        full = page.aspage()
        if not full.is_reduced:
            return full
    return file.pages.first


def _check_whole(page: TiffPage, path: Path) -> None:
    """tifffile gives an empty array or zeros for pixels that lie behind the file's end, and does not complain."""
    size_bytes = path.stat().st_size
    ends = [at + count for at, count in zip(page.dataoffsets, page.databytecounts, strict=False)]
    if not ends or not all(page.databytecounts) or max(ends) > size_bytes or _lost_tags(page) & _LAYOUT_TAGS:
        raise ReadError(_(TRUNCATED).format(name=path.name))


def _lost_tags(page: TiffPage) -> set[int]:
    """Tags of the directory that tifffile skipped, since their values lie behind the file's end."""
    form, handle = page.parent.tiff, page.parent.filehandle
    handle.seek(page.offset)
    (count,) = struct.unpack(form.tagnoformat, handle.read(form.tagnosize))
    entries = handle.read(count * form.tagsize)
    starts = range(0, len(entries) - form.tagsize + 1, form.tagsize)
    listed = {struct.unpack_from(form.byteorder + "H", entries, at)[0] for at in starts}
    return {tag for tag in listed if tag not in page.tags}


def _raw(page: TiffPage, tag: int) -> bytes | None:
    """A tag's bytes, whatever type it was written as (IPTC is often LONG)."""
    found = page.tags.get(tag)
    if found is None:
        return None
    handle = page.parent.filehandle
    handle.seek(found.valueoffset)
    size = {3: 2, 4: 4}.get(int(found.dtype), 1) * found.count
    return bytes(handle.read(size)) if 0 < size < 256 << 20 else None


def _exif(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as block:
            return exif.from_tiff(block)
    except (ifd.IfdError, ValueError):
        return None


def _pixels(page: TiffPage, path: Path, found: Decoded, notes: list[str]) -> NDArray[Any]:
    photometric = int(page.photometric)
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR):
        kind = getattr(page.photometric, "name", str(photometric))
        raise ReadError(
            _("{name} holds {kind} data, which Kintsugi can't open; convert it to RGB TIFF first.").format(
                name=path.name, kind=kind
            )
        )
    data = page.asarray()
    if data.size == 0 or data.ndim not in (2, 3):
        raise ReadError(_(DAMAGED).format(name=path.name))
    if data.ndim == 2:
        data = data[..., None]
    elif int(page.planarconfig) == 2 and data.shape[0] == page.samplesperpixel:
        data = np.moveaxis(data, 0, -1)
    if photometric == _PALETTE:
        notes.append(_("The palette was converted to RGB."))
        colours: NDArray[np.uint8] = (np.asarray(page.colormap) >> 8).astype(np.uint8)
        looked_up: NDArray[np.uint8] = colours.T[data[..., 0]]
        return looked_up
    data = _depth(data, page.bitspersample, path, notes)
    if photometric == _WHITE_IS_ZERO and data.dtype != np.float32:
        data[..., 0] = np.iinfo(data.dtype).max - data[..., 0]
    colours_count = {_RGB: 3, _YCBCR: 3, _CMYK: 4}.get(photometric, 1)
    if data.shape[2] < colours_count:
        raise ReadError(_(DAMAGED).format(name=path.name))
    alpha = _alpha(data, colours_count, page, notes)
    data = data[..., :colours_count]
    if photometric == _CMYK:
        data = _from_cmyk(data, found, notes, path)
    if alpha is None:
        return data
    if int(page.extrasamples[0]) == _PREMULTIPLIED:
        data = _straight(data, alpha)
        notes.append(_("Premultiplied alpha was converted to straight alpha."))
    return np.concatenate((data, alpha), axis=2)


def _depth(data: NDArray[Any], bits: int, path: Path, notes: list[str]) -> NDArray[Any]:
    """uint8, uint16 or float32 from what else there is."""
    if data.dtype.kind == "f":
        data = data.astype(np.float32)
        if not np.isfinite(data).all():
            notes.append(_("Pixels without a valid number were set to black."))
            data = np.nan_to_num(data, nan=0.0, posinf=0.0, neginf=0.0)
        return data
    if data.dtype == np.bool_ or (data.dtype.kind == "u" and bits < 8):
        notes.append(_("{bits}-bit grey was converted to 8-bit grey.").format(bits=bits))
        table = np.arange(2**bits, dtype=np.uint32) * 255 // (2**bits - 1)
        data = table.astype(np.uint8)[data.astype(np.uint8)]
    elif data.dtype == np.uint16 and 8 < bits < 16:
        notes.append(_("{bits}-bit values were stretched to 16 bits.").format(bits=bits))
        table = np.arange(2**bits, dtype=np.uint32) * 65535 // (2**bits - 1)
        data = table.astype(np.uint16)[data]
    elif data.dtype == np.uint32:
        notes.append(_("32-bit whole numbers were reduced to 16 bits."))
        data = (data >> 16).astype(np.uint16)
    elif data.dtype not in (np.uint8, np.uint16):
        raise ReadError(
            _("{name} holds {dtype} numbers; convert it to an 8- or 16-bit TIFF first.").format(
                name=path.name, dtype=data.dtype
            )
        )
    return data


def _alpha(data: NDArray[Any], colours: int, page: TiffPage, notes: list[str]) -> NDArray[Any] | None:
    extra = data.shape[2] - colours
    if extra == 0:
        return None
    kinds = [int(kind) for kind in page.extrasamples]
    if extra > 1 or not kinds or kinds[0] not in (1, 2):
        notes.append(_("Extra channels that are not transparency were dropped."))
    return data[..., colours : colours + 1] if kinds and kinds[0] in (1, 2) else None


def _straight(data: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Colour divided by alpha; black where alpha is 0."""
    full = 1.0 if data.dtype == np.float32 else float(np.iinfo(data.dtype).max)
    scale = np.divide(full, alpha, out=np.zeros(alpha.shape, np.float64), where=alpha > 0)
    straight: NDArray[np.float64] = data * scale
    if data.dtype != np.float32:
        straight = np.minimum(straight, full) + 0.5
    return straight.astype(data.dtype)


def _from_cmyk(data: NDArray[Any], found: Decoded, notes: list[str], path: Path) -> NDArray[Any]:
    if data.dtype == np.float32:
        raise ReadError(_("{name} holds CMYK as floating point; convert it to RGB TIFF first.").format(name=path.name))
    pixels, note = icc.cmyk_with_note(data, found.icc)
    found.icc = None
    notes.append(note)
    return pixels
