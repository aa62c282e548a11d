"""How specks are repaired: found or taken from the mask, made anew from what is clean around, and refined by a network.

Whatever is not found or masked leaves the method as it came in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from editor.imaging import detail, mend, specks
from editor.sdk.context import Context
from editor.sdk.errors import MaskError, ModelError
from editor.sdk.i18n import N_, _
from editor.sdk.models import ModelFacts
from editor.sdk.plugin import Image, Inputs, Result
from plugins.impulse.groups import Box, groups
from plugins.impulse.planes import planes

if TYPE_CHECKING:
    from plugins.impulse import Params

Bool = NDArray[np.bool_]

# The network halves the picture three times, and sees the same grid in every tile and under every mask.
_GRID_PX = 8
_OVERLAP_PX = 48


@dataclass(frozen=True, slots=True)
class Prepared:
    """search: whether specks are looked for, and not all that is masked is repaired."""

    search: bool
    dense: specks.Density


def sought(params: Params) -> specks.Sought:
    return specks.Sought(params.kind, params.sensitivity, params.largest_px)


def prepared(inputs: Inputs, params: Params, ctx: Context) -> Prepared:
    """See `plugins.impulse.prepare`."""
    ctx.check()
    search = params.repair == "found"
    if inputs.everywhere and not search:
        raise MaskError(
            _("Nothing is masked that could be repaired from the rest: paint over the specks, or repair what it finds.")
        )
    return Prepared(search, specks.density(inputs.image, sought(params), ctx.check) if search else specks.Density())


def repair(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """The run of the plugin, see `plugins.impulse.run`. The report says how many pixels were repaired."""
    ctx.progress(0.0, _("Repairing specks"))
    known = inputs.prepared if isinstance(inputs.prepared, Prepared) else prepared(inputs, params, ctx)
    result = inputs.image.copy()
    reach = mend.REACH_PX + (_OVERLAP_PX if params.learned else 0) + (sought(params).reach_px if known.search else 0)
    rows, columns = _around(inputs.mask > 0, reach)
    left, top = ctx.origin
    part = _part(inputs, rows, columns)
    origin = (left + columns.start, top + rows.start)
    count = _repair(part, params, known, origin, result[rows, columns], ctx)
    return Result(result, {N_("px repaired"): count})


def _repair(inputs: Inputs, params: Params, known: Prepared, origin: tuple[int, int], out: Image, ctx: Context) -> int:
    """Writes what is repaired into `out` and returns how many pixels that is."""
    bad = _bad(inputs, params, known, origin, ctx.check)
    ctx.progress(0.2)
    aim = bad & (inputs.mask > 0)[..., None]
    if inputs.alpha is not None:
        # What is invisible is neither repaired nor repaired from.
        aim &= (inputs.alpha > 0)[..., None]
        bad = bad | (inputs.alpha == 0)[..., None]
    if not aim.any():
        return 0
    wanted = np.zeros(inputs.mask.shape, np.bool_)
    wanted[_around(_any(aim), _OVERLAP_PX if params.learned else 0)] = True
    mended, spread, lost = mend.mend(inputs.image, bad, origin, wanted, ctx.check)
    if (lost & aim).any():
        raise MaskError(_nothing_clean(known))
    ctx.progress(0.6)
    if params.learned:
        given = planes(mended, spread, bad & wanted[..., None])
        mended = _refined(mended, given, _any(aim), params.model, origin, ctx)
    ctx.progress(0.9)
    mended = mended + detail.mirrored(inputs.image, _any(bad))
    np.clip(mended, min(0.0, float(inputs.image.min())), max(1.0, float(inputs.image.max())), out=mended)
    out[aim] = mended[aim]
    return int(np.count_nonzero(_any(aim)))


def _any(channels: Bool) -> Bool:
    """H x W: whether any of a pixel's channels is marked."""
    return np.asarray(channels.any(axis=2))


def _bad(inputs: Inputs, params: Params, known: Prepared, origin: tuple[int, int], each: Callable[[], None]) -> Bool:
    if known.search:
        return specks.find(inputs.image, sought(params), known.dense, origin, each)
    masked = (inputs.mask > 0) | ~inputs.source
    return np.repeat(masked[..., None], 3, axis=2)


def _nothing_clean(known: Prepared) -> str:
    if known.search:
        return _("Nearly all pixels look like specks, so there is nothing to repair from: lower the sensitivity.")
    return _(
        "The mask has areas with nothing clean near enough: use Content-aware fill for what is larger than specks."
    )


def _refined(mended: Image, given: Image, aim: Bool, model: str, origin: tuple[int, int], ctx: Context) -> Image:
    """What the network makes of mended pixels, which sees enough around each of those that are aimed at (H x W)."""
    facts = ctx.model(model)
    _check(facts)
    refined = mended.copy()
    boxes = groups(aim, _OVERLAP_PX)
    for number, box in enumerate(boxes):
        rows, columns = _grown(box, aim.shape, _OVERLAP_PX)
        left, top = ((place + part.start) % _GRID_PX for place, part in zip(origin, (columns, rows), strict=True))
        framed = np.pad(given[rows, columns], ((top, 0), (left, 0), (0, 0)), mode="symmetric")
        tensor = np.ascontiguousarray(framed.transpose(2, 0, 1))[None]
        part = ctx.sub(0.6 + 0.3 * number / len(boxes), 0.6 + 0.3 * (number + 1) / len(boxes))
        results = part.infer(model, {facts.inputs[0].name: tensor})
        seen = facts.outputs[0].to_picture(results[facts.outputs[0].name])[top:, left:]
        refined[box] = seen[
            box[0].start - rows.start : box[0].stop - rows.start,
            box[1].start - columns.start : box[1].stop - columns.start,
        ]
    return refined


def _check(facts: ModelFacts) -> None:
    fits = len(facts.inputs) == 1 and len(facts.outputs) == 1 and facts.scale == 1
    if not fits or (facts.inputs[0].colour, facts.inputs[0].channels, facts.outputs[0].colour) != ("planes", 4, "RGB"):
        raise ModelError(_("{model} can't be used to repair specks: choose another model.").format(model=facts.title))


def _around(marked: Bool, reach: int) -> Box:
    """The box of what is marked, and so many pixels more, as far as there are."""
    spans = []
    for axis in (1, 0):
        places = np.flatnonzero(marked.any(axis=axis))
        spans.append(slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, 0))
    return _grown((spans[0], spans[1]), marked.shape, reach)


def _grown(box: Box, shape: tuple[int, ...], reach: int) -> Box:
    rows, columns = (
        slice(max(0, span.start - reach), min(length, span.stop + reach))
        for span, length in zip(box, shape, strict=True)
    )
    return rows, columns


def _part(inputs: Inputs, rows: slice, columns: slice) -> Inputs:
    return replace(
        inputs,
        image=inputs.image[rows, columns],
        mask=inputs.mask[rows, columns],
        source=inputs.source[rows, columns],
        alpha=None if inputs.alpha is None else inputs.alpha[rows, columns],
    )
