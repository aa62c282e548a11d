"""Models that invent a fill by themselves from the picture and a mask: what they are shown, and what is made of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging.bands import Each, checked
from editor.imaging.blend import fitted, hole_box
from editor.imaging.guided_fill import with_detail
from editor.imaging.patch_field import NoSourceError, Search
from editor.imaging.pieces import Piece, turns
from editor.imaging.regrain import with_grain
from editor.sdk.context import Context
from editor.sdk.errors import MaskError
from editor.sdk.i18n import N_, _
from editor.sdk.models import ModelFacts
from editor.sdk.plugin import Image, Inputs

Bool = NDArray[np.bool_]
F32 = NDArray[np.float32]
Box = tuple[slice, slice]

# What models of any size are shown at most: they learnt at this size, and what they scale by themselves stays soft.
_SIDE_PX = 512
_LEAST_CONTEXT_PX = 128
# So that thin lines are filled without any scaling.
_CELL_PX = 192
_ENLARGED = 1.02
_NETWORK_SHARE = 0.4
_NO_SOURCE = N_("There is nothing to copy from. Paint a smaller area, or allow more of the photo as source.")


def takes(facts: ModelFacts) -> bool:
    """Whether a model fills a picture by a mask."""
    if len(facts.inputs) != 2 or len(facts.outputs) != 1 or facts.scale != 1:
        return False
    picture, mask = facts.inputs
    colours = ("RGB", "BGR")
    return picture.colour in colours and mask.colour in ("mask", "keep") and facts.outputs[0].colour in colours


def fill(inputs: Inputs, facts: ModelFacts, ctx: Context) -> Image:
    """All of `inputs.mask` above 0 filled, piece by piece; other pixels as they are.

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
    unknown = hole if inputs.alpha is None else hole | (inputs.alpha == 0)
    if unknown.all():
        raise MaskError(_(_NO_SOURCE))
    source = inputs.source & ~unknown
    pieces = [piece for turn in turns(hole, ctx.check, _CELL_PX) for piece in turn]
    total, done = sum(piece.size for piece in pieces), 0
    for piece in pieces:
        part = ctx.sub(done / total, (done + piece.size) / total)
        region = region_of(piece, unknown.shape)
        own = _placed(piece.box, piece.mask, region) & unknown[region]
        place = ctx.origin[1] + region[0].start, ctx.origin[0] + region[1].start
        made = _Filler(result[region], unknown[region], own, source[region], place, facts, part).run()
        kept = _placed(piece.box, piece.kept, region)
        result[region][kept] = made[kept[hole_box(own)]]
        done += piece.size
        unknown[piece.box][piece.kept] = False
    return result


@dataclass(slots=True)
class _Filler:
    """One piece and the region around it.

    hole: of the piece. unknown: of all pieces that are not filled yet, and what is transparent. place: of the region's
    first pixel in the document, (row, column).
    """

    image: F32
    unknown: Bool
    hole: Bool
    source: Bool
    place: tuple[int, int]
    facts: ModelFacts
    ctx: Context

    def run(self) -> F32:
        """The pixels of `hole_box(hole)`, filled."""
        scale, shape = _scaled(self.hole.shape, self.facts.fixed or (_SIDE_PX, _SIDE_PX))
        neutral = self.image[~self.unknown].mean(axis=0) if not self.unknown.all() else np.float32(0.5)
        known = np.where(self.unknown[..., None], neutral, self.image).astype(np.float32)
        small, unknown, hole = _resized(known, shape), _covered(self.unknown, shape), _covered(self.hole, shape)
        made = self._asked(small, unknown, self.ctx.sub(0.0, _NETWORK_SHARE))
        each = checked(self.ctx.map, self.ctx.check)
        box = hole_box(hole)
        # What of other pieces is unfilled yet would draw its grey into this one.
        small[unknown] = made[unknown]
        small[box] = fitted(small, hole, ~unknown, made, each=each)
        if scale <= _ENLARGED:
            filled = _enlarged(small, self.hole.shape)[hole_box(self.hole)]
        else:
            filled = self._detailed(_enlarged(small, self.hole.shape), scale, each)
        top, left = (first + side.start for first, side in zip(self.place, hole_box(self.hole), strict=True))
        return with_grain(self.image, self.unknown, self.hole, filled, (top, left), self.ctx.seed, each)

    def _detailed(self, smooth: F32, scale: float, each: Each) -> F32:
        part = self.ctx.sub(_NETWORK_SHARE, 0.95)
        search = Search(seed=self.ctx.seed, each=each, advance=part.progress)
        image = np.where(self.unknown[..., None], smooth, self.image)
        try:
            return with_detail(image, self.hole, self.source, smooth, scale, search)
        except NoSourceError as error:
            raise MaskError(_(_NO_SOURCE)) from error

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


def region_of(piece: Piece, shape: tuple[int, ...]) -> Box:
    """A square around a piece, as far as there is, with as much on each side as the piece is thick."""
    longest = max(side.stop - side.start for side in piece.box)
    side_px = max(_SIDE_PX, longest + 2 * max(_LEAST_CONTEXT_PX, int(2 * piece.thick)))
    spans = []
    for side, length in zip(piece.box, shape, strict=True):
        first = (side.start + side.stop - side_px) // 2
        first = max(0, min(first, length - side_px))
        spans.append(slice(first, min(length, first + side_px)))
    return spans[0], spans[1]


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
