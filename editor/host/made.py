"""A candidate: what a method would put into the document, or make a new one of, not yet accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from editor.core.geometry import Rect
from editor.core.i18n import _
from editor.core.tiles import TileMap
from editor.host.record import OpRecord


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Made:
    """How it came about.

    title: the method's, not translated. name: what it is called, see `Runner.name`.
    seed: None of a method that draws nothing at random.
    report: what the method measured.
    """

    title: str
    name: str
    seed: int | None
    record: OpRecord
    seconds: float
    report: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def facts(self) -> list[str]:
        """The report in words: "specks found: 1,234", "texture 0.98"."""
        return [_fact(_(name), value) for name, value in self.report.items()]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Patch(_Made):
    """Pixels and the mask they are shown through, as a layer of the document would hold them.

    rect: the box of the mask, to the pixel.
    pixels: the document's size and format; zero outside the mask, where the document shows.
    mask: uint8, one channel; where it is 0 the document is untouched.
    """

    rect: Rect
    pixels: TileMap
    mask: TileMap


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class MadeMask(_Made):
    """A mask of the document's size, uint8, one channel; 255 = selected.

    note: a sentence of the method's, see `editor.sdk.plugin.MaskResult`.
    """

    mask: TileMap
    note: str = ""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class MadePicture(_Made):
    """A new picture of any size, in the depth of the document that it was made from, grey if that was."""

    pixels: TileMap


def _fact(name: str, value: float | str) -> str:
    if isinstance(value, int):
        return f"{name}: {value:,}"
    return f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}"


Made = Patch | MadeMask | MadePicture
