"""TIFF's image file directories, as bytes: what EXIF blocks and TIFF files are made of (TIFF 6.0, section 2).

Only the classic form with 32-bit offsets. Values stay in the file's byte order, so that an entry can be moved from one
block to another without being understood.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, overload

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 1, 2, 3, 4, 5, 7

_SIZE_OF_TYPE = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MAX_ENTRIES = 4096


class Bytes(Protocol):
    """bytes, bytearray or a memory map."""

    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, key: int, /) -> int: ...
    @overload
    def __getitem__(self, key: slice, /) -> bytes | bytearray: ...


class IfdError(ValueError):
    """The structure is damaged. Never shown as it is: the caller says what it means for the picture."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag: `data` are its value's bytes in the block's order, `at` is where they lie in the block."""

    tag: int
    kind: int
    count: int
    data: bytes
    at: int = 0


@dataclass(frozen=True, slots=True)
class Ifd:
    """A directory at offset `at`; `next_at` is where its pointer to the next one lies, `next` where that one points."""

    at: int
    entries: dict[int, Entry] = field(default_factory=dict)
    next: int = 0
    next_at: int = 0


def byte_order(block: Bytes) -> str:
    """'<' or '>' as struct has it. Raises IfdError if `block` is not a classic TIFF structure."""
    head = bytes(block[0:4])
    if head == b"II*\0":
        return "<"
    if head == b"MM\0*":
        return ">"
    raise IfdError("no TIFF header")


def first_offset(block: Bytes) -> int:
    """Offset of the first directory."""
    order = byte_order(block)
    if len(block) < 8:
        raise IfdError("header cut short")
    return int(struct.unpack(order + "I", block[4:8])[0])


def read_ifd(block: Bytes, offset: int) -> Ifd:
    """The directory at `offset`. Entries whose value lies outside are left out; a directory outside raises IfdError."""
    order = byte_order(block)
    if offset < 8 or offset + 2 > len(block):
        raise IfdError("directory outside the block")
    (count,) = struct.unpack(order + "H", block[offset : offset + 2])
    end = offset + 2 + 12 * count
    if count == 0 or count > _MAX_ENTRIES or end > len(block):
        raise IfdError("directory cut short")
    entries: dict[int, Entry] = {}
    for position in range(offset + 2, end, 12):
        tag, kind, number = struct.unpack(order + "HHI", block[position : position + 8])
        size = _SIZE_OF_TYPE.get(kind, 0) * number
        at = position + 8
        if size > 4:
            (at,) = struct.unpack(order + "I", block[position + 8 : position + 12])
        if size and at + size <= len(block):
            entries.setdefault(tag, Entry(tag, kind, number, bytes(block[at : at + size]), at))
    following = struct.unpack(order + "I", block[end : end + 4])[0] if end + 4 <= len(block) else 0
    return Ifd(offset, entries, following, end)


def numbers(entry: Entry, order: str) -> tuple[int, ...]:
    """The values of a BYTE, SHORT or LONG entry; other types give none."""
    code = {1: "B", 3: "H", 4: "I", 13: "I"}.get(entry.kind)
    return struct.unpack(f"{order}{entry.count}{code}", entry.data) if code else ()


def number(ifd: Ifd, tag: int, order: str) -> int | None:
    """The first value of an integer tag, or None."""
    entry = ifd.entries.get(tag)
    values = numbers(entry, order) if entry else ()
    return values[0] if values else None


def make(tag: int, kind: int, values: Iterable[int] | bytes, order: str) -> Entry:
    """An entry from integers (SHORT, LONG; RATIONAL as numerator, denominator, ...) or from bytes."""
    if isinstance(values, bytes):
        return Entry(tag, kind, len(values), values)
    listed = list(values)
    code = {SHORT: "H", LONG: "I", RATIONAL: "I"}[kind]
    data = struct.pack(f"{order}{len(listed)}{code}", *listed)
    return Entry(tag, kind, len(listed) // (2 if kind == RATIONAL else 1), data)


def pack_ifd(entries: Iterable[Entry], order: str, at: int, following: int = 0) -> bytes:
    """The bytes of a directory that will stand at the even offset `at`, its larger values right behind it.

    An entry with `at` set already lies somewhere in the block: it is pointed to and not copied, if it is larger than
    four bytes.
    """
    listed = sorted(entries, key=lambda entry: entry.tag)
    heap_at = at + 2 + 12 * len(listed) + 4
    head = struct.pack(order + "H", len(listed))
    heap = b""
    for entry in listed:
        head += struct.pack(order + "HHI", entry.tag, entry.kind, entry.count)
        if len(entry.data) <= 4:
            head += entry.data.ljust(4, b"\0")
        elif entry.at:
            head += struct.pack(order + "I", entry.at)
        else:
            head += struct.pack(order + "I", heap_at + len(heap))
            heap += entry.data + b"\0" * (len(entry.data) % 2)
    return head + struct.pack(order + "I", following) + heap
