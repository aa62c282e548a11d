"""JPEG's marker segments: metadata out of a file and into one, and whether the file is whole (ITU T.81, annex B)."""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass

from editor.io import iptc, xmp

EXIF_HEAD = b"Exif\0\0"
XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
EXTENDED_XMP_HEAD = b"http://ns.adobe.com/xmp/extension/\0"
ICC_HEAD = b"ICC_PROFILE\0"
PHOTOSHOP_HEAD = b"Photoshop 3.0\0"
MAX_PAYLOAD = 65_533
MAX_EXIF = MAX_PAYLOAD - len(EXIF_HEAD)
MAX_XMP = MAX_PAYLOAD - len(XMP_HEAD)
_EXTENDED_CHUNK = 65_000

_SOI, _EOI, _SOS, _APP0, _APP1, _APP2, _APP13 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xED
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# In a scan 0xFF is followed by a stuffed zero, a restart marker or fill; anything else begins a segment.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


class JpegError(ValueError):
    """The segments are damaged; `truncated` says that the file ends too early."""

    def __init__(self, message: str, *, truncated: bool = False) -> None:
        super().__init__(message)
        self.truncated = truncated


@dataclass(frozen=True, slots=True)
class Frame:
    """The picture's header: sample precision in bits, size in pixels, number of components, marker (0xC0 baseline)."""

    bits: int
    height: int
    width: int
    components: int
    marker: int


@dataclass(frozen=True, slots=True)
class JpegFile:
    """segments: (marker, payload) before the first scan, in order; end: where the first picture ends in the file."""

    frame: Frame
    segments: tuple[tuple[int, bytes], ...]
    end: int

    def payloads(self, marker: int, head: bytes) -> list[bytes]:
        return [p[len(head) :] for m, p in self.segments if m == marker and p.startswith(head)]


def parse(data: bytes) -> JpegFile:
    """Walks through all segments and scans. Raises JpegError, also if the end marker is missing."""
    if data[:2] != b"\xff\xd8":
        raise JpegError("no start marker")
    segments: list[tuple[int, bytes]] = []
    frame: Frame | None = None
    in_header = True
    at = 2
    while True:
        marker, at = _marker(data, at)
        if marker == _EOI:
            break
        if marker == _SOI or 0xD0 <= marker <= 0xD7 or marker == 0x01:
            continue
        payload = _payload(data, at)
        at += 2 + len(payload)
        if in_header:
            segments.append((marker, payload))
        if marker in _FRAMES and frame is None:
            frame = _frame(marker, payload)
        if marker == _SOS:
            in_header = False
            found = _NEXT_MARKER.search(data, at)
            if not found:
                raise JpegError("no end marker", truncated=True)
            at = found.start()
    if frame is None or in_header:
        raise JpegError("no picture between start and end")
    return JpegFile(frame, tuple(segments), at)


def frame_of(data: bytes) -> Frame | None:
    """The first frame header, found even in a file that is cut short behind it."""
    at = 2
    try:
        while True:
            marker, at = _marker(data, at)
            payload = _payload(data, at)
            at += 2 + len(payload)
            if marker in _FRAMES:
                return _frame(marker, payload)
            if marker == _SOS:
                return None
    except JpegError:
        return None


def exif_of(file: JpegFile) -> bytes | None:
    found = file.payloads(_APP1, EXIF_HEAD)
    return found[0] if found else None


def icc_of(file: JpegFile) -> bytes | None:
    """The profile from its numbered parts. Raises JpegError if one is missing."""
    parts = sorted(file.payloads(_APP2, ICC_HEAD))
    if not parts:
        return None
    if [part[0] for part in parts if part] != list(range(1, len(parts) + 1)):
        raise JpegError("a part of the colour profile is missing")
    return b"".join(part[2:] for part in parts)


def dpi_of(file: JpegFile) -> tuple[float, float] | None:
    """The density in the JFIF header, if it has a unit."""
    for payload in file.payloads(_APP0, b"JFIF\0"):
        if len(payload) >= 7:
            unit, x, y = struct.unpack(">BHH", payload[2:7])
            scale = {1: 1.0, 2: 2.54}.get(unit)
            return (x * scale, y * scale) if scale and x and y else None
    return None


def iptc_of(file: JpegFile) -> bytes | None:
    return iptc.from_resources(b"".join(file.payloads(_APP13, PHOTOSHOP_HEAD)))


def xmp_of(file: JpegFile) -> bytes | None:
    """The packet with its extended part merged. Raises JpegError or ValueError if that part is damaged."""
    packets = file.payloads(_APP1, XMP_HEAD)
    extended = _extended_xmp(file.payloads(_APP1, EXTENDED_XMP_HEAD))
    if not packets:
        return None
    return xmp.merge(packets[0], extended) if extended is not None else packets[0]


def main_xmp_of(file: JpegFile) -> bytes | None:
    """The packet alone, for a file whose extended part is damaged."""
    packets = file.payloads(_APP1, XMP_HEAD)
    return packets[0] if packets else None


def icc_segments(profile: bytes) -> list[tuple[int, bytes]]:
    """Raises JpegError if the profile needs more than 255 parts."""
    room = MAX_PAYLOAD - len(ICC_HEAD) - 2
    parts = [profile[at : at + room] for at in range(0, len(profile), room)]
    if len(parts) > 255:
        raise JpegError("the colour profile is too large for JPEG")
    return [(_APP2, ICC_HEAD + bytes((index, len(parts))) + part) for index, part in enumerate(parts, 1)]


def exif_segment(block: bytes) -> tuple[int, bytes]:
    """`block` has at most MAX_EXIF bytes."""
    return _APP1, EXIF_HEAD + block


def xmp_segments(packet: bytes) -> list[tuple[int, bytes]]:
    """One segment, or a reference and the extended segments it names (XMP part 3, section 1.1.3.1)."""
    if len(packet) <= MAX_XMP:
        return [(_APP1, XMP_HEAD + packet)]
    guid = hashlib.md5(packet, usedforsecurity=False).hexdigest().upper().encode()
    parts = [(_APP1, XMP_HEAD + xmp.SHELL % guid)]
    for at in range(0, len(packet), _EXTENDED_CHUNK):
        head = EXTENDED_XMP_HEAD + guid + struct.pack(">II", len(packet), at)
        parts.append((_APP1, head + packet[at : at + _EXTENDED_CHUNK]))
    return parts


def iptc_segments(records: bytes) -> list[tuple[int, bytes]]:
    resources = iptc.to_resources(records)
    room = MAX_PAYLOAD - len(PHOTOSHOP_HEAD)
    return [(_APP13, PHOTOSHOP_HEAD + resources[at : at + room]) for at in range(0, len(resources), room)]


def insert(data: bytes, segments: list[tuple[int, bytes]]) -> bytes:
    """`data` with `segments` behind its JFIF header."""
    at = 2
    if data[2:4] == bytes((0xFF, _APP0)):
        at = 4 + struct.unpack(">H", data[4:6])[0]
    packed = b"".join(struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload for marker, payload in segments)
    return data[:at] + packed + data[at:]


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """The marker at `at` (fill bytes skipped) and the offset behind it."""
    while data[at : at + 2] == b"\xff\xff":
        at += 1
    if at + 2 > len(data):
        raise JpegError("no end marker", truncated=True)
    if data[at] != 0xFF:
        raise JpegError("bytes where a marker should be")
    return data[at + 1], at + 2


def _payload(data: bytes, at: int) -> bytes:
    length = int.from_bytes(data[at : at + 2], "big")
    if at + length > len(data):
        raise JpegError("segment cut short", truncated=True)
    if length < 2:
        raise JpegError("segment without length", truncated=at + 2 > len(data))
    return data[at + 2 : at + length]


def _frame(marker: int, payload: bytes) -> Frame:
    if len(payload) < 6:
        raise JpegError("frame header cut short")
    bits, height, width, components = struct.unpack(">BHHB", payload[:6])
    return Frame(bits, height, width, components, marker)


def _extended_xmp(parts: list[bytes]) -> bytes | None:
    """The extended packet put together and compared with the digest that names it."""
    chunks: dict[int, bytes] = {}
    names = {part[:32] for part in parts}
    for part in parts:
        if len(part) >= 40:
            chunks[struct.unpack(">I", part[36:40])[0]] = part[40:]
    if not chunks:
        return None
    whole = b"".join(chunks[at] for at in sorted(chunks))
    digest = hashlib.md5(whole, usedforsecurity=False).hexdigest().upper().encode()
    if len(names) != 1 or digest not in {name.upper() for name in names}:
        raise JpegError("the extended XMP is damaged")
    return whole
