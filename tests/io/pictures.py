"""Pictures and metadata blocks made for tests, by other means than the code under test."""

from __future__ import annotations

import io
import struct
from functools import cache
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import DTypeLike, NDArray
from PIL import Image

XMP = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    b' xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" tiff:Orientation="1">'
    b'<dc:creator>Ada</dc:creator></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
IPTC = b"\x1c\x02\x05\x00\x05Title\x1c\x02\x50\x00\x03Ada"
MAKER_NOTE = b"MAKER\0" + bytes(range(1, 60))
OLD_THUMBNAIL_COLOUR = (255, 0, 255)


def noise(shape: tuple[int, ...], dtype: DTypeLike = np.uint8, seed: int = 0) -> NDArray[Any]:
    """Every value of the type is about as likely as any other."""
    rng = np.random.default_rng(seed)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return rng.random(shape).astype(kind)
    return rng.integers(0, np.iinfo(kind).max, shape, kind, endpoint=True)


def smooth(width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """A colour gradient, which JPEG keeps within a few levels."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack((x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)), axis=2).astype(np.uint8)


@cache  # it holds the second in which it was made
def rgb_profile() -> bytes:
    return bytes(imagecodecs.cms_profile("adobergb"))


@cache
def grey_profile() -> bytes:
    return bytes(imagecodecs.cms_profile("gray"))


def jpeg(pixels: NDArray[Any], **options: Any) -> bytes:
    return encoded(Image.fromarray(pixels), "JPEG", **({"quality": 95, "subsampling": 0} | options))


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def old_thumbnail() -> bytes:
    return jpeg(np.full((24, 32, 3), OLD_THUMBNAIL_COLOUR, np.uint8))


def exif_block(
    order: str = "<",
    orientation: int = 1,
    *,
    thumbnail: bytes = b"",
    thumbnail_tags: tuple[int, int] = (0x0201, 0x0202),
    maker_note: bytes = MAKER_NOTE,
    pixel_size: tuple[int, int] = (64, 48),
) -> bytes:
    """A TIFF structure: IFD0 (make, orientation, resolution), Exif (maker note, size), GPS and, on wish, IFD1."""
    make, latitude = b"Kamera Werke\0", struct.pack(order + "6I", 47, 1, 22, 1, 30, 1)
    ifd0_at, ifd0_bytes = 8, 2 + 12 * 7 + 4
    make_at = ifd0_at + ifd0_bytes
    resolution_at = make_at + len(make) + 1
    exif_at = resolution_at + 8
    note_at = exif_at + 2 + 12 * 3 + 4
    gps_at = note_at + len(maker_note) + len(maker_note) % 2
    latitude_at = gps_at + 2 + 12 * 1 + 4
    ifd1_at = latitude_at + len(latitude)
    thumbnail_at = ifd1_at + 2 + 12 * 3 + 4

    def directory(*entries: tuple[int, int, int, int], following: int = 0) -> bytes:
        out = struct.pack(order + "H", len(entries))
        for tag, kind, count, value in entries:
            short = kind == 3 and count == 1
            out += struct.pack(order + "HHI", tag, kind, count)
            out += struct.pack(order + "HH", value, 0) if short else struct.pack(order + "I", value)
        return out + struct.pack(order + "I", following)

    block = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, ifd0_at)
    block += directory(
        (0x010F, 2, len(make), make_at),
        (0x0112, 3, 1, orientation),
        (0x011A, 5, 1, resolution_at),
        (0x011B, 5, 1, resolution_at),
        (0x0128, 3, 1, 2),
        (0x8769, 4, 1, exif_at),
        (0x8825, 4, 1, gps_at),
        following=ifd1_at if thumbnail else 0,
    )
    block += make + b"\0" + struct.pack(order + "II", 300, 1)
    block += directory(
        (0x927C, 7, len(maker_note), note_at), (0xA002, 4, 1, pixel_size[0]), (0xA003, 4, 1, pixel_size[1])
    )
    block += maker_note + b"\0" * (len(maker_note) % 2)
    block += directory((0x0002, 5, 3, latitude_at)) + latitude
    if thumbnail:
        block += directory(
            (0x0103, 3, 1, 6), (thumbnail_tags[0], 4, 1, thumbnail_at), (thumbnail_tags[1], 4, 1, len(thumbnail))
        )
        block += thumbnail
    return block


def cmyk_profile() -> bytes:
    """A small lookup profile (ICC.1:2001, lut8Type) whose inks are lighter than the textbook's."""
    corners = []
    for c, m, y, k in np.ndindex(2, 2, 2, 2):
        light = 255 * (1 - k) * (1 - 0.25 * c - 0.3 * m - 0.1 * y)
        a, b = 128 + (m - c) * 60 * (1 - k), 128 + (y - (c + m) / 2) * 60 * (1 - k)
        corners += [int(light), int(a), int(b)]
    ramp = bytes(range(256))
    lut = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    lut += ramp * 4 + bytes(corners) + ramp * 3
    white = struct.pack(">3i", 63190, 65536, 54061)
    tags = [(b"A2B0", lut), (b"wtpt", b"XYZ " + bytes(4) + white)]
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags:
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"test", 0x02400000, b"prtr", b"CMYK", b"Lab ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + white
    return head.ljust(128, b"\0") + table + body
