"""How a picture is enlarged: what the network makes of it, corrected at low frequencies, in strips.

Of the source S the network makes N, a whole number of times as large. With B the means of N over the area of each
source pixel, G a Gaussian, U the smooth enlargement, F the resampling of N to the wanted size and d the share of
detail, the result is

    d F(N) + U(S - d (S - G(S - B(N)))),

one step of back-projection (Irani and Peleg 1991, equation 3) that is limited to low frequencies by G. These are the
source's own, U(S), whatever the network did to colours, as F(N) and U(B(N)) are the same there; the fine detail is
d F(N) + (1 - d) U(S). What G lets through of the source's grain is too faint to be seen as blotches.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from editor.imaging.grain import Grain, add
from editor.imaging.resample import apply, means
from editor.sdk.context import Context
from editor.sdk.plugin import Image, Inputs, Mask, PictureResult, Strip
from plugins.upscale.drift import Drift
from plugins.upscale.geometry import Geometry
from plugins.upscale.grain import lost_grain
from plugins.upscale.network import Network, Source

if TYPE_CHECKING:
    from plugins.upscale import Params

Rows = tuple[int, int]

_BAND_BYTES = 480 << 20
_PIECE_PX = 1 << 20
_MEASURING = 0.03


def enlarge(inputs: Inputs, params: Params, ctx: Context) -> PictureResult:
    """The run of the plugin, see `plugins.upscale.run`. The report is complete when all strips have been read."""
    network = Network(ctx.model(params.model), Source.of(inputs))
    high, wide = inputs.image.shape[:2]
    geometry = Geometry.of(high, wide, params.scale, network.scale)
    report: dict[str, float | str] = {}
    strips = _strips(network, geometry, params, report, ctx)
    return PictureResult(geometry.height, geometry.width, strips, report)


def _strips(
    network: Network, geometry: Geometry, params: Params, report: dict[str, float | str], ctx: Context
) -> Iterator[Strip]:
    detail = params.detail / 100
    grain = None
    if params.grain and params.detail:
        lost = lost_grain(network, ctx.sub(0, _MEASURING))
        grain = lost and lost.scaled(detail * params.grain / 100)
    picture = _Picture(network, geometry, detail, grain, ctx.seed)
    drift = Drift(network.source.image, network.source.alpha, geometry.height)
    high = len(network.source.image)
    made = 0
    for top, bottom in network.bands(_BAND_BYTES):
        start, end = (_MEASURING + (1 - _MEASURING) * row / high for row in (top, bottom))
        ready = picture.learn(made, top, bottom, ctx.sub(start, end))
        for strip in picture.strips(made, ready, ctx):
            drift.add(strip.image)
            yield strip
        made = ready
    report["colour shift"] = drift.levels
    ctx.progress(1.0)


class _Picture:
    """The result as far as the network has come; of the network's rows only those still needed are kept.

    _top: the source's row at which `_known`, the rows that the network made, begins. _base: what U enlarges, from the
    source's row `_base_top` on.
    """

    def __init__(self, network: Network, geometry: Geometry, detail: float, grain: Grain | None, seed: int) -> None:
        source = network.source
        self._network = network
        self._geometry = geometry
        self._detail = np.float32(detail)
        self._grain = grain
        self._seed = seed
        # What a float document has beyond 0..1 stays.
        self._low, self._high = min(0.0, float(source.image.min())), max(1.0, float(source.image.max()))
        self._top = 0
        self._known = np.empty((0, source.image.shape[1] * network.scale, 3), np.float32)
        self._base_top = 0
        self._base = source.image[:0]

    def learn(self, made: int, top: int, bottom: int, ctx: Context) -> int:
        """Runs the network on the source's rows `top` to `bottom`, when the result's rows above `made` are made.

        Returns:
            Up to which row the result can be made.
        """
        keep = min(top, int(self._geometry.first[made]))
        # A copy: the rest of the rows must not lie in memory beside the next ones.
        self._known = self._known[(keep - self._top) * self._network.scale :].copy()
        self._top = keep
        self._known = self._network.enlarge(top, bottom, self._known, ctx)
        ready = self._geometry.ready(bottom)
        self._base_top, end = self._geometry.smooth[0].reach(made, ready)
        pieces = cut(self._base_top, end, self._known.shape[1])
        self._base = np.concatenate(ctx.map(lambda rows: self._corrected(rows, ctx), pieces))
        ctx.progress(1.0)
        return ready

    def _corrected(self, rows: Rows, ctx: Context) -> Image:
        """S - d (S - G(S - B(N))) for some of the source's rows."""
        ctx.check()
        source, scale = self._network.source, self._network.scale
        down, across = self._geometry.blur
        first, end = down.reach(*rows)
        seen = np.clip(source.read(first, end), 0, 1)
        known = self._known[(first - self._top) * scale : (end - self._top) * scale]
        lost = seen - apply(known, means(end - first, scale), means(seen.shape[1], scale))
        low = apply(lost, down.part(*rows, first), across)
        return source.read(*rows) - self._detail * (seen[rows[0] - first : rows[1] - first] - low)

    def strips(self, made: int, ready: int, ctx: Context) -> Iterator[Strip]:
        """The result's rows `made` to `ready`, a few at a time."""
        pieces = cut(made, ready, self._geometry.width)
        for number in range(0, len(pieces), ctx.threads):
            yield from ctx.map(lambda rows: self._strip(rows, ctx), pieces[number : number + ctx.threads])

    def _strip(self, rows: Rows, ctx: Context) -> Strip:
        ctx.check()
        down, across = self._geometry.smooth
        image = apply(self._base, down.part(*rows, self._base_top), across)
        image += self._detail * self._fitted(rows)
        if self._grain is not None:
            add(image, self._grain, rows[0], 0, self._seed)
        return Strip(np.clip(image, self._low, self._high, out=image), self._alpha(rows))

    def _fitted(self, rows: Rows) -> Image:
        """F(N)."""
        top = self._top * self._network.scale
        if self._geometry.fit is None:
            return self._known[rows[0] - top : rows[1] - top]
        down, across = self._geometry.fit
        return apply(self._known, down.part(*rows, top), across)

    def _alpha(self, rows: Rows) -> Mask | None:
        alpha = self._network.source.alpha
        if alpha is None:
            return None
        down, across = self._geometry.smooth
        first, end = down.reach(*rows)
        enlarged = apply(alpha[first:end, :, None], down.part(*rows, first), across)[..., 0]
        return np.clip(enlarged, 0, 1, out=enlarged)


def cut(start: int, stop: int, width: int) -> list[Rows]:
    """Rows `start` to `stop` in pieces of some ten milliseconds' work each."""
    step = max(1, _PIECE_PX // width)
    return [(first, min(first + step, stop)) for first in range(start, stop, step)]


def warm_up() -> None:
    """Runs every kernel once on a few pixels."""
    image = np.full((8, 8, 3), 0.5, np.float32)
    small = apply(image, means(4, 2), means(4, 2))
    add(small, Grain(np.ones(4, np.float32), np.eye(3, dtype=np.float32), np.ones(1, np.float32)), 0, 0, 0)
