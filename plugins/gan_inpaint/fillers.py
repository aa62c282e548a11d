"""Models that invent a fill by themselves from the picture and a mask: what they are shown, and what is made of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging.bands import Each, checked
from editor.imaging.blend import fitted, hole_box
from editor.imaging.guided_fill import with_detail
from editor.imaging.patch_field import Search
from editor.imaging.pieces import Piece, turns
from editor.imaging.regrain import with_grain
from editor.sdk.context import Context
from editor.sdk.errors import NoSourceError
from editor.sdk.i18n import _
from editor.sdk.models import ModelFacts
from editor.sdk.plugin import Image, Inputs, least_source

Bool = NDArray[np.bool_]
F32 = NDArray[np.float32]
Box = tuple[slice, slice]

# What models of any size are shown at most: they learnt at this size, and what they scale by themselves stays soft.
_SIDE_PX = 512
_LEAST_CONTEXT_PX = 64
# So that thin lines are filled without any scaling.
_CELL_PX = 192
_ENLARGED = 1.02
_NETWORK_SHARE = 0.4


def takes(facts: ModelFacts) -> bool:
    """Whether a model fills a picture by a mask."""
    if len(facts.inputs) != 2 or len(facts.outputs) != 1 or facts.scale != 1:
        return False
    picture, mask = facts.inputs
    colours = ("RGB", "BGR")
    return picture.colour in colours and mask.colour in ("mask", "keep") and facts.outputs[0].colour in colours


def fill(inputs: Inputs, facts: ModelFacts, ctx: Context) -> Image:
    """All of `inputs.mask` above 0 filled, a run of the model for all pieces in one window; other pixels as they are.

    Raises:
        MaskError: nothing is left to go by, or nothing to take detail from.
        ModelError: the model is not installed, or failed.
        Cancelled: the user cancelled.
    """
    result = np.clip(inputs.image, 0, 1)
    hole = inputs.mask > 0
    if not hole.any():
        return result
    # Colours that can't be seen must draw nothing into the fill.
    missing = hole if inputs.alpha is None else hole | (inputs.alpha == 0)
    if missing.all():
        raise NoSourceError
    unknown, source = missing.copy(), inputs.source & ~missing
    side_px = min(facts.fixed or (_SIDE_PX,))
    groups = [group for turn in turns(hole, ctx.check, _CELL_PX) for group in gathered(turn, hole.shape, side_px)]
    total, done = sum(piece.size for group in groups for piece in group), 0
    each = checked(ctx.map, ctx.check)
    for group in groups:
        size = sum(piece.size for piece in group)
        part = ctx.sub(done / total, (done + size) / total)
        left = [_left(piece, unknown) for piece in group]
        region = region_of(left, hole.shape, side_px)
        window = _Window(result, unknown, source, region, facts, part)
        fills = window.run([_placed(piece.box, piece.mask, region) for piece in left])
        for piece, filled in zip(left, fills, strict=True):
            # As the photo has it around the piece, whatever else is filled before or with it.
            grainy = with_grain(inputs.image, missing, piece.box, piece.mask, filled, ctx.origin, ctx.seed, each)
            result[piece.box][piece.kept] = grainy[piece.kept]
            unknown[piece.box][piece.kept] = False
        done += size
    return result


@dataclass(slots=True)
class _Window:
    """A part of the picture that a model is shown at once.

    unknown: of all pieces that are not filled yet, and what is transparent. region: the part.
    """

    picture: F32
    unknown: Bool
    source: Bool
    region: Box
    facts: ModelFacts
    ctx: Context

    def run(self, holes: list[Bool]) -> list[F32]:
        """The pixels of the `hole_box` of each, filled; of several only where nothing needs scaling."""
        image, hidden = self.picture[self.region], self.unknown[self.region]
        scale, shape = _scaled(hidden.shape, self.facts.fixed or (_SIDE_PX, _SIDE_PX))
        neutral = image[~hidden].mean(axis=0) if not hidden.all() else np.float32(0.5)
        known = np.where(hidden[..., None], neutral, image).astype(np.float32)
        small, unknown = _resized(known, shape), _covered(hidden, shape)
        made = self._asked(small, unknown, self.ctx.sub(0.0, _NETWORK_SHARE))
        each = checked(self.ctx.map, self.ctx.check)
        # What of other pieces is unfilled yet would draw its grey into this one.
        small[unknown] = made[unknown]
        for hole in holes:
            covered = _covered(hole, shape)
            # Each by its own rim: one window may hold surroundings of any colour.
            small[hole_box(covered)] = fitted(small, covered, ~unknown, made, each=each)
        smooth = _enlarged(small, hidden.shape)
        if scale <= _ENLARGED:
            return [smooth[hole_box(hole)] for hole in holes]
        return [self._detailed(smooth, hole, scale, each) for hole in holes]

    def _detailed(self, smooth: F32, hole: Bool, scale: float, each: Each) -> F32:
        part = self.ctx.sub(_NETWORK_SHARE, 0.95)
        search = Search(seed=self.ctx.seed, each=each, advance=part.progress)
        near = self.region
        if np.count_nonzero(self.source[near]) < least_source(int(np.count_nonzero(hole))):
            # The user lets detail be copied from farther away.
            rows, columns = self.source.shape
            near = slice(0, rows), slice(0, columns)
            small = _resized(self.picture, (max(1, round(rows / scale)), max(1, round(columns / scale))))
            hole, whole = _placed(self.region, hole, near), _enlarged(small, self.source.shape)
            whole[self.region] = smooth
            smooth = whole
        image = np.where(self.unknown[near][..., None], smooth, self.picture[near])
        return with_detail(image, hole, self.source[near], smooth, scale, search)

    def _asked(self, picture: F32, unknown: Bool, ctx: Context) -> F32:
        """What the model makes of a picture, of the same size."""
        ctx.progress(0.0, _("Filling"))
        rows, columns = unknown.shape
        high, wide = self.facts.fixed or unknown.shape
        # Mirrored, the fill's surroundings go on as they are; so does the hole, which must not be seen there.
        around = (0, high - rows, 0, wide - columns, cv2.BORDER_REFLECT)
        picture = np.asarray(cv2.copyMakeBorder(picture, *around), np.float32)
        mask = np.asarray(cv2.copyMakeBorder(unknown.astype(np.float32), *around), np.float32)
        first, second = self.facts.inputs
        tensors = {first.name: first.from_picture(picture), second.name: second.from_picture(mask[..., None])}
        output = self.facts.outputs[0]
        made = output.to_picture(ctx.infer(self.facts.id, tensors)[output.name])
        return np.ascontiguousarray(made[:rows, :columns])


def gathered(turn: list[Piece], shape: tuple[int, ...], side_px: int) -> list[list[Piece]]:
    """The pieces of one turn in groups, that with the biggest first: those of a group lie in one window of `side_px`
    with what each needs around it; a piece that needs more is alone."""
    groups = [group for band in _runs(turn, 0, shape, side_px) for group in _runs(band, 1, shape, side_px)]
    return sorted(groups, key=lambda group: -max(piece.size for piece in group))


def _runs(pieces: list[Piece], axis: int, shape: tuple[int, ...], side_px: int) -> list[list[Piece]]:
    """The pieces in their order along an axis, in runs that need at most `side_px` of it."""
    runs: list[list[Piece]] = []
    start = stop = 0
    for span, piece in sorted(
        ((_needed(piece, shape)[axis], piece) for piece in pieces), key=lambda each: each[0].start
    ):
        if not runs or max(stop, span.stop) - start > side_px:
            runs.append([])
            start, stop = span.start, span.stop
        runs[-1].append(piece)
        stop = max(stop, span.stop)
    return runs


def _needed(piece: Piece, shape: tuple[int, ...]) -> Box:
    """A piece and as much on each side as it is thick, as far as there is."""
    context_px = max(_LEAST_CONTEXT_PX, int(2 * piece.thick))
    down, across = (
        slice(max(0, side.start - context_px), min(length, side.stop + context_px))
        for side, length in zip(piece.box, shape, strict=True)
    )
    return down, across


def region_of(pieces: list[Piece], shape: tuple[int, ...], side_px: int = _SIDE_PX) -> Box:
    """A square around what some pieces need, of `side_px` if that is enough, as far as there is."""
    needed = [_needed(piece, shape) for piece in pieces]
    spans = [(min(box[axis].start for box in needed), max(box[axis].stop for box in needed)) for axis in (0, 1)]
    side_px = max(side_px, *(stop - start for start, stop in spans))
    firsts = (
        max(0, min((start + stop - side_px) // 2, length - side_px))
        for (start, stop), length in zip(spans, shape, strict=True)
    )
    down, across = (slice(first, min(length, first + side_px)) for first, length in zip(firsts, shape, strict=True))
    return down, across


def _left(piece: Piece, unknown: Bool) -> Piece:
    """What of a piece no earlier one has filled."""
    mask = piece.mask & unknown[piece.box]
    down, across = hole_box(mask)
    top, left = piece.box[0].start, piece.box[1].start
    box = slice(top + down.start, top + down.stop), slice(left + across.start, left + across.stop)
    return Piece(box, mask[down, across], piece.kept[down, across], piece.thick)


def _placed(box: Box, mask: Bool, region: Box) -> Bool:
    """The mask of a box, in a region around it."""
    placed = np.zeros([side.stop - side.start for side in region], np.bool_)
    down, across = (
        slice(side.start - whole.start, side.stop - whole.start) for side, whole in zip(box, region, strict=True)
    )
    placed[down, across] = mask
    return placed


def _scaled(shape: tuple[int, ...], most: tuple[int, int]) -> tuple[float, tuple[int, int]]:
    """How many times smaller a region is made so that it fits, 1 if it does; and its size then."""
    scale = max(1.0, *(length / limit for length, limit in zip(shape, most, strict=True)))
    rows, columns = (max(1, min(limit, round(length / scale))) for length, limit in zip(shape, most, strict=True))
    return scale, (rows, columns)


def _resized(picture: F32, shape: tuple[int, int]) -> F32:
    return np.asarray(cv2.resize(picture, shape[::-1], interpolation=cv2.INTER_AREA), np.float32)


def _covered(mask: Bool, shape: tuple[int, int]) -> Bool:
    """Where a pixel covers anything of the mask."""
    return np.asarray(cv2.resize(mask.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA) > 0)


def _enlarged(picture: F32, shape: tuple[int, ...]) -> F32:
    if picture.shape[:2] == shape:
        return picture
    wide = cv2.resize(picture, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(wide, 0, 1), np.float32)
