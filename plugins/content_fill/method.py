"""How a fill is put together: holes into clusters, each searched, copied and blended by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
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
from editor.sdk.i18n import N_, _
from editor.sdk.plugin import Inputs, Result

if TYPE_CHECKING:
    from plugins.content_fill import Params

Bool = NDArray[np.bool_]
F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
Box = tuple[slice, slice]

_JOIN_PX = 32
_ALONE_PX = 20_000
_NO_SOURCE = N_("There is nothing to copy from. Paint a smaller area, or allow more of the photo as source.")


def fill(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """The run of the plugin, see `plugins.content_fill.run`."""
    image, hole = inputs.image, inputs.mask > 0
    result = np.clip(image, 0, 1)
    if not hole.any():
        return Result(image=result, report={"texture": 1.0})
    source = inputs.source & ~hole
    if not source.any():
        raise MaskError(_(_NO_SOURCE))
    work = _Work(image, hole, source, params, ctx.seed)
    clusters = _clusters(hole)
    ratios = _run_all(work, clusters, result, ctx)
    texture = np.average(ratios, weights=[cluster.size for cluster in clusters])
    return Result(image=result, report={"texture": round(float(texture), 3)})


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
    work = _Work(inputs.image, hole, inputs.source & ~hole, params, ctx.seed)
    for cluster in _clusters(hole):
        job = _Job(work, cluster)
        y, x = job.search(_each(ctx), _check_only(ctx))
        map_y[job.box][job.hole] = y[job.hole] + job.box[0].start
        map_x[job.box][job.hole] = x[job.hole] + job.box[1].start
    return map_y, map_x


@dataclass(frozen=True, slots=True)
class _Cluster:
    """Holes that are filled together: a box in the picture and which of its pixels they are."""

    box: Box
    mask: Bool

    @property
    def size(self) -> int:
        """Number of pixels to fill."""
        return int(np.count_nonzero(self.mask))


@dataclass(frozen=True, slots=True)
class _Work:
    """What all clusters have in common."""

    image: F32
    hole: Bool
    source: Bool
    params: Params
    seed: int


class _Job:
    """One cluster of holes with the part of the picture that it may be filled from."""

    def __init__(self, work: _Work, cluster: _Cluster) -> None:
        self.params = work.params
        self.seed = work.seed
        self.thick = thick = float(cv2.distanceTransform(cluster.mask.astype(np.uint8), cv2.DIST_L2, 3).max())
        margin = int(max(192.0, 5.0 * thick) * work.params.search / 100)
        self.box, self.hole, near = _surroundings(cluster, work.source, margin)
        self.source = work.source[self.box] & near
        others = work.hole[self.box] & ~self.hole
        # A copy even of the whole: for a read-only array every kernel would be compiled anew.
        self.image = np.array(work.image[self.box], order="C")
        if others.any():
            self.image = _smoothed_over(self.image, work.hole[self.box], others)

    def search(self, each: Each, advance: Callable[[float], None]) -> tuple[I32, I32]:
        # Beside the random draws, a seed also picks the patch size, where the pyramid starts and which places are left
        # out: these change the composition, where draws alone often end in the same picture.
        patch_px = max(3, self.params.patch_px + (0, 0, -2)[self.seed % 3])
        start_px = (5.0, 10.0, 10.0, 7.0)[self.seed % 4]
        try:
            return correspondence(
                self.image, self.hole, self._part_of_source(), Search(patch_px, self.seed, start_px, each, advance)
            )
        except NoSourceError as error:
            raise MaskError(_(_NO_SOURCE)) from error

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


def _clusters(hole: Bool) -> list[_Cluster]:
    """The holes, those nearer than _JOIN_PX to each other together, the biggest first."""
    rows, columns = hole.shape
    around = cv2.getStructuringElement(cv2.MORPH_RECT, (_JOIN_PX + 1, _JOIN_PX + 1))
    joined = cv2.dilate(hole.astype(np.uint8), around)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    clusters = []
    for label in range(1, count):
        left, top, wide, high = (int(number) for number in stats[label][:4])
        box = np.s_[max(0, top) : min(rows, top + high), max(0, left) : min(columns, left + wide)]
        clusters.append(_Cluster(box, (labels[box] == label) & hole[box]))
    return sorted(clusters, key=lambda cluster: -int(np.count_nonzero(cluster.mask)))


def _surroundings(cluster: _Cluster, source: Bool, margin: int) -> tuple[Box, Bool, Bool]:
    """The box `margin` around a cluster, the cluster in it, and what lies that near; wider where source is little."""
    rows, columns = source.shape
    down, across = cluster.box
    while True:
        box = (
            slice(max(0, down.start - margin), min(rows, down.stop + margin)),
            slice(max(0, across.start - margin), min(columns, across.stop + margin)),
        )
        hole = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), np.bool_)
        top, left = down.start - box[0].start, across.start - box[1].start
        hole[top : top + cluster.mask.shape[0], left : left + cluster.mask.shape[1]] = cluster.mask
        near = cv2.distanceTransform(np.where(hole, np.uint8(0), np.uint8(1)), cv2.DIST_L2, 3) <= margin
        enough = np.count_nonzero(source[box] & near) >= max(1024, int(np.count_nonzero(hole)) // 2)
        if enough or margin >= max(rows, columns):
            return box, hole, np.asarray(near, np.bool_)
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


def _run_all(work: _Work, clusters: list[_Cluster], result: F32, ctx: Context) -> list[float]:
    """Large clusters one by one on all threads, then the small ones beside each other."""
    large = [cluster for cluster in clusters if cluster.size > _ALONE_PX] if len(clusters) > 1 else clusters
    total, done = sum(cluster.size for cluster in clusters), 0
    for cluster in large:
        ctx.check()
        part = ctx.sub(done / total, (done + cluster.size) / total)
        _put(cluster, _Job(work, cluster).fill(_each(ctx), part.progress), result)
        done += cluster.size

    def each(function: Callable[[Band], None], items: Iterable[Band]) -> None:
        for band in items:
            ctx.check()
            function(band)

    def alone(cluster: _Cluster) -> None:
        # Clusters have no pixel in common, so they may be written from any thread.
        _put(cluster, _Job(work, cluster).fill(each, _check_only(ctx)), result)

    ctx.map(alone, clusters[len(large) :])
    ratios = []
    for cluster in clusters:
        ctx.check()
        ratios.append(texture_ratio(result[cluster.box], cluster.mask, _JOIN_PX // 2))
    ctx.progress(1.0)
    return ratios


def _put(cluster: _Cluster, filled: F32, result: F32) -> None:
    """Writes what a job filled into the whole picture."""
    tight = hole_box(cluster.mask)
    mask = cluster.mask[tight]
    result[cluster.box][tight][mask] = filled[mask]


def warm_up(params: Params) -> None:
    """Runs every kernel once on a few pixels."""
    image = np.random.default_rng(0).random((48, 48, 3), np.float32)
    hole = np.zeros((48, 48), np.bool_)
    hole[20:28, 20:28] = True
    map_y, map_x = correspondence(image, hole, ~hole, Search(params.patch_px))
    blend(image, hole, map_y, map_x)
