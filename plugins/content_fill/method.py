"""How a fill is put together: the hole in pieces, each searched, copied and blended by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging.bands import Band, Each, bands, checked, serial
from editor.imaging.blend import blend, hole_box
from editor.imaging.measures import RING_PX, texture_ratio
from editor.imaging.patch_match import Search, correspondence
from editor.imaging.pieces import Box, Piece, turns
from editor.sdk.context import Context
from editor.sdk.errors import NoSourceError
from editor.sdk.plugin import Inputs, Result, least_source

if TYPE_CHECKING:
    from plugins.content_fill import Params

Bool = NDArray[np.bool_]
F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
Advance = Callable[[float], None]

_ALONE_PX = 20_000
_LEAST_TEXTURE = 0.35
_COARSE_PX = 4


def fill(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """The run of the plugin, see `plugins.content_fill.run`."""
    hole = inputs.mask > 0
    result = np.empty_like(inputs.image)

    def copy(rows: Band) -> None:
        np.clip(inputs.image[slice(*rows)], 0, 1, out=result[slice(*rows)])

    checked(ctx.map, ctx.check)(copy, bands(*hole.shape))
    if not hole.any():
        return Result(image=result, report={"texture (1 = as around it)": 1.0})
    maps = None
    if inputs.alpha is not None and not (inputs.alpha == 1).all():
        maps = _own_places(hole.shape)
        # Colours that can't be seen must draw nothing into the fill.
        clear = (inputs.alpha == 0) & ~hole
        if clear.any():
            result = _smoothed_over(result, hole | clear, clear)
    pieces = _run_all(_Work(result, hole.copy(), _seen(inputs, hole), params, ctx.seed, maps), ctx)
    ratios = []
    for piece in pieces:
        ctx.check()
        near = _grown(piece.box, RING_PX, hole.shape)
        ratios.append(texture_ratio(result[near], hole[near]))
    texture = np.average(ratios, weights=[piece.size for piece in pieces])
    ctx.progress(1.0)
    # What is copied brings its alpha along.
    alpha = None if maps is None or inputs.alpha is None else inputs.alpha[maps]
    return Result(result, {"texture (1 = as around it)": round(float(texture), 3)}, alpha)


def correspond(inputs: Inputs, params: Params, ctx: Context) -> tuple[I32, I32]:
    """Where each pixel of the fill is copied from, before any colour is fitted.

    Returns:
        (y, x), each H x W int32: `image[y, x]` is the fill before blending; outside the hole a pixel names itself.

    Raises:
        MaskError: there is nothing to copy from.
        Cancelled: the user cancelled.
    """
    hole = inputs.mask > 0
    maps = _own_places(hole.shape)
    if hole.any():
        _run_all(_Work(np.clip(inputs.image, 0, 1), hole, _seen(inputs, hole), params, ctx.seed, maps), ctx)
    return maps


def _seen(inputs: Inputs, hole: Bool) -> Bool:
    """What may be copied: what is opaque; where nothing is, what can be seen at all."""
    source = inputs.source & ~hole
    if inputs.alpha is None:
        return source
    opaque: Bool = source & (inputs.alpha == 1)
    return opaque if opaque.any() else source & (inputs.alpha > 0)


def _own_places(shape: tuple[int, ...]) -> tuple[I32, I32]:
    map_y, map_x = (np.ascontiguousarray(axis, np.int32) for axis in np.indices(shape, np.int32))
    return map_y, map_x


@dataclass(slots=True)
class _Work:
    """What all pieces have in common. `image` is filled piece by piece, `unknown` is what was unfilled a turn ago."""

    image: F32
    unknown: Bool
    source: Bool
    params: Params
    seed: int
    maps: tuple[I32, I32] | None = None


class _Job:
    """One piece with the part of the picture that it may be filled from."""

    def __init__(self, work: _Work, piece: Piece, each: Each) -> None:
        self.params = work.params
        self.seed = work.seed
        self.thick = piece.thick
        margin = int(max(192.0, 5.0 * piece.thick) * work.params.search / 100)
        self.box, self.hole, self.source = _surroundings(piece, work.source, margin)
        box, (rows, columns) = self.box, self.hole.shape
        # A copy even of the whole: for another layout in memory every kernel would be compiled anew.
        self.image = np.empty((rows, columns, 3), np.float32)

        def copy(band: Band) -> None:
            self.image[slice(*band)] = work.image[box][slice(*band)]

        each(copy, bands(rows, columns, rows * columns // 8))
        others = work.unknown[box] & ~self.hole
        if others.any():
            self.image = _smoothed_over(self.image, work.unknown[box], others)

    def search(self, each: Each, advance: Advance) -> tuple[I32, I32]:
        # Beside the random draws, a seed picks how the search is done, and later ones which places are left out: these
        # change the composition, where draws alone often end in the same picture.
        way = self.seed % 3
        patch_px = max(3, self.params.patch_px + (0, 2, -2)[way])
        search = Search(patch_px, self.seed, smooth_start=way == 0, each=each, advance=advance)
        source = self._part_of_source()
        if way == 1:
            found = self._by_colours(source, search)
            if found is not None:
                return found
            search = replace(search, advance=lambda share: advance(0.5 + 0.5 * share))
        return correspondence(self.image, self.hole, source, search)

    def _by_colours(self, source: Bool, search: Search) -> tuple[I32, I32] | None:
        """Often whole things where texture would bend them; None where it ends in places too smooth for the hole."""
        advance = search.advance
        half = replace(search, texture=False, advance=lambda share: advance(0.5 * share))
        map_y, map_x = correspondence(self.image, self.hole, source, half)
        near = _grown(hole_box(self.hole), RING_PX, self.hole.shape)
        copied = self.image[map_y[near], map_x[near]]
        return (map_y, map_x) if texture_ratio(copied, self.hole[near]) > _LEAST_TEXTURE else None

    def _part_of_source(self) -> Bool:
        """All of the source for the first seeds; else most of it, in blocks about as large as the hole."""
        if self.seed < 3:
            return self.source
        rows, columns = self.source.shape
        block = max(16, int(2 * self.thick))
        draws = np.random.default_rng(self.seed).random((rows // block + 1, columns // block + 1))
        kept = np.repeat(np.repeat(draws > 0.15, block, axis=0), block, axis=1)[:rows, :columns]
        part = self.source & kept
        enough = max(1024, int(np.count_nonzero(self.source)) // 2)
        return part if int(np.count_nonzero(part)) > enough else self.source

    def fill(self, each: Each, advance: Advance) -> tuple[F32, I32, I32]:
        """The pixels of the hole's box, filled, and where in the job's box those of the hole are copied from."""
        map_y, map_x = self.search(each, lambda share: advance(0.85 * share))
        filled = blend(self.image, self.hole, map_y, map_x, reach=self.params.color_match / 100, each=each)
        advance(1.0)
        near = hole_box(self.hole)
        return filled, map_y[near] + np.int32(self.box[0].start), map_x[near] + np.int32(self.box[1].start)


def _grown(box: Box, margin: int, shape: tuple[int, ...]) -> Box:
    down, across = box
    return (
        slice(max(0, down.start - margin), min(shape[0], down.stop + margin)),
        slice(max(0, across.start - margin), min(shape[1], across.stop + margin)),
    )


def _surroundings(piece: Piece, source: Bool, margin: int) -> tuple[Box, Bool, Bool]:
    """The box `margin` around a piece, the piece in it, the source that near to it; wider where source is little."""
    while True:
        box = _grown(piece.box, margin, source.shape)
        hole = np.zeros(source[box].shape, np.bool_)
        top, left = piece.box[0].start - box[0].start, piece.box[1].start - box[1].start
        hole[top : top + piece.mask.shape[0], left : left + piece.mask.shape[1]] = piece.mask
        part = source[box] & _near(hole, margin)
        if np.count_nonzero(part) >= least_source(piece.size) or margin >= max(source.shape):
            return box, hole, part
        margin *= 2


def _near(hole: Bool, margin: int) -> Bool:
    """What lies within `margin` of the hole, to a few pixels."""
    known = cv2.erode(np.where(hole, np.uint8(0), np.uint8(1)), np.ones((_COARSE_PX, _COARSE_PX), np.uint8))
    coarse = np.ascontiguousarray(known[::_COARSE_PX, ::_COARSE_PX])
    near = cv2.distanceTransform(coarse, cv2.DIST_L2, 3) <= margin / _COARSE_PX
    return np.repeat(np.repeat(near, _COARSE_PX, axis=0), _COARSE_PX, axis=1)[: hole.shape[0], : hole.shape[1]]


def _smoothed_over(image: F32, unknown: Bool, others: Bool) -> F32:
    """The picture with the pixels of other holes replaced by what surrounds them, so that they draw nothing in."""
    known = np.where(unknown, np.float32(0), np.float32(1))
    mean, weight = image * known[..., None], known
    result = image.copy()
    left = others.copy()
    for radius in (8, 64, 512):
        size = (2 * radius + 1, 2 * radius + 1)
        share = cv2.blur(weight, size)
        take = left & (share > 1e-6)
        result[take] = (cv2.blur(mean, size) / np.maximum(share, 1e-6)[..., None])[take]
        left &= ~take
        if not left.any():
            break
    return result


def _check_only(ctx: Context) -> Advance:
    """Jobs beside each other finish in any order: they look for a cancel but don't report."""

    def advance(share: float) -> None:  # noqa: ARG001
        ctx.check()

    return advance


def _run_all(work: _Work, ctx: Context) -> list[Piece]:
    """Fills everything: in each turn large pieces one by one on all threads, then the small ones beside each other."""
    if not work.source.any():
        raise NoSourceError
    ordered = turns(work.unknown, ctx.check)
    pieces = [piece for turn in ordered for piece in turn]
    total, done = sum(piece.size for piece in pieces), 0

    on_all, on_one = checked(ctx.map, ctx.check), checked(serial, ctx.check)

    def alone(piece: Piece) -> None:
        # Pieces of a turn keep no pixel in common, so they may be written from any thread.
        _put(work, piece, *_Job(work, piece, on_one).fill(on_one, _check_only(ctx)))

    for turn in ordered:
        large = turn if len(pieces) == 1 else [piece for piece in turn if piece.size > _ALONE_PX]
        for piece in large:
            ctx.check()
            part = ctx.sub(done / total, (done + piece.size) / total)
            _put(work, piece, *_Job(work, piece, on_all).fill(on_all, part.progress))
            done += piece.size
        ctx.map(alone, turn[len(large) :])
        done += sum(piece.size for piece in turn[len(large) :])
        ctx.progress(done / total)
        for piece in turn:
            work.unknown[piece.box][piece.kept] = False
    return pieces


def _put(work: _Work, piece: Piece, filled: F32, map_y: I32, map_x: I32) -> None:
    """Writes what a job filled into the whole picture."""
    work.image[piece.box][piece.kept] = filled[piece.kept]
    if work.maps is not None:
        work.maps[0][piece.box][piece.kept] = map_y[piece.kept]
        work.maps[1][piece.box][piece.kept] = map_x[piece.kept]


def warm_up(params: Params) -> None:
    """Runs every kernel once on a few pixels."""
    image = np.random.default_rng(0).random((48, 48, 3), np.float32)
    hole = np.zeros((48, 48), np.bool_)
    hole[20:28, 20:28] = True
    map_y, map_x = correspondence(image, hole, ~hole, Search(params.patch_px))
    blend(image, hole, map_y, map_x)
