"""A candidate: what a method would put into the document, not yet accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from editor.core.geometry import Rect
from editor.core.tiles import TileMap
from editor.host.record import OpRecord


@dataclass(frozen=True, eq=False, slots=True)
class Patch:
    """Pixels and the mask they are shown through, as a layer of the document would hold them.

    rect: the box of the mask, to the pixel.
    pixels: the document's size and format; zero outside the mask, where the document shows.
    mask: uint8, one channel; where it is 0 the document is untouched.
    report: what the method measured.
    """

    rect: Rect
    pixels: TileMap
    mask: TileMap
    title: str
    seed: int
    record: OpRecord
    seconds: float
    report: Mapping[str, float | str] = field(default_factory=dict)
