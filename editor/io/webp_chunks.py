"""WebP's RIFF chunks: size, metadata, and whether the file is whole (RFC 9649)."""

from __future__ import annotations

import struct
from dataclasses import dataclass


class WebpError(ValueError):
    """The chunks are damaged; `truncated` says that the file ends too early."""

    def __init__(self, message: str, *, truncated: bool = False) -> None:
        super().__init__(message)
        self.truncated = truncated


@dataclass(frozen=True, slots=True)
class WebpFile:
    width: int
    height: int
    animated: bool
    blocks: dict[bytes, bytes]


def parse(data: bytes) -> WebpFile:
    """Raises WebpError."""
    if len(data) < 20:
        raise WebpError("header cut short", truncated=True)
    end = 8 + struct.unpack("<I", data[4:8])[0]
    if end > len(data) + 1:
        raise WebpError("file cut short", truncated=True)
    size: tuple[int, int] | None = None
    animated = False
    blocks: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= end:
        name = data[at : at + 4]
        (length,) = struct.unpack("<I", data[at + 4 : at + 8])
        content = data[at + 8 : at + 8 + length]
        if len(content) < length:
            raise WebpError("chunk cut short", truncated=True)
        size = size or _size(name, content)
        animated |= name == b"ANIM"
        if name in (b"ICCP", b"EXIF", b"XMP "):
            blocks.setdefault(name, content)
        at += 8 + length + length % 2
    if size is None:
        raise WebpError("no picture in the file")
    return WebpFile(*size, animated, blocks)


def _size(name: bytes, content: bytes) -> tuple[int, int] | None:
    if name == b"VP8X" and len(content) >= 10:
        return 1 + int.from_bytes(content[4:7], "little"), 1 + int.from_bytes(content[7:10], "little")
    if name == b"VP8L" and len(content) >= 5:
        packed = int.from_bytes(content[1:5], "little")
        return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    if name == b"VP8 " and len(content) >= 10:
        width, height = struct.unpack("<HH", content[6:10])
        return width & 0x3FFF, height & 0x3FFF
    return None
