"""BM3D: blocks that look alike are filtered together, twice (Dabov, Foi, Katkovnik, Egiazarian 2007).

K. Dabov, A. Foi, V. Katkovnik, K. Egiazarian: Image denoising by sparse 3-D transform-domain collaborative filtering,
IEEE Transactions on Image Processing 16(8), https://doi.org/10.1109/TIP.2007.901238; several planes as in section V:
blocks are matched in the first one. Where noise is not white, thresholds follow its spectrum, as in Y. Makinen,
L. Azzari, A. Foi: Collaborative filtering of correlated noise, 2020, https://doi.org/10.1109/TIP.2020.3014721, eq. 5;
that blocks overlap is not taken into account.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editor.sdk.context import Context
from plugins.bm3d import _groups, _match, _rows

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

SIDE = 8
_KAISER_BETA = 2.0
_BAND_ROWS = 16
_CHUNK_COLUMNS = 32
# Blocks count as alike up to this mean squared difference, in the first and the second step. The paper is stricter
# (0.04 and 0.006): that leaves groups small where nothing repeats.
_ALIKE = (0.12, 0.06)
# That of two noisy copies of one block is twice the variance of the noise; below four times that, groups are not full.
_ALIKE_IN_NOISE = 8.0
_LEAST_VARIANCE = 1e-12
# Above this variance noise is strong: as the authors' own program, which then works with other numbers, too.
_STRONG = (40 / 255) ** 2


@dataclass(frozen=True, slots=True)
class Profile:
    """How much work is done.

    step_px: from block to block. reach_px: how far away alike blocks are looked for: up to `dense_px` everywhere, up to
    `half_px` at every other place, beyond at every other place of every other row. blocks: how many make a group at
    most, in the first and the second step; blocks_in_noise: in the second where noise is strong. every: whether all
    pixels of blocks are compared, or every other, as of a chessboard. threshold: in standard deviations. assumed: what
    share of the noise's variance the Wiener filter works with: less than all keeps more detail.
    """

    step_px: int
    reach_px: int
    dense_px: int
    half_px: int
    blocks: tuple[int, int]
    blocks_in_noise: int = 0
    every: bool = True
    threshold: float = 2.8
    assumed: float = 0.8

    @property
    def reach_of_step_px(self) -> int:
        """How far from a pixel lies what one step makes it of."""
        return 2 * (self.reach_px + SIDE - 1)

    @property
    def halo_px(self) -> int:
        """How far from a pixel lies what it depends on."""
        return 2 * self.reach_of_step_px


PROFILES = {
    "fast": (
        Profile(step_px=5, reach_px=12, dense_px=5, half_px=12, blocks=(16, 8)),
        Profile(step_px=6, reach_px=12, dense_px=4, half_px=12, blocks=(16, 16)),
    ),
    "normal": (
        Profile(step_px=3, reach_px=19, dense_px=9, half_px=19, blocks=(16, 16)),
        Profile(
            step_px=4,
            reach_px=19,
            dense_px=3,
            half_px=10,
            blocks=(32, 32),
            blocks_in_noise=64,
            every=False,
            threshold=2.7,
            assumed=0.7,
        ),
    ),
    "high": (
        Profile(step_px=2, reach_px=19, dense_px=19, half_px=19, blocks=(16, 32)),
        Profile(step_px=2, reach_px=19, dense_px=19, half_px=19, blocks=(32, 32)),
    ),
}
"""Of grey pictures, and of those in colour, which have three planes to filter for one search."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the planes: rows top to bottom, columns left to right; ends are outside."""

    top: int
    left: int
    bottom: int
    right: int

    def grown(self, by_px: int, height: int, width: int) -> Box:
        return Box(
            max(0, self.top - by_px),
            max(0, self.left - by_px),
            min(height, self.bottom + by_px),
            min(width, self.right + by_px),
        )


def denoise(planes: F32, noise: F32, profile: Profile, wanted: Box, origin: tuple[int, int], ctx: Context) -> F32:
    """Removes noise.

    Args:
        planes: C x H x W, at least 8 x 8; blocks are matched in the first.
        noise: C x 8 x 8, the variance of the noise in each coefficient of the cosine transform (rows, columns); of
            white noise it is the same in all. The wavelet of the first step shares its octaves.
        profile: how much work is done.
        wanted: where the result is wanted; what lies farther than the profile's `halo_px` from it is not looked at.
        origin: (x, y) of the planes' first pixel: blocks lie on a grid that starts at (0, 0).

    Returns:
        C x H x W; outside of `wanted` without meaning.

    Raises:
        Cancelled: the user cancelled.
    """
    noise = np.maximum(noise, np.float32(_LEAST_VARIANCE))
    height, width = planes.shape[1:]
    basic = wanted.grown(profile.reach_of_step_px, height, width)
    guide = _step(planes, None, noise, profile, basic, origin, ctx.sub(0.0, 0.5))
    return _step(planes, guide, noise, profile, wanted, origin, ctx.sub(0.5, 1.0))


def warm_up() -> None:
    """Runs every kernel once on a few pixels."""
    planes, noise = np.zeros((1, 16, 16), np.float32), np.ones((1, SIDE, SIDE), np.float32)
    places = np.array([0, 8], np.int32)
    for guide in (None, planes):
        step = _Step.of(planes, guide, noise, PROFILES["fast"][0])
        step.band(places, places, np.array([0, 2], np.int32), lambda: None)


def _step(
    planes: F32, guide: F32 | None, noise: F32, profile: Profile, wanted: Box, origin: tuple[int, int], ctx: Context
) -> F32:
    """The first step, or with a guide the second."""
    step = _Step.of(planes, guide, noise, profile)
    reach = profile.reach_px + SIDE - 1
    height, width = planes.shape[1:]
    tops = _grid(wanted.top - reach, wanted.bottom + profile.reach_px, height, profile.step_px, origin[1])
    lefts = _grid(wanted.left - reach, wanted.right + profile.reach_px, width, profile.step_px, origin[0])
    edges = _edges(lefts + origin[0], _CHUNK_COLUMNS * profile.step_px)
    bands = _edges(tops + origin[1], _BAND_ROWS * profile.step_px)
    done = 0

    def work(band: tuple[int, int]) -> tuple[int, F32, F32]:
        nonlocal done
        result = step.band(tops[band[0] : band[1]], lefts, edges, ctx.check)
        done += 1
        ctx.progress(done / (len(bands) - 1))
        return result

    total, weight = np.zeros_like(planes), np.zeros_like(planes)
    for top, part, its_weight in ctx.map(work, zip(bands[:-1].tolist(), bands[1:].tolist(), strict=True)):
        total[:, top : top + part.shape[1]] += part
        weight[:, top : top + part.shape[1]] += its_weight
    np.maximum(weight, np.float32(1e-20), out=weight)
    np.divide(total, weight, out=total)
    return total


@dataclass(frozen=True, slots=True)
class _Step:
    """What all bands of a step have in common.

    look: where blocks are matched. rows, rows_back: the transform of a block's rows, and back. least, assumed: of each
    coefficient, the square of the threshold and the variance that Wiener's filter works with.
    """

    planes: F32
    guide: F32 | None
    look: F32
    noise: F32
    least: F32
    assumed: F32
    farthest: float
    blocks: int
    offsets: I32
    every: bool
    rows: F32
    rows_back: F32
    window: F32

    @classmethod
    def of(cls, planes: F32, guide: F32 | None, noise: F32, profile: Profile) -> _Step:
        matrix = _matrix(_groups.wavelet if guide is None else _groups.cosine)
        norms = np.sqrt(np.square(matrix).sum(axis=1))
        normed = matrix / norms[:, None]
        window = np.kaiser(SIDE, _KAISER_BETA)
        second = guide is not None
        variance = float(noise[0].mean())
        most = profile.blocks[second]
        if second and variance > _STRONG:
            most = max(most, profile.blocks_in_noise)
        alike = _ALIKE[1] if second else max(_ALIKE[0], _ALIKE_IN_NOISE * variance)
        return cls(
            planes=planes,
            guide=guide,
            look=planes[0] if guide is None else np.ascontiguousarray(guide[0]),
            noise=noise.reshape(len(noise), -1),
            # Rows are transformed by the normed matrix, columns are not.
            least=_flat(profile.threshold**2 * noise * np.square(norms)[:, None]),
            assumed=_flat(profile.assumed * noise),
            farthest=alike * SIDE**2 / (1 if profile.every else 2),
            blocks=most,
            offsets=_offsets(profile),
            every=profile.every,
            rows=normed.astype(np.float32),
            rows_back=(np.linalg.inv(normed) * window[:, None]).astype(np.float32),
            window=window.astype(np.float32),
        )

    def band(self, tops: I32, lefts: I32, edges: I32, check: Callable[[], None]) -> tuple[int, F32, F32]:
        """Where the band begins, its filtered blocks added up (C x h x W), and their weights."""
        found = np.empty((len(tops), len(lefts), self.blocks), np.int32)
        counts = np.empty(found.shape[:2], np.int32)
        for row in range(len(tops)):
            check()
            here = slice(row, row + 1)
            _match.match(
                self.look, tops[here], lefts, self.offsets, self.every, np.float32(self.farthest), self.blocks,
                found[here], counts[here],
            )  # fmt: skip
        reach = int(self.offsets.max())
        first, end = max(0, int(tops[0]) - reach), min(self.look.shape[0], int(tops[-1]) + reach + SIDE)
        shape = (len(self.planes), end - first, self.look.shape[1])
        total, weight = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for plane in range(len(self.planes)):
            check()
            pixels = self._spread(self.planes[plane, first:end])
            filtered = np.zeros_like(pixels)
            weights = np.zeros((end - first - SIDE + 1, pixels.shape[0]), np.float32)
            places = (tops - np.int32(first), lefts, edges, self.offsets, found, counts)
            noise = self.noise[plane]
            if self.guide is None:
                _groups.hard(pixels, *places, self.least[plane], noise, self.window, filtered, weights)
            else:
                guides = self._spread(self.guide[plane, first:end])
                _groups.wiener(pixels, guides, *places, self.assumed[plane], noise, self.window, filtered, weights)
            _rows.gather(filtered, weights, self.rows_back, self.window, total[plane], weight[plane])
        return first, total, weight

    def _spread(self, rows: F32) -> F32:
        out = np.empty((rows.shape[1] - SIDE + 1, SIDE * rows.shape[0]), np.float32)
        _rows.spread(rows, self.rows, out)
        return out


def _matrix(transform: Callable[[F32, int, int, F32, int], None]) -> NDArray[np.float64]:
    """8 x 8, (coefficient, pixel), of a transform of columns."""
    columns = np.empty(SIDE**2, np.float32)
    transform(np.eye(SIDE, dtype=np.float32).reshape(1, -1), 0, 0, columns, 0)
    return columns.reshape(SIDE, SIDE).astype(np.float64)


def _flat(variances: NDArray[np.float32]) -> F32:
    return np.ascontiguousarray(variances.reshape(len(variances), -1), np.float32)


def _offsets(profile: Profile) -> I32:
    """N x 2, (down, right), nearest first."""
    reach = range(-profile.reach_px, profile.reach_px + 1)
    places = []
    for down in reach:
        for right in reach:
            away = max(abs(down), abs(right))
            if away > profile.half_px:
                taken = down % 2 == 0 and right % 2 == 0
            else:
                taken = away <= profile.dense_px or (down + right) % 2 == 0
            if taken:
                places.append((down, right))
    return np.array(sorted(places, key=lambda place: (place[0] ** 2 + place[1] ** 2, place)), np.int32)


def _grid(start: int, end: int, length: int, step: int, origin: int) -> I32:
    """Where blocks begin from `start` up to `end`: every `step` px of the document, and at both ends of the picture."""
    last = length - SIDE
    places = {0, last, *range(-origin % step, last + 1, step)}
    return np.array(sorted(place for place in places if start <= place < end), np.int32)


def _edges(places: I32, length_px: int) -> I32:
    """Indices between which the places lie in one stretch of the document, however it is cut."""
    stretch = places // length_px
    return np.array([0, *(np.flatnonzero(np.diff(stretch)) + 1), len(places)], np.int32)
