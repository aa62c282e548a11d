"""One side after another is filled from what lies near it, so that the fill never has to look at all of the photo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from editor.sdk.context import Context
from editor.sdk.errors import ParamError
from editor.sdk.i18n import _
from editor.sdk.plugin import Inputs, Mask, PictureResult, Strip

if TYPE_CHECKING:
    from plugins.extend_canvas import Params

Box = tuple[slice, slice]

_ROWS = 256
# How deep into the picture the fill of a side looks, in parts of what is added there: farther in lie things that are
# there once, and would be seen twice.
_SEEN = 2
_SEEN_PX = 256
_FADE = 7


@dataclass(frozen=True, slots=True)
class _Side:
    """hole: the rows and columns that are added. near: those that they are filled from, with them; far: the same where
    too little of that may be copied."""

    hole: Box
    near: Box
    far: Box


def extend(inputs: Inputs, params: Params, ctx: Context) -> PictureResult:
    """The run of the plugin, see `plugins.extend_canvas.run`. The report is complete when all strips have been read."""
    high, wide = inputs.mask.shape
    left, right = round(wide * params.left / 100), round(wide * params.right / 100)
    top, bottom = round(high * params.top / 100), round(high * params.bottom / 100)
    if not left + right + top + bottom:
        raise ParamError(_("Nothing is added to the picture: raise one of its sides."))
    report: dict[str, float | str] = {}
    sides = _sides(high, wide, (left, right, top, bottom))
    canvas = _Canvas(inputs, top, left, top + high + bottom, left + wide + right)
    return PictureResult(top + high + bottom, left + wide + right, canvas.strips(sides, report, ctx), report)


def _sides(high: int, wide: int, added: tuple[int, int, int, int]) -> list[_Side]:
    """Left and right beside the photo, then top and bottom over the whole new width."""
    left, right, top, bottom = added
    rows, columns = slice(top, top + high), slice(0, left + wide + right)
    before, after = slice(0, left + wide), slice(left, columns.stop)
    above, below = slice(0, top + high), slice(top, top + high + bottom)
    sides = [
        _Side((rows, slice(0, left)), (rows, _first(before, left)), (rows, before)),
        _Side((rows, slice(left + wide, columns.stop)), (rows, _last(after, right)), (rows, after)),
        _Side((slice(0, top), columns), (_first(above, top), columns), (above, columns)),
        _Side((slice(top + high, below.stop), columns), (_last(below, bottom), columns), (below, columns)),
    ]
    return [side for side, px in zip(sides, added, strict=True) if px]


def _first(side: slice, added: int) -> slice:
    """What is added at its beginning, and as much of the rest as is seen."""
    return slice(side.start, min(side.stop, side.start + added + max(_SEEN_PX, _SEEN * added)))


def _last(side: slice, added: int) -> slice:
    return slice(max(side.start, side.stop - added - max(_SEEN_PX, _SEEN * added)), side.stop)


class _Canvas:
    """The new picture; `_source` says which of the photo's pixels may be copied."""

    def __init__(self, inputs: Inputs, top: int, left: int, height: int, width: int) -> None:
        place = slice(top, top + inputs.mask.shape[0]), slice(left, left + inputs.mask.shape[1])
        self._image = np.zeros((height, width, 3), np.float32)
        self._image[place] = inputs.image
        self._source = np.zeros((height, width), np.bool_)
        self._source[place] = inputs.source
        self._alpha: Mask | None = None
        if inputs.alpha is not None:
            self._alpha = np.zeros((height, width), np.float32)
            self._alpha[place] = inputs.alpha

    def strips(self, sides: list[_Side], report: dict[str, float | str], ctx: Context) -> Iterator[Strip]:
        sizes = [self._image[side.hole].size for side in sides]
        textures = []
        for number, side in enumerate(sides):
            start, end = (sum(sizes[:count]) / sum(sizes) for count in (number, number + 1))
            textures.append(self._fill(side, ctx.sub(start, end)))
        report["texture (1 = as around it)"] = round(float(np.average(textures, weights=sizes)), 3)
        for top in range(0, len(self._image), _ROWS):
            ctx.check()
            rows = slice(top, top + _ROWS)
            yield Strip(self._image[rows], None if self._alpha is None else self._alpha[rows])
        ctx.progress(1.0)

    def _fill(self, side: _Side, ctx: Context) -> float:
        """Fills one side, and returns how much texture it has."""
        enough = np.count_nonzero(self._source[side.near]) >= self._source[side.hole].size
        seen = side.near if enough else side.far
        image, alpha = self._image[seen], None if self._alpha is None else self._alpha[seen]
        mask = np.zeros(image.shape[:2], np.float32)
        inside = _within(side.hole, seen)
        mask[inside] = 1
        reach = _color_match(min(mask[inside].shape))
        filled = ctx.run("content_fill", Inputs(image, mask, self._source[seen], alpha), color_match=reach)
        self._image[side.hole] = filled.image[inside]
        if self._alpha is not None:
            self._alpha[side.hole] = 1 if filled.alpha is None else filled.alpha[inside]
        return float(filled.report.get("texture (1 = as around it)", 1.0))


def _color_match(added: int) -> int:
    """The reach of the colours' fit for a side that is `added` pixels deep.

    A side has nothing to agree with at its far end, so that an error in what agrees at the near one would grow all the
    way: the fit fades out over a share of the depth, which content_fill tells as ten times its binary logarithm.
    """
    return int(np.clip(10 * np.log2(max(1.0, added / _FADE)), 0, 100))


def _within(hole: Box, seen: Box) -> Box:
    """The hole's rows and columns counted from the first that are seen."""
    down, across = (slice(own.start - all_.start, own.stop - all_.start) for own, all_ in zip(hole, seen, strict=True))
    return down, across
