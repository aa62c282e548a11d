"""What the editor's own network makes of a fill by patches: its rim mended, as far as that is right in this photo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging.blend import hole_box
from editor.sdk.context import Context
from editor.sdk.errors import ModelError
from editor.sdk.i18n import _
from editor.sdk.models import ModelFacts
from editor.sdk.plugin import Image, Inputs, Mask
from plugins.gan_inpaint.rim import CHANNELS, planes, with_detail
from plugins.gan_inpaint.seams import at_seams, within
from plugins.gan_inpaint.trust import Shares, beside, shares, window

Bool = NDArray[np.bool_]
Box = tuple[slice, slice]

# Of the repair everywhere, and of that at seams alone.
_UNTRIED = (0.0, 1.0)
_FILLING, _TRIED = 0.5, 0.7
_PART_PX = 256
# The network halves a picture three times.
_GRID_PX = 8
# Deeper in the hole nothing is changed: neither by the network nor by the detail that makes up for it.
_DEEPEST_PX = 16


def fill(inputs: Inputs, strength: float, facts: ModelFacts, ctx: Context) -> tuple[Image, Mask | None]:
    """All of `inputs.mask` above 0 filled by patches, and the fill repaired; other pixels as they are. With the alpha
    that the patches brought along.

    How far the repair goes, everywhere and at seams that show, is the strength, 0..1, times what was best beside the
    hole, where it is thin enough to try; else it keeps to these seams.

    Raises:
        MaskError: there is nothing to copy from. ModelError: the model is not one for this, not installed, or failed.
        Cancelled: the user cancelled.
    """
    _check(facts)
    hole = inputs.mask > 0
    filled = ctx.sub(0.0, _FILLING).run("content_fill", inputs)
    result = filled.image.copy()
    if not hole.any() or strength == 0:
        return result, filled.alpha
    ctx.progress(_FILLING, _("Repairing the fill"))
    best = _tried(result, hole, inputs.source, facts, ctx.sub(_FILLING, _TRIED))
    everywhere, at_seams = best or _UNTRIED
    repaired = _repaired(result, hole, facts, (strength * everywhere, strength * at_seams), ctx.sub(_TRIED, 1.0))
    return np.clip(repaired, 0, 1, out=repaired), filled.alpha


def _check(facts: ModelFacts) -> None:
    fits = len(facts.inputs) == 1 and len(facts.outputs) == 1 and facts.scale == 1
    wanted = ("planes", CHANNELS, "RGB")
    if not fits or (facts.inputs[0].colour, facts.inputs[0].channels, facts.outputs[0].colour) != wanted:
        raise ModelError(_("{model} can't be used to repair fills: choose another model.").format(model=facts.title))


def _tried(filled: Image, hole: Bool, source: Bool, facts: ModelFacts, ctx: Context) -> Shares | None:
    """How far the repair of a hole like this one, beside it, is to go; None where that can't be tried."""
    box = window(hole)
    truth, unknown = np.ascontiguousarray(filled[box]), hole[box]
    tried = beside(unknown)
    if tried is None:
        return None
    may_copy = source[box] & ~unknown & ~tried
    if not may_copy.any():
        return None
    given = Inputs(truth, tried.astype(np.float32), may_copy)
    copied = ctx.sub(0.0, _FILLING).run("content_fill", given).image
    everywhere, seams = copied.copy(), copied.copy()
    for piece in _pieces(copied, tried, facts, ctx.sub(_FILLING, 1.0)):
        everywhere[piece.part] = piece.repaired[piece.inside]
        seams[piece.part] = piece.at_seams[piece.inside]
    return shares(truth[tried], copied[tried], (everywhere[tried], seams[tried]))


def _repaired(filled: Image, hole: Bool, facts: ModelFacts, toward: Shares, ctx: Context) -> Image:
    """A filled picture, so far on its way to what the network makes of its rim, with fine detail as the fill has it."""
    result = filled.copy()
    for piece in _pieces(filled, hole, facts, ctx):
        everywhere, seams = (
            np.float32(share) * (repaired - piece.filled)
            for share, repaired in zip(toward, (piece.repaired, piece.at_seams), strict=True)
        )
        mixed = piece.filled + everywhere + seams
        detailed = with_detail(mixed, piece.filled, hole[piece.around])[piece.inside]
        result[piece.part] = np.where(hole[piece.part][..., None], detailed, result[piece.part])
    return result


class _Piece(NamedTuple):
    """A part of a picture, what lies around it, and where it lies in that; what is around it as the network
    repaired it, the same at seams alone, and as it was filled."""

    part: Box
    around: Box
    inside: Box
    repaired: Image
    at_seams: Image
    filled: Image


def _pieces(filled: Image, hole: Bool, facts: ModelFacts, ctx: Context) -> Iterator[_Piece]:
    """What the network makes of a filled picture's rim. It sees only what lies around parts of the hole: a wire may
    cross all of a large photo."""
    parts = _parts(hole, facts.overlap_px or 0)
    for number, (part, around) in enumerate(parts):
        turn = ctx.sub(number / len(parts), (number + 1) / len(parts))
        turn.progress(0.0)
        left, top = ctx.origin[0] + around[1].start, ctx.origin[1] + around[0].start
        given = planes(filled[around], hole[around], (left, top), ctx.check)
        tensor = np.ascontiguousarray(given.transpose(2, 0, 1))[None]
        output = facts.outputs[0]
        made = output.to_picture(turn.infer(facts.id, {facts.inputs[0].name: tensor})[output.name])
        fill = given[..., :3]
        repaired = within(made, fill)
        down, across = (
            slice(own.start - whole.start, own.stop - whole.start) for own, whole in zip(part, around, strict=True)
        )
        yield _Piece(part, around, (down, across), repaired, at_seams(repaired, fill, hole[around]), fill)


def _parts(hole: Bool, reach: int) -> list[tuple[Box, Box]]:
    """Boxes that hold all of the hole's rim together, and each with as much around it as the network sees.

    What is around them begins on the network's coarsest grid: where two meet, they would differ else.
    """
    parts = []
    rim = hole & (cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5) <= _DEEPEST_PX)
    rows, columns = hole_box(hole)
    for top in range(rows.start, rows.stop, _PART_PX):
        for left in range(columns.start, columns.stop, _PART_PX):
            cell = rim[top : min(top + _PART_PX, rows.stop), left : min(left + _PART_PX, columns.stop)]
            if cell.any():
                down, across = hole_box(cell)
                part = (slice(top + down.start, top + down.stop), slice(left + across.start, left + across.stop))
                parts.append((part, _around(part, reach, hole.shape)))
    return parts


def _around(part: Box, reach: int, shape: tuple[int, ...]) -> Box:
    down, across = (
        slice(max(0, side.start - reach) // _GRID_PX * _GRID_PX, min(length, side.stop + reach))
        for side, length in zip(part, shape, strict=True)
    )
    return down, across
