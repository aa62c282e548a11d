"""How a fill is put together: holes into clusters, each searched, copied and blended by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging.bands import Band, Each
from editor.imaging.blend import blend, hole_box
from editor.imaging.measures import texture_ratio
from editor.imaging.patch_match import NoSourceError, Search, correspondence
from editor.sdk.context import Context
from editor.sdk.errors import MaskError
from editor.sdk.plugin import Inputs, Result

if TYPE_CHECKING:
    from plugins.content_fill import Params

Bool = NDArray[np.bool_]
F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
Box = tuple[slice, slice]

_JOIN_PX = 32
_ALONE_PX = 20_000
_NO_SOURCE = "There is nothing to copy from. Paint a smaller area, or allow more of the photo as source."


def fill(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """The run of the plugin, see `plugins.content_fill.run`."""
    image, hole = inputs.image, inputs.mask > 0
    result = np.clip(image, 0, 1)
    if not hole.any():
        return Result(image=result, report={"texture": 1.0})
    source = inputs.source & ~hole
    if not source.any():
        raise MaskError(_NO_SOURCE)
    jobs = []
    for cluster in _clusters(hole):
        ctx.check()
        jobs.append(_Job(image, hole, source, cluster, params, ctx.seed))
    ratios = _run_all(jobs, result, ctx)
    sizes = [job.size for job in jobs]
    return Result(image=result, report={"texture": round(float(np.average(ratios, weights=sizes)), 3)})


def correspond(inputs: Inputs, params: Params, ctx: Context) -> tuple[I32, I32]:
    """Where each pixel of the fill is copied from, before any colour is fitted.

    Returns:
        (y, x), each H x W int32: `image[y, x]` is the fill before blending; outside the hole a pixel names itself.

    Raises:
        MaskError: there is nothing to copy from.
        Cancelled: the user cancelled.
    """
    hole = inputs.mask > 0
    rows, columns = hole.shape
    map_y, map_x = (np.ascontiguousarray(axis) for axis in np.mgrid[:rows, :columns].astype(np.int32))
    for cluster in _clusters(hole):
        job = _Job(inputs.image, hole, inputs.source & ~hole, cluster, params, ctx.seed)
        y, x = job.search(_each(ctx), ctx.sub(0, 1).progress)
        map_y[job.box][job.hole] = y[job.hole] + job.box[0].start
        map_x[job.box][job.hole] = x[job.hole] + job.box[1].start
    return map_y, map_x


class _Job:
    """One cluster of holes with the part of the picture that it may be filled from."""

    def __init__(self, image: F32, hole: Bool, source: Bool, cluster: Bool, params: Params, seed: int) -> None:
        self.params = params
        self.seed = seed
        self.size = int(np.count_nonzero(cluster))
        self.thick = thick = float(cv2.distanceTransform(cluster.astype(np.uint8), cv2.DIST_L2, 3).max())
        margin = int(max(192.0, 5.0 * thick) * params.search / 100)
        self.box, near = _surroundings(cluster, source, margin)
        self.hole = cluster[self.box]
        self.source = source[self.box] & near
        others = hole[self.box] & ~self.hole
        # A copy even of the whole: the kernels are compiled for writable arrays, read-only ones would compile them anew.
        self.image = np.array(image[self.box], order="C")
        if others.any():
            self.image = _smoothed_over(self.image, hole[self.box], others)

    def search(self, each: Each, advance: Callable[[float], None]) -> tuple[I32, I32]:
        # Beside the random draws, a seed also picks the patch size, where the pyramid starts and which places are left
        # out: these change the composition, where draws alone often end in the same picture.
        patch_px = max(3, self.params.patch_px + (0, 2, -2)[self.seed % 3])
        start_px = (5.0, 7.0, 10.0, 4.0)[self.seed % 4]
        try:
            return correspondence(
                self.image, self.hole, self._part_of_source(), Search(patch_px, self.seed, start_px, each, advance)
            )
        except NoSourceError as error:
            raise MaskError(_NO_SOURCE) from error

    def _part_of_source(self) -> Bool:
        """All of the source for every third seed; else most of it, in blocks about as large as the hole."""
        if self.seed % 3 == 0:
            return self.source
        rows, columns = self.source.shape
        block = max(16, int(2 * self.thick))
        draws = np.random.default_rng(self.seed).random((rows // block + 1, columns // block + 1))
        kept = np.repeat(np.repeat(draws > 0.15, block, axis=0), block, axis=1)[:rows, :columns]
        part = self.source & kept
        enough = max(1024, int(np.count_nonzero(self.source)) // 2)
        return part if int(np.count_nonzero(part)) > enough else self.source

    def fill(self, each: Each, advance: Callable[[float], None]) -> F32:
        """The pixels of the hole's box, filled."""
        map_y, map_x = self.search(each, lambda share: advance(0.85 * share))
        filled = blend(self.image, self.hole, map_y, map_x, reach=self.params.color_match / 100, each=each)
        advance(1.0)
        return filled

    def put(self, filled: F32, result: F32) -> float:
        """Writes what `fill` returned into the whole picture; returns its texture ratio."""
        near = result[self.box]
        box = hole_box(self.hole)
        near[box][self.hole[box]] = filled[self.hole[box]]
        return texture_ratio(near, self.hole)


def _clusters(hole: Bool) -> list[Bool]:
    """The holes, those nearer than _JOIN_PX to each other together, the biggest first."""
    around = cv2.getStructuringElement(cv2.MORPH_RECT, (_JOIN_PX + 1, _JOIN_PX + 1))
    count, labels = cv2.connectedComponents(cv2.dilate(hole.astype(np.uint8), around), connectivity=8)
    if count <= 2:
        return [hole]
    clusters = [(labels == label) & hole for label in range(1, count)]
    return sorted(clusters, key=lambda cluster: -int(np.count_nonzero(cluster)))


def _surroundings(cluster: Bool, source: Bool, margin: int) -> tuple[Box, Bool]:
    """The box `margin` around a cluster and what lies that near in it; wider where little may be copied."""
    rows, columns = cluster.shape
    ys, xs = np.flatnonzero(cluster.any(axis=1)), np.flatnonzero(cluster.any(axis=0))
    while True:
        box = (
            slice(max(0, int(ys[0]) - margin), min(rows, int(ys[-1]) + 1 + margin)),
            slice(max(0, int(xs[0]) - margin), min(columns, int(xs[-1]) + 1 + margin)),
        )
        far = cv2.distanceTransform(np.where(cluster[box], np.uint8(0), np.uint8(1)), cv2.DIST_L2, 3)
        near = far <= margin
        enough = np.count_nonzero(source[box] & near) >= max(1024, int(np.count_nonzero(cluster)) // 2)
        if enough or margin >= max(rows, columns):
            return box, near
        margin *= 2


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


def _each(ctx: Context) -> Each:
    def each(function: Callable[[Band], None], items: Iterable[Band]) -> None:
        def checked(band: Band) -> None:
            ctx.check()
            function(band)

        ctx.map(checked, items)

    return each


def _check_only(ctx: Context) -> Callable[[float], None]:
    """Jobs beside each other finish in any order: they look for a cancel but don't report."""

    def advance(share: float) -> None:  # noqa: ARG001
        ctx.check()

    return advance


def _run_all(jobs: list[_Job], result: F32, ctx: Context) -> list[float]:
    """Large clusters one by one on all threads, then the small ones beside each other."""
    large = [job for job in jobs if job.size > _ALONE_PX] if len(jobs) > 1 else jobs
    small = jobs[len(large) :]
    total, done = sum(job.size for job in jobs), 0
    ratios = []
    for job in large:
        part = ctx.sub(done / total, (done + job.size) / total)
        ratios.append(job.put(job.fill(_each(ctx), part.progress), result))
        done += job.size

    def alone(job: _Job) -> F32:
        def each(function: Callable[[Band], None], items: Iterable[Band]) -> None:
            for band in items:
                ctx.check()
                function(band)

        return job.fill(each, _check_only(ctx))

    for job, filled in zip(small, ctx.map(alone, small), strict=True):
        ratios.append(job.put(filled, result))
    ctx.progress(1.0)
    return ratios


def warm_up(params: Params) -> None:
    """Runs every kernel once on a few pixels."""
    image = np.random.default_rng(0).random((48, 48, 3), np.float32)
    hole = np.zeros((48, 48), np.bool_)
    hole[20:28, 20:28] = True
    map_y, map_x = correspondence(image, hole, ~hole, Search(params.patch_px))
    blend(image, hole, map_y, map_x)
