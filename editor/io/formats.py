"""Which format a file is: its first bytes decide, never its name."""

from __future__ import annotations

from editor.core.i18n import N_

READ_FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WebP",
    ".bmp": "BMP",
    ".dib": "BMP",
}

WRITE_FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WebP",
    ".bmp": "BMP",
}

# Raw files whose container is TIFF: read as TIFF they would open as their small preview.
RAW_SUFFIXES = frozenset(
    (
        *(".3fr", ".arw", ".cr2", ".dng", ".erf", ".fff", ".iiq", ".kdc", ".mef", ".mos", ".nef", ".nrw", ".orf"),
        *(".pef", ".rw2", ".rwl", ".sr2", ".srw"),
    )
)

_READABLE_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"BM", "BMP"),
)

_FOREIGN_MAGIC = (
    (b"GIF8", "GIF"),
    (b"8BPS", "Photoshop"),
    (b"%PDF", "PDF"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"gimp xcf", "GIMP"),
    (b"PK\x03\x04", "ZIP"),
    (b"FUJIFILM", N_("Fujifilm raw")),
    (b"IIU\0", N_("Panasonic raw")),
    (b"IIRO", N_("Olympus raw")),
)


def sniff(head: bytes) -> str | None:
    """The readable format that `head` (16 bytes or more) begins, or None."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    return next((name for magic, name in _READABLE_MAGIC if head.startswith(magic)), None)


def foreign(head: bytes) -> str | None:
    """The name of a well-known format that is not read here, for the error's text, which translates it."""
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in (b"avif", b"avis"):
            return "AVIF"
        if brand == b"crx ":
            return N_("Canon raw")
        return "HEIC" if brand in (b"heic", b"heix", b"mif1", b"hevc") else N_("video")
    return next((name for magic, name in _FOREIGN_MAGIC if head.startswith(magic)), None)
