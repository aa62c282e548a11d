"""PNG's chunks: the metadata out of a file and into one (PNG specification, third edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP_KEYWORD = b"XML:com.adobe.xmp"
_MAX_INFLATED = 64 << 20


class PngError(ValueError):
    """The chunks are damaged; `truncated` says that the file ends too early."""

    def __init__(self, message: str, *, truncated: bool = False) -> None:
        super().__init__(message)
        self.truncated = truncated


@dataclass(frozen=True, slots=True)
class Header:
    width: int
    height: int
    bits: int
    colour_type: int


def header(data: bytes) -> Header:
    """Raises PngError if the first chunk is no picture header."""
    if len(data) < 33:
        raise PngError("header cut short", truncated=True)
    if data[12:16] != b"IHDR":
        raise PngError("no picture header")
    return Header(*struct.unpack(">IIBB", data[16:26]))


def chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Name and content of each chunk up to IEND; raises PngError where the file ends before that.

    A chunk that may be ignored and whose checksum is wrong is left out; the decoder checks the others.
    """
    view = memoryview(data)
    at = len(SIGNATURE)
    while True:
        if at + 12 > len(data):
            raise PngError("no end chunk", truncated=True)
        (length,) = struct.unpack(">I", data[at : at + 4])
        name, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            raise PngError("chunk cut short", truncated=True)
        content = view[at + 8 : end - 4]
        optional = bool(name[0] & 0x20)
        if not optional or zlib.crc32(view[at + 4 : end - 4]) == int.from_bytes(view[end - 4 : end], "big"):
            yield name, content
        if name == b"IEND":
            return
        at = end


def icc_of(content: bytes) -> bytes:
    """The profile in an iCCP chunk. Raises PngError."""
    _name, _, rest = content.partition(b"\0")
    return _inflate(rest[1:])


def text_of(content: bytes) -> tuple[bytes, bytes]:
    """Keyword and text of an iTXt chunk. Raises PngError."""
    keyword, _, rest = content.partition(b"\0")
    if len(rest) < 2:
        raise PngError("text chunk cut short")
    _language, _, translated = rest[2:].partition(b"\0")
    _translated, _, text = translated.partition(b"\0")
    return keyword, _inflate(text) if rest[0] else text


def dpi_of(content: bytes) -> tuple[float, float] | None:
    """Pixels per inch from a pHYs chunk, if it has a unit."""
    if len(content) != 9 or content[8] != 1:
        return None
    x, y = struct.unpack(">II", content[:8])
    return (x * 0.0254, y * 0.0254) if x and y else None


def icc_chunk(profile: bytes) -> bytes:
    return _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile))


def srgb_chunk() -> bytes:
    return _chunk(b"sRGB", b"\0")


def exif_chunk(block: bytes) -> bytes:
    return _chunk(b"eXIf", block)


def xmp_chunk(packet: bytes) -> bytes:
    return _chunk(b"iTXt", XMP_KEYWORD + b"\0\0\0\0\0" + packet)


def resolution_chunk(x_dpi: float, y_dpi: float) -> bytes:
    return _chunk(b"pHYs", struct.pack(">IIB", round(x_dpi / 0.0254), round(y_dpi / 0.0254), 1))


def insert(data: bytes, packed: list[bytes]) -> list[bytes]:
    """The parts of `data` with packed chunks behind its header; to be written one after the other."""
    return [data[:33], *packed, data[33:]]


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _inflate(packed: bytes) -> bytes:
    """At most 64 MB, so that a few bytes cannot fill the memory."""
    engine = zlib.decompressobj()
    try:
        text = engine.decompress(packed, _MAX_INFLATED)
    except zlib.error as error:
        raise PngError("compressed text damaged") from error
    if not engine.eof:
        raise PngError("compressed text cut short or too large")
    return text
