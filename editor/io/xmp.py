"""XMP packets, changed as text: the least that a new picture needs (XMP specification, parts 1 and 3)."""

from __future__ import annotations

import re

_ORIENTATION = re.compile(rb"""(<tiff:Orientation>\s*|\btiff:Orientation\s*=\s*["'])[1-8]""")
_WIDTH = re.compile(rb"""(\b(?:tiff:ImageWidth|exif:PixelXDimension)(?:>\s*|\s*=\s*["']))\d+""")
_HEIGHT = re.compile(rb"""(\b(?:tiff:ImageLength|exif:PixelYDimension)(?:>\s*|\s*=\s*["']))\d+""")
# Pictures inside the packet: the thumbnail, and the unedited copy and depth map that phones add.
_PICTURE_NAMES = rb"(?:xmpGImg:image|GImage:Data|GDepth:Data|GDepth:Confidence)"
_PICTURE_ELEMENT = re.compile(rb"(<(" + _PICTURE_NAMES + rb")(?:\s[^>]*)?>)[^<]*(</\2>)")
_PICTURE_ATTRIBUTE = re.compile(rb"(\s" + _PICTURE_NAMES + rb"""\s*=\s*)("[^"]*"|'[^']*')""")
_HAS_EXTENDED = re.compile(
    rb"""\sxmpNote:HasExtendedXMP\s*=\s*(?:"[0-9A-Fa-f]*"|'[0-9A-Fa-f]*')"""
    rb"""|<xmpNote:HasExtendedXMP>[^<]*</xmpNote:HasExtendedXMP>"""
)
_DESCRIPTION = re.compile(rb"<rdf:RDF\b[^>]*>(.*)</rdf:RDF\s*>", re.DOTALL)
_NAMESPACE = re.compile(rb"""\sxmlns:[\w.-]+\s*=\s*(?:"[^"]*"|'[^']*')""")

SHELL = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    b' xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="%s"/></rdf:RDF></x:xmpmeta>'
    b'<?xpacket end="w"?>'
)


def check(packet: bytes) -> None:
    """Raises ValueError unless `packet` is UTF-8 text with an RDF element in it."""
    text = packet.rstrip(b"\0").decode("utf-8")
    if "<rdf:RDF" not in text or "</rdf:RDF" not in text:
        raise ValueError("no RDF in the packet")


def upright(packet: bytes, width: int, height: int) -> bytes:
    """The packet for a picture of this size whose orientation has been applied, where it says anything of them."""
    packet = _ORIENTATION.sub(rb"\g<1>1", packet)
    return _HEIGHT.sub(rb"\g<1>%d" % height, _WIDTH.sub(rb"\g<1>%d" % width, packet))


def without_pictures(packet: bytes) -> bytes:
    """The packet with embedded thumbnails, unedited copies and depth maps emptied."""
    return _PICTURE_ATTRIBUTE.sub(rb'\g<1>""', _PICTURE_ELEMENT.sub(rb"\g<1>\g<3>", packet))


def merge(packet: bytes, extended: bytes) -> bytes:
    """JPEG's main packet with the descriptions of its extended part added. Raises ValueError if that has none.

    Namespaces declared above rdf:Description in the extended part are redeclared on a wrapping-free copy of each.
    """
    found = _DESCRIPTION.search(extended)
    if not found:
        raise ValueError("no RDF in the extended part")
    outer = b"".join(dict.fromkeys(_NAMESPACE.findall(extended[: found.start(1)])))
    inner = re.sub(rb"(?s)^\s*<rdf:Description\b", b"<rdf:Description", found[1].strip())
    inner = _declare(inner, outer)
    main = _HAS_EXTENDED.sub(b"", packet)
    at = main.rindex(b"</rdf:RDF")
    return main[:at] + inner + main[at:]


def _declare(descriptions: bytes, namespaces: bytes) -> bytes:
    """`descriptions` with those `namespaces` declared on each that does not declare them itself."""

    def add(match: re.Match[bytes]) -> bytes:
        own = {declared.split(b"=")[0].strip() for declared in _NAMESPACE.findall(match[2])}
        missing = [n for n in _NAMESPACE.findall(namespaces) if n.split(b"=")[0].strip() not in own]
        return match[1] + b"".join(missing) + match[2]

    return re.sub(rb"(<rdf:Description\b)([^>]*)", add, descriptions)
