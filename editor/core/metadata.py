"""What a file says about a picture beside its pixels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metadata:
    """The raw blocks as the file held them, carried through untouched as far as the written format has them.

    icc: the colour profile of the document's pixels; None means sRGB.
    exif: a TIFF structure (without the "Exif" marker); its orientation is 1, since it was applied when reading.
    xmp: an XMP packet, UTF-8.
    iptc: IPTC-IIM records.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
