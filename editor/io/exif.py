"""EXIF blocks, changed in place: every offset in them stays true, also those inside a camera's MakerNote.

A block is a TIFF structure (without the "Exif" marker of JPEG): IFD0 with the camera, an Exif and a GPS directory below
it, and IFD1 with the thumbnail (Exif 2.32, section 4.5).
"""

from __future__ import annotations

import re
import struct

from editor.io import ifd
from editor.io.ifd import Entry, Ifd, IfdError

ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x0112, 0x011A, 0x011B, 0x0128
EXIF_POINTER, GPS_POINTER, INTEROP_POINTER = 0x8769, 0x8825, 0xA005
MAKER_NOTE, PIXEL_WIDTH, PIXEL_HEIGHT = 0x927C, 0xA002, 0xA003
_THUMBNAIL_AT, _THUMBNAIL_BYTES, _STRIPS_AT, _STRIP_BYTES = 0x0201, 0x0202, 0x0111, 0x0117

# Tags of IFD0 in a TIFF file that describe the scene; all others describe how that file stores its pixels.
DESCRIPTIVE = frozenset(
    (
        *(0x010D, 0x010E, 0x010F, 0x0110, ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT, 0x0131, 0x0132),
        *(0x013B, 0x013C, 0x4746, 0x4749, 0x8298, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F),
    )
)
_EMBEDDED_JPEG = re.compile(rb"\xff\xd8\xff[\xc0-\xc4\xdb\xe0-\xef\xfe].*?\xff\xd9", re.DOTALL)


def is_blank(block: bytes) -> bool:
    """Whether it is a sound header with an empty directory, as some programs write it."""
    try:
        at = ifd.first_offset(block)
    except IfdError:
        return False
    return len(block) >= at + 2 and block[at : at + 2] == b"\0\0" and at >= 8


def check(block: bytes) -> None:
    """Raises IfdError if `block` cannot be read as far as its first directory."""
    ifd.read_ifd(block, ifd.first_offset(block))


def orientation(block: bytes) -> int:
    """1 to 8; 1 where the block says nothing or nonsense. Raises IfdError."""
    first = ifd.read_ifd(block, ifd.first_offset(block))
    value = ifd.number(first, ORIENTATION, ifd.byte_order(block))
    return value if value is not None and 1 <= value <= 8 else 1


def upright(block: bytes, width: int, height: int) -> bytes:
    """The block for a picture of this size whose orientation has been applied. Raises IfdError."""
    order = ifd.byte_order(block)
    changed = bytearray(block)
    first = ifd.read_ifd(block, ifd.first_offset(block))
    _overwrite(changed, first.entries.get(ORIENTATION), 1, order)
    inner = _sub(block, first, EXIF_POINTER)
    if inner:
        _overwrite(changed, inner.entries.get(PIXEL_WIDTH), width, order)
        _overwrite(changed, inner.entries.get(PIXEL_HEIGHT), height, order)
    return bytes(changed)


def has_thumbnail(block: bytes) -> bool:
    """Whether an IFD1 is linked. Raises IfdError."""
    following = ifd.read_ifd(block, ifd.first_offset(block)).next
    return 8 <= following < len(block)


def without_thumbnail(block: bytes) -> bytes:
    """Unlinks IFD1 and overwrites it, the thumbnail and every preview inside the MakerNote with zeros.

    All of them show the picture as it was before something was removed from it. Raises IfdError.
    """
    changed = bytearray(block)
    first = ifd.read_ifd(block, ifd.first_offset(block))
    if first.next_at + 4 <= len(changed):
        changed[first.next_at : first.next_at + 4] = bytes(4)
    try:
        second = ifd.read_ifd(block, first.next)
    except IfdError:
        second = None
    if second and second.at != first.at:
        _wipe_second(changed, second, ifd.byte_order(block))
    for found in _EMBEDDED_JPEG.finditer(bytes(changed)):
        changed[found.start() : found.end()] = bytes(found.end() - found.start())
    return bytes(changed[: max(_end_of_use(changed), first.next_at + 4)])


def with_thumbnail(block: bytes, jpeg: bytes) -> bytes:
    """Appends an IFD1 with `jpeg` and links it; the block must hold none. Raises IfdError."""
    order = ifd.byte_order(block)
    first = ifd.read_ifd(block, ifd.first_offset(block))
    if first.next_at + 4 > len(block):
        raise IfdError("directory without a link")
    changed = bytearray(block + b"\0" * (len(block) % 2))
    at = len(changed)
    entries = [
        ifd.make(0x0103, ifd.SHORT, (6,), order),  # compression: JPEG
        ifd.make(X_RESOLUTION, ifd.RATIONAL, (72, 1), order),
        ifd.make(Y_RESOLUTION, ifd.RATIONAL, (72, 1), order),
        ifd.make(RESOLUTION_UNIT, ifd.SHORT, (2,), order),
        ifd.make(_THUMBNAIL_AT, ifd.LONG, (0,), order),
        ifd.make(_THUMBNAIL_BYTES, ifd.LONG, (len(jpeg),), order),
    ]
    thumbnail_at = at + len(ifd.pack_ifd(entries, order, at))
    entries[4] = ifd.make(_THUMBNAIL_AT, ifd.LONG, (thumbnail_at,), order)
    changed[first.next_at : first.next_at + 4] = struct.pack(order + "I", at)
    return bytes(changed) + ifd.pack_ifd(entries, order, at) + jpeg


def without_maker_note(block: bytes) -> bytes:
    """The block rebuilt without MakerNote and thumbnail, for formats that limit its size. Raises IfdError."""
    return from_tiff(block, maker_note=False)


def from_tiff(block: ifd.Bytes, *, maker_note: bool = True) -> bytes:
    """A block of its own with what a TIFF file's first directory says about the scene. Raises IfdError.

    The MakerNote keeps its offset where that is below 60,000, since many of them hold offsets from the block's start.
    """
    order = ifd.byte_order(block)
    first = ifd.read_ifd(block, ifd.first_offset(block))
    inner = _sub(block, first, EXIF_POINTER)
    gps = _sub(block, first, GPS_POINTER)
    interop = _sub(block, inner, INTEROP_POINTER) if inner else None
    body = bytearray(struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 0))

    def add(entries: list[Entry]) -> int:
        body.extend(b"\0" * (len(body) % 2))
        at = len(body)
        body.extend(ifd.pack_ifd(entries, order, at))
        return at

    head = [_loose(entry) for tag, entry in first.entries.items() if tag in DESCRIPTIVE]
    if inner:
        kept = {tag: _loose(entry) for tag, entry in inner.entries.items() if maker_note or tag != MAKER_NOTE}
        note = inner.entries.get(MAKER_NOTE) if maker_note else None
        if note and len(body) <= note.at < 60_000 and len(note.data) > 4:
            body.extend(bytes(note.at - len(body)) + note.data)
            kept[MAKER_NOTE] = note
        kept.pop(INTEROP_POINTER, None)
        if interop:
            at = add([_loose(entry) for entry in interop.entries.values()])
            kept[INTEROP_POINTER] = ifd.make(INTEROP_POINTER, ifd.LONG, (at,), order)
        if kept:
            head.append(ifd.make(EXIF_POINTER, ifd.LONG, (add(list(kept.values())),), order))
    if gps:
        head.append(ifd.make(GPS_POINTER, ifd.LONG, (add([_loose(e) for e in gps.entries.values()]),), order))
    if not head:
        raise IfdError("nothing but pixels")
    body[4:8] = struct.pack(order + "I", add(head))
    return bytes(body)


def for_resolution(x_dpi: float, y_dpi: float) -> bytes:
    """A block that says nothing but this resolution, so that a scan without EXIF keeps its size in inches."""
    entries = [
        ifd.make(X_RESOLUTION, ifd.RATIONAL, (round(x_dpi * 100), 100), "<"),
        ifd.make(Y_RESOLUTION, ifd.RATIONAL, (round(y_dpi * 100), 100), "<"),
        ifd.make(RESOLUTION_UNIT, ifd.SHORT, (2,), "<"),
    ]
    return struct.pack("<2sHI", b"II", 42, 8) + ifd.pack_ifd(entries, "<", 8)


def resolution_dpi(block: bytes) -> tuple[float, float] | None:
    """Horizontal and vertical pixels per inch, if the block says so. Raises IfdError."""
    order = ifd.byte_order(block)
    first = ifd.read_ifd(block, ifd.first_offset(block))
    unit = ifd.number(first, RESOLUTION_UNIT, order) or 2
    values = []
    for tag in (X_RESOLUTION, Y_RESOLUTION):
        entry = first.entries.get(tag)
        if entry is None or entry.kind != ifd.RATIONAL or unit not in (2, 3):
            return None
        over, under = struct.unpack(order + "II", entry.data[:8])
        if not 0 < over < 100_000 * max(under, 1) or under == 0:
            return None
        values.append(over / under * (2.54 if unit == 3 else 1.0))
    return values[0], values[1]


def _sub(block: ifd.Bytes, parent: Ifd, tag: int) -> Ifd | None:
    offset = ifd.number(parent, tag, ifd.byte_order(block))
    try:
        return ifd.read_ifd(block, offset) if offset else None
    except IfdError:
        return None


def _loose(entry: Entry) -> Entry:
    """The entry without its place, so that its value is copied."""
    return Entry(entry.tag, entry.kind, entry.count, entry.data)


def _overwrite(block: bytearray, entry: Entry | None, value: int, order: str) -> None:
    if entry and entry.kind == ifd.SHORT and value <= 0xFFFF:
        block[entry.at : entry.at + 2] = struct.pack(order + "H", value)
    elif entry and entry.kind == ifd.LONG:
        block[entry.at : entry.at + 4] = struct.pack(order + "I", value)


def _wipe_second(block: bytearray, second: Ifd, order: str) -> None:
    for at_tag, bytes_tag in ((_THUMBNAIL_AT, _THUMBNAIL_BYTES), (_STRIPS_AT, _STRIP_BYTES)):
        places, sizes = (second.entries.get(tag) for tag in (at_tag, bytes_tag))
        if places and sizes:
            for at, size in zip(ifd.numbers(places, order), ifd.numbers(sizes, order), strict=False):
                end = min(at + size, len(block))
                block[at:end] = bytes(max(0, end - at))
    for entry in second.entries.values():
        block[entry.at : entry.at + len(entry.data)] = bytes(len(entry.data))
    end = min(second.next_at + 4, len(block))
    block[second.at : end] = bytes(end - second.at)


def _end_of_use(block: bytearray) -> int:
    """The block's length without the zeros at its end that no linked value uses."""
    end = len(block.rstrip(b"\0"))
    first = ifd.read_ifd(block, ifd.first_offset(block))
    inner = _sub(block, first, EXIF_POINTER)
    parts = [first, inner, _sub(block, first, GPS_POINTER), _sub(block, inner, INTEROP_POINTER) if inner else None]
    for part in parts:
        if part:
            end = max([end, part.next_at + 4] + [entry.at + len(entry.data) for entry in part.entries.values()])
    return min(end, len(block))
