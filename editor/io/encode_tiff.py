"""TIFF from pixels, written by hand so that the EXIF block can stand at the file's beginning unchanged.

All offsets in the block, those inside a camera's MakerNote too, count from its first byte; there it is the file's first
byte as well. Its first directory is left behind unlinked, and a new one at the end takes over its tags.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from editor.core.errors import WriteError
from editor.core.i18n import _
from editor.core.metadata import Metadata
from editor.io import exif, ifd
from editor.io.encode import thumbnail_rgb, whole_numbers
from editor.io.ifd import LONG, SHORT, UNDEFINED, Entry
from editor.io.options import ExportOptions

_STRIP_BYTES = 1 << 20
_LIMIT_BYTES = (1 << 32) - (1 << 20)
_ADOBE_DEFLATE, _NO_COMPRESSION = 8, 1
_CARRIED = exif.DESCRIPTIVE | {exif.EXIF_POINTER, exif.GPS_POINTER}


def write_tiff(
    file: BinaryIO,
    pixels: NDArray[Any],
    metadata: Metadata,
    options: ExportOptions,
    *,
    thumbnail: bool,
    notes: list[str],
) -> None:
    """Deflate with horizontal differencing; float32 stays float32 unless `options.bits` says otherwise.

    Raises WriteError if the file would grow beyond 4 GB.
    """
    if options.bits or pixels.dtype != np.float32:
        pixels = whole_numbers(pixels, options.bits, "TIFF", notes)
    order, front, entries = _front(metadata.exif)
    file.write(front)
    for tag, kind, block in (
        (700, 1, metadata.xmp),
        (33723, UNDEFINED, metadata.iptc),
        (34675, UNDEFINED, metadata.icc),
    ):
        if block:
            entries[tag] = ifd.make(tag, kind, block, order)
    rows = max(1, _STRIP_BYTES // (pixels.shape[1] * pixels.shape[2] * pixels.itemsize))
    places = _write_strips(file, _strips(pixels, rows, order))
    for entry in _layout(pixels, rows, places, order, compressed=True):
        entries[entry.tag] = entry
    file.write(b"\0" * (file.tell() % 2))
    at = file.tell()
    second_at = at + len(ifd.pack_ifd(entries.values(), order, at)) if thumbnail else 0
    file.write(ifd.pack_ifd(entries.values(), order, at, second_at))
    if thumbnail:
        _write_thumbnail(file, thumbnail_rgb(pixels), order)
    file.seek(4)
    file.write(struct.pack(order + "I", at))


def _front(block: bytes | None) -> tuple[str, bytes, dict[int, Entry]]:
    """Byte order, the file's first bytes, and the entries of the block's first directory that stay."""
    if block is None:
        return "<", b"II*\0" + bytes(4), {}
    order = ifd.byte_order(block)
    first = ifd.read_ifd(block, ifd.first_offset(block))
    entries = {tag: entry for tag, entry in first.entries.items() if tag in _CARRIED}
    if ifd.number(first, exif.RESOLUTION_UNIT, order) not in (None, 1, 2, 3):
        del entries[exif.RESOLUTION_UNIT]  # cameras write 0, which TIFF doesn't have; without it inches are meant
    return order, block + b"\0" * (len(block) % 2), entries


def _strips(pixels: NDArray[Any], rows: int, order: str) -> Iterator[bytes]:
    """Compressed strips in order, made by a few threads and a few ahead at most."""
    import imagecodecs

    def pack(top: int) -> bytes:
        strip = pixels[top : top + rows]
        if strip.dtype != np.float32:
            strip = strip.copy()
            strip[:, 1:] -= pixels[top : top + rows, :-1]
        return bytes(imagecodecs.deflate_encode(_ordered(strip, order).tobytes(), 6))

    threads = max(1, min(4, os.cpu_count() or 1))
    tops = range(0, pixels.shape[0], rows)
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(tops), 4 * threads):
            yield from pool.map(pack, tops[start : start + 4 * threads])


def _ordered(strip: NDArray[Any], order: str) -> NDArray[Any]:
    return strip if (order == "<") == (sys.byteorder == "little") else strip.byteswap()


def _write_strips(file: BinaryIO, strips: Iterator[bytes]) -> list[tuple[int, int]]:
    places = []
    for strip in strips:
        places.append((file.tell(), len(strip)))
        if file.tell() + len(strip) > _LIMIT_BYTES:
            raise WriteError(_("The TIFF would be larger than 4 GB; export 8 bits, or PNG."))
        file.write(strip)
    return places


def _layout(
    pixels: NDArray[Any], rows: int, places: list[tuple[int, int]], order: str, *, compressed: bool
) -> Iterator[Entry]:
    height, width, samples = pixels.shape
    floating = pixels.dtype == np.float32
    yield ifd.make(256, LONG, (width,), order)
    yield ifd.make(257, LONG, (height,), order)
    yield ifd.make(258, SHORT, (8 * pixels.itemsize,) * samples, order)
    yield ifd.make(259, SHORT, (_ADOBE_DEFLATE if compressed else _NO_COMPRESSION,), order)
    yield ifd.make(262, SHORT, (2 if samples >= 3 else 1,), order)
    yield ifd.make(273, LONG, (at for at, _ in places), order)
    yield ifd.make(277, SHORT, (samples,), order)
    yield ifd.make(278, LONG, (min(rows, height),), order)
    yield ifd.make(279, LONG, (size for _, size in places), order)
    yield ifd.make(284, SHORT, (1,), order)
    if compressed and not floating:
        yield ifd.make(317, SHORT, (2,), order)
    if samples in (2, 4):
        yield ifd.make(338, SHORT, (2,), order)
    yield ifd.make(339, SHORT, (3 if floating else 1,) * samples, order)


def _write_thumbnail(file: BinaryIO, small: NDArray[np.uint8], order: str) -> None:
    """A second directory for a reduced version (NewSubfileType 1), behind the first."""
    at = file.tell()

    def directory(pixels_at: int) -> bytes:
        layout = _layout(small, small.shape[0], [(pixels_at, small.nbytes)], order, compressed=False)
        return ifd.pack_ifd([ifd.make(254, LONG, (1,), order), *layout], order, at)

    file.write(directory(at + len(directory(0))) + small.tobytes())
