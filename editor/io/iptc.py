"""IPTC records inside Photoshop's image resource blocks, as JPEG's APP13 holds them."""

from __future__ import annotations

import struct

_IPTC = 0x0404


def from_resources(resources: bytes) -> bytes | None:
    """The IPTC-IIM records among the resources, or None. Stops at the first damaged resource."""
    at = 0
    while resources[at : at + 4] == b"8BIM" and at + 12 <= len(resources):
        (identifier,) = struct.unpack(">H", resources[at + 4 : at + 6])
        name_bytes = resources[at + 6] + 1
        at += 6 + name_bytes + name_bytes % 2
        if at + 4 > len(resources):
            break
        (size,) = struct.unpack(">I", resources[at : at + 4])
        value = resources[at + 4 : at + 4 + size]
        if len(value) < size:
            break
        if identifier == _IPTC:
            return value or None
        at += 4 + size + size % 2
    return None


def to_resources(records: bytes) -> bytes:
    """One image resource holding `records`."""
    return b"8BIM" + struct.pack(">HHI", _IPTC, 0, len(records)) + records + b"\0" * (len(records) % 2)
