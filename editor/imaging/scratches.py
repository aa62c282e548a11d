"""Where long thin scratches, hairs and folds are in a picture.

A scratch is a ridge: a line that differs from both its sides. Each pixel votes for the lines through it by how much it
stands out from the nearer in brightness of the two sides, in parts of the texture around and no more than fully, so
that edges vote against, and one bright speck counts no more than one pixel of a faint line. The votes are added up
along lines of many directions (line operators as in R. Zwiggelaar et al., IEEE Transactions on Medical Imaging, 2004,
but with votes in place of brightness), the middles of lines are joined to chains over short breaks, and each chain is
judged by what tells scratches from the lines of the picture: see WEIGHTS. Wide lines are looked for in the picture
reduced by halves.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging import _chain_kernels as chains
from editor.imaging import _line_kernels as lines
from editor.imaging.bands import Band, Each, serial

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]
I16 = NDArray[np.int16]
Bool = NDArray[np.bool_]

_ROWS = 256
_TRACED_ROWS = 128
# How far around a pixel is looked: half a line, the texture around, what is smoothed.
_MARGIN_PX = 40
_SMOOTH_PX = 0.8
_COARSE_PX = 2.5
_TEXTURE_PX = 41
# A pixel stands out fully by so many times the texture around it, and by so much where there is none.
_TIMES = 2.5
_LEAST_TEXTURE = 0.008
# Middles of lines are kept from this certainty on (of 255), and a chain needs one of that.
_LEAST_RIDGE = 70
_LEAST_START = 125
# A chain ends where the mean of so many places stands out by less than this part of what most do.
_END_PX = 5
_END = 0.4
# Among more lines than this, of all pixels around, a line belongs to a pattern.
_CROWD_PX = 81
_MOST_CROWD = 0.12
_SHORTEST_PX = 30
# The widest line that is seen in the picture as it is; in the halved picture twice that.
_LEVEL_PX = 3.5
# By how much smoothing makes a line wider.
_BLUR_PX = 1
# A line of which so much was found already is the same.
_SAME = 0.8
_STROKE = 12

_TURN = (np.arange(lines.STEEP) - (lines.STEEP - 1) / 2) * (math.pi / 2 / lines.STEEP)
_STEEP = np.stack((np.cos(_TURN), np.sin(_TURN)), axis=1)
_DIRECTIONS = np.concatenate((_STEEP, _STEEP[:, ::-1])).astype(np.float32)

WEIGHTS = np.array([0.37, 2.19, 0.46, -3.09, -1.28, -0.58, -1.36, 2.10])
"""What speaks for a scratch: its length (log2 of pixels); the share of its pixels that stand out; its contrast (log2).
Against: sides unlike each other, here and there and all along; a profile that goes on beyond them; other lines around
(log2 of their share); and how far it is from white, or black. The sides are measured in parts of the contrast. Found by
logistic regression on lines in photos with and without scratches drawn on them.
"""
BIAS = -7.97
_SPAN = 2.5
"""How far the evidence that is asked for goes up and down with the sensitivity."""


@dataclass(frozen=True, slots=True)
class Sought:
    """sensitivity: 0 to 100. widest_px: of a scratch. tone: "bright", "dark" (than what is around) or "both"."""

    sensitivity: int = 50
    widest_px: int = 6
    tone: str = "both"

    @property
    def levels(self) -> int:
        """In how many sizes of the picture lines are looked for."""
        return 1 + max(0, math.ceil(math.log2(self.widest_px / _LEVEL_PX)))


@dataclass(frozen=True, eq=False, slots=True)
class Chain:
    """A line in the picture halved `level` times.

    places: N x 2 int32, (y, x). width: N float32, in pixels. evidence: above 0 for what is more like a scratch.
    """

    places: I32
    width: F32
    level: int
    evidence: float

    @property
    def width_px(self) -> float:
        """How wide most of it is in the picture itself."""
        return 2.0**self.level * float(np.median(self.width))


def _ignore(share: float) -> None:
    pass


def _tell(advance: Callable[[float], None], start: float, end: float, share: float) -> None:
    advance(start + (end - start) * share)


def find(light: F32, sought: Sought, each: Each = serial, advance: Callable[[float], None] = _ignore) -> list[Chain]:
    """The scratches of a picture.

    Args:
        light: H x W float32, brightness 0..1.
        each: runs the work on bands of rows.
        advance: told the share of the work done, 0..1; may raise.
    """
    found: list[Chain] = []
    high, wide = light.shape
    for level in range(sought.levels):
        if level:
            size = max(1, light.shape[1] // 2), max(1, light.shape[0] // 2)
            light = np.asarray(cv2.resize(light, size, interpolation=cv2.INTER_AREA), np.float32)
        # A halved picture is a quarter of the work.
        found += _lines(light, level, sought, each, partial(_tell, advance, 1 - 0.25**level, 1 - 0.25 ** (level + 1)))
    least = _SPAN * (50 - sought.sensitivity) / 50
    likely = [chain for chain in found if chain.evidence > least and chain.width_px <= sought.widest_px + _BLUR_PX]
    return _once(likely, (high, wide))


def _once(found: list[Chain], shape: tuple[int, int]) -> list[Chain]:
    """The chains, finest first, without those that show the same again: in a halved picture, thin lines are wide."""
    kept: list[Chain] = []
    covered = np.zeros(shape, np.bool_)
    for level in range(1 + max((chain.level for chain in found), default=0)):
        own = []
        for chain in (chain for chain in found if chain.level == level):
            y, x = np.minimum(chain.places.T << level, np.array(shape)[:, None] - 1)
            if covered[y, x].mean() < _SAME:
                own.append(chain)
        kept += own
        covered |= drawn(own, shape, 3 << level)
    return kept


def drawn(found: list[Chain], shape: tuple[int, int], grow_px: int) -> Bool:
    """The mask of scratches, H x W bool, each as wide as it was measured and `grow_px` wider on each side."""
    mask = np.zeros(shape, np.uint8)
    for chain in found:
        for points, width_px in _strokes(chain):
            thick = max(1, round(width_px + 2 * grow_px))
            cv2.polylines(mask, [np.rint(points * 16).astype(np.int32)], False, 255, thick, cv2.LINE_8, 4)
    return mask > 0


def _strokes(chain: Chain) -> Iterator[tuple[F32, float]]:
    """A chain in short pieces: (x, y) in pixels of the picture, and how wide it is there."""
    scale = 2**chain.level
    points = (chain.places[:, ::-1].astype(np.float32) + np.float32(0.5)) * np.float32(scale) - np.float32(0.5)
    for first in range(0, len(points) - 1, _STROKE):
        around = chain.width[max(0, first - _STROKE) : first + 2 * _STROKE]
        yield points[first : first + _STROKE + 1], float(np.median(around)) * scale


def _lines(light: F32, level: int, sought: Sought, each: Each, advance: Callable[[float], None]) -> list[Chain]:
    """All lines, scratches or not, of a picture halved `level` times."""
    ridge, code = _middles(light, sought, each, partial(_tell, advance, 0.0, 0.8))
    return _chains(light, ridge, code, level, partial(_tell, advance, 0.8, 1.0))


def _middles(light: F32, sought: Sought, each: Each, advance: Callable[[float], None]) -> tuple[U8, U8]:
    """The middles of lines: how sure each is, 0..255, and its direction, see `_line_kernels`."""
    ridge, code = np.zeros(light.shape, np.uint8), np.zeros(light.shape, np.uint8)
    high, pad = light.shape[0], lines.SIDE_PX
    done: list[int] = []

    def tell() -> None:
        advance(min(1.0, sum(done) / high))

    def work(rows: Band) -> None:
        first, last = max(0, rows[0] - _MARGIN_PX), min(high, rows[1] + _MARGIN_PX)
        part = np.pad(light[first:last], pad, mode="symmetric")
        part = np.asarray(cv2.GaussianBlur(part, (0, 0), _SMOOTH_PX), np.float32)
        score, turn = _scores(part, _texture(part), sought, tell)
        inside = slice(rows[0] - first + pad, rows[1] - first + pad)
        sure = np.zeros(score[inside].shape, np.uint8)
        lines.thin(score, turn, 2 * _LEAST_RIDGE, _DIRECTIONS, (inside.start, inside.stop), sure)
        ridge[slice(*rows)] = sure[:, pad:-pad]
        code[slice(*rows)] = turn[inside, pad:-pad]
        done.append(rows[1] - rows[0])
        tell()

    each(work, [(top, min(top + _ROWS, high)) for top in range(0, high, _ROWS)])
    return ridge, code


def _texture(part: F32) -> F32:
    """By how much a pixel must differ to stand out fully; what stands out alone already raises that little."""
    fine = np.abs(part - cv2.GaussianBlur(part, (0, 0), _COARSE_PX))
    root = np.asarray(cv2.boxFilter(np.sqrt(fine), -1, (_TEXTURE_PX, _TEXTURE_PX)), np.float32)
    return np.asarray(np.maximum(np.float32(_TIMES) * root * root, np.float32(_LEAST_TEXTURE)))


def _scores(part: F32, texture: F32, sought: Sought, check: Callable[[], None]) -> tuple[I16, U8]:
    """How surely the middle of a line lies at each pixel, 0..512, and the number of its direction."""
    score, code = _steep(part, texture, sought, 0, check)
    flat, flat_code = _steep(np.ascontiguousarray(part.T), np.ascontiguousarray(texture.T), sought, lines.STEEP, check)
    better = score < flat.T
    return np.asarray(np.where(better, flat.T, score)), np.asarray(np.where(better, flat_code.T, code))


def _steep(part: F32, texture: F32, sought: Sought, first: int, check: Callable[[], None]) -> tuple[I16, U8]:
    score, code = np.zeros(part.shape, np.int16), np.zeros(part.shape, np.uint8)
    bright, dark = np.zeros(part.shape, np.int8), np.zeros(part.shape, np.int8)
    for number, turn in enumerate(_TURN.tolist()):
        check()
        down, across = round(-lines.SIDE_PX * math.sin(turn)), round(lines.SIDE_PX * math.cos(turn))
        lines.vote(part, texture, down, across, bright, dark)
        half_px = round(lines.HALF_PX * math.cos(turn))
        for votes, tone, way in ((bright, "bright", 0), (dark, "dark", lines.DARK)):
            if sought.tone in (tone, "both"):
                lines.count(votes, math.tan(turn), half_px, first + number + way, score, code)
    return score, code


def _chains(light: F32, ridge: U8, code: U8, level: int, advance: Callable[[float], None]) -> list[Chain]:
    room = int(np.count_nonzero(ridge))
    places, starts = np.empty((room, 2), np.int32), np.empty(room, np.int32)
    used = np.zeros(ridge.shape, np.bool_)
    smooth = np.asarray(cv2.GaussianBlur(light, (0, 0), _SMOOTH_PX), np.float32)
    advance(0.0)
    crowd = np.asarray(cv2.boxFilter((ridge > 0).view(np.uint8), cv2.CV_32F, (_CROWD_PX, _CROWD_PX)), np.float32)
    found = []
    for top in range(0, len(ridge), _TRACED_ROWS):
        advance(top / len(ridge))
        rows = top, min(top + _TRACED_ROWS, len(ridge))
        count, number = chains.trace(ridge, code, _DIRECTIONS, rows, _LEAST_START, used, places, starts)
        for first, last in itertools.pairwise([*starts[:number].tolist(), count]):
            dark = last > first and bool(code[tuple(places[first])] >= lines.DARK)
            own = _trimmed(smooth, places[first:last], dark)
            if len(own) < _SHORTEST_PX:
                continue
            width, features = np.empty(len(own), np.float32), np.empty(chains.FEATURES, np.float32)
            if float(crowd[own[:, 0], own[:, 1]].mean()) > _MOST_CROWD:
                continue
            chains.describe(smooth, ridge, crowd, own, dark, width, features)
            found.append(Chain(own, width, level, float(features @ WEIGHTS) + BIAS))
    return found


def _trimmed(smooth: F32, places: I32, dark: bool) -> I32:
    """A chain without its ends that only the votes of the pixels beside them made."""
    if len(places) < _SHORTEST_PX:
        return places
    height = np.empty(len(places), np.float32)
    chains.stand_out(smooth, places, dark, height)
    near = np.convolve(height, np.full(_END_PX, 1 / _END_PX), "same")
    kept = np.flatnonzero(near > _END * np.quantile(near, 0.75))
    return places[kept[0] : kept[-1] + 1].copy() if len(kept) else places[:0]
