"""Runs a method on a document's state: cuts out what it needs and makes a candidate of what it returns."""

from __future__ import annotations

import functools
import hashlib
import logging
import operator
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib import metadata
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.errors import MaskError, ModelError, ParamError
from editor.core.geometry import Rect, TileKey, tile_keys, tile_rect
from editor.core.i18n import N_, _
from editor.core.tiles import Tile, TileMap, TileWriter
from editor.host import results
from editor.host.context import RunContext, Used
from editor.host.drift import Drift
from editor.host.jobs import CancelToken, Progress
from editor.host.live import Live, Remembered
from editor.host.made import Made, MadeMask, MadePicture, Patch
from editor.host.pixels import from_rgb, to_depth
from editor.host.record import OpRecord
from editor.host.regions import Region, is_full, mask_box, plan_holes
from editor.host.registry import Registry
from editor.host.views import copyable, inputs_of, seen_of, without_holes
from editor.runtime.infer import InferenceEngine
from editor.sdk.params import ParamSpec, Value, from_dict, to_dict
from editor.sdk.plugin import Holes, Inputs, Local, Makes, Plugin, Result

log = logging.getLogger("kintsugi.runner")

_TILE_PX = 1024
_LIBRARIES = ("numpy", "opencv-python", "numba", "scipy")


@dataclass(frozen=True, slots=True)
class Request:
    """A method with its parameters (an instance of `plugin.params`) and seed."""

    plugin: Plugin
    params: Any
    seed: int = 0

    def made(self, record: OpRecord) -> bool:
        """Whether it would make again, on the same picture and mask, what the record tells of."""
        made = (record.plugin, record.params, record.seed)
        return made == (self.plugin.id, to_dict(self.params), self.seed)


@dataclass(frozen=True, slots=True)
class _Task:
    """What all regions of a run have in common."""

    state: DocumentState
    mask: TileMap
    request: Request
    prepared: Any
    everywhere: bool

    def blank(self) -> TileMap:
        return TileMap.blank(self.state.size, self.state.channels, self.state.dtype)


@dataclass(frozen=True, slots=True)
class _Done:
    """What is said of a region: its number of masked pixels, the method's report, how far its mean moved."""

    count: int
    report: Mapping[str, float | str]
    drift: Drift


class Runner:
    """Runs requests, in whatever thread calls it."""

    def __init__(self, registry: Registry, engine: InferenceEngine | None = None, threads: int | None = None) -> None:
        self._registry = registry
        self._engine = engine
        self._threads = threads or os.cpu_count() or 1

    def run(
        self, state: DocumentState, request: Request, token: CancelToken, tell: Progress, live: Live | None = None
    ) -> Made:
        """The candidate that the request makes of `state`.

        A method that makes a mask or a picture sees the whole document, unless it needs a mask to work on. With `live`
        a local method is watched while it works; what it makes is the same.

        Raises:
            MaskError: the method needs a mask and there is none, or one that leaves nothing to work from.
            PluginError: the method failed or returned something that can't be used.
            Cancelled: the user cancelled.
        """
        began = time.perf_counter()
        mask = _worked_on(state, request.plugin)
        context = RunContext(request.seed, self._threads, (0, 0), token, tell, self._call, self._engine)
        content, report = self._make(state, mask, request, context, live)
        return content(
            title=request.plugin.title,
            name=self.name(request),
            seed=request.seed if request.plugin.random else None,
            record=_record(state, mask, mask_box(mask), request, context.used),
            seconds=time.perf_counter() - began,
            report=report,
        )

    def name(self, request: Request) -> str:
        """What a result of the request is called: the method, and the models that it runs where there are others for
        the same, or where they are not the method's usual ones. Raises ModelError if one is unknown."""
        plugin, engine, value_of = request.plugin, self._engine, partial(getattr, request.params)
        if engine is None:
            return _(plugin.title)
        naming = [spec for spec in plugin.specs if spec.role and spec.matters(value_of)]
        told = [spec for spec in naming if value_of(spec.name) != spec.default or len(engine.installed(spec.role)) > 1]
        if not told:
            return _(plugin.title)
        models = [engine.facts(str(value_of(spec.name))) for spec in told]
        titles = ", ".join(_(model.title) for model in models)
        return _("{method}, {model}").format(method=_(plugin.title), model=titles)

    def measure(
        self, state: DocumentState, plugin: Plugin, spec: ParamSpec, token: CancelToken, tell: Progress
    ) -> Value:
        """What a parameter should be by what is under the mask, or in all of the picture where nothing is masked.

        Raises:
            MaskError: nothing can be measured there; the message says what to mark.
            PluginError: the method failed. Cancelled: the user cancelled.
        """
        mask = state.mask if not state.mask.empty else _full(state.mask)
        context = RunContext(0, self._threads, (0, 0), token, tell, self._call, self._engine)
        return results.measured(plugin, spec, seen_of(state, mask, mask_box(mask)), context)

    def get_ready(self, state: DocumentState, request: Request, remembered: Remembered, token: CancelToken) -> None:
        """Does ahead what a watched run begins with: loads models, learns what there is to know of the whole picture.

        Raises:
            EditorError: what there is to learn could not be learned, as in the run; or the user cancelled.
        """
        plugin = request.plugin
        mask = _worked_on(state, plugin)
        if self._engine is not None:
            # That a model is missing or broken is for the run to tell.
            with suppress(ModelError):
                for model in plugin.models_for(request.params):
                    self._engine.load(model, cancel=lambda: token.cancelled)
        context = RunContext(
            request.seed, self._threads, (0, 0), token, lambda _part, _text: None, self._call, self._engine
        )
        _prepared(state, mask, request, context, remembered)

    def replay(self, record: OpRecord) -> Request:
        """The request that makes a recorded result again.

        Raises:
            PluginError: the method is gone. ParamError: its parameters can't be understood any more.
        """
        plugin = self._registry.get(record.plugin)
        values = dict(record.params)
        if record.version > plugin.version:
            raise ParamError(
                _("This step was made by a newer {method}; update Kintsugi to make it again.").format(
                    method=_(plugin.title)
                )
            )
        if record.version < plugin.version and plugin.upgrade is not None:
            values = plugin.upgrade(record.version, values)
        return Request(plugin, from_dict(plugin.params, values), record.seed)

    def _make(
        self, state: DocumentState, mask: TileMap, request: Request, context: RunContext, live: Live | None
    ) -> tuple[Callable[..., Made], Mapping[str, float | str]]:
        """What is made, as a candidate that lacks only what is said of it, and the method's report."""
        plugin = request.plugin
        everywhere = is_full(mask)
        prepared = _prepared(state, mask, request, context, live.remembered if live is not None else Remembered())
        if plugin.makes is Makes.PIXELS:
            task = _Task(state, mask, request, prepared, everywhere)
            if live is not None and plugin.local:
                pixels, done = self._run_watched(task, context, live)
            else:
                pixels, done = self._run_regions(task, context)
            return partial(Patch, rect=mask_box(mask), pixels=pixels, mask=mask), _report(plugin, done)
        context = replace(context, tell=_Rising(context.tell).tell)
        context.progress(0.0)
        whole = state.size.rect
        inputs = inputs_of(state, mask, Region(whole, whole), state.read(whole))
        inputs = replace(inputs, prepared=prepared, everywhere=everywhere)
        if not plugin.needs.mask:
            # Nothing of it is a hole.
            inputs = without_holes(inputs, state)
        if plugin.makes is Makes.MASK:
            made, selected = results.mask(plugin, inputs, request.params, context)
            return partial(MadeMask, mask=made, note=selected.note), selected.report
        made, picture = results.picture(plugin, inputs, request.params, state, context)
        return partial(MadePicture, pixels=made), picture.report

    def _run_regions(self, task: _Task, context: RunContext) -> tuple[TileMap, list[_Done]]:
        """The pixels under the mask, and what is said of each region.

        Enough regions for all threads are worked side by side on a thread each, the largest first; fewer one after
        another on all threads.
        """
        regions = sorted(_regions(task), key=lambda region: region.rect.area, reverse=True)
        shares = _Shares([region.rect.area for region in regions], context.progress)
        out = task.blank().write()
        lock = threading.Lock()
        threads = 1 if len(regions) >= context.threads else context.threads

        def work(index: int) -> _Done:
            part = replace(context, threads=threads, tell=partial(shares.tell, index))
            return self._run_region(task, regions[index], out, lock, part)

        if threads == 1:
            done = context.map(work, range(len(regions)))
        else:
            done = [work(index) for index in range(len(regions))]
        return out.freeze(), done

    def _run_watched(self, task: _Task, context: RunContext, live: Live) -> tuple[TileMap, list[_Done]]:
        """As `_run_regions`, but what is looked at is drafted first, and the nearest regions follow."""
        scope = task.request.plugin.needs.scope
        assert isinstance(scope, Local), "parts can be made of a local method only"
        regions = list(_regions(task))
        # Drafts are work of their own, as much as is in view.
        in_view = live.begin(task.state, task.mask, regions)
        drafts = len(regions)
        shares = _Shares([*(region.rect.area for region in regions), in_view], _Rising(context.tell).tell)
        threads = 1 if len(regions) >= context.threads else context.threads
        tiles: dict[TileKey, Tile] = {}
        done: list[_Done] = []

        def draft(hole: Rect) -> NDArray[Any]:
            out = task.blank().write()
            region = Region(hole, hole.expand(scope.halo_px).intersect(task.mask.size.rect))
            part = replace(context, threads=threads, tell=lambda _part, _text: None)
            self._run_region(task, region, out, threading.Lock(), part)
            shares.add(drafts, hole.area)
            return out.read(hole)

        def make(index: int, token: CancelToken) -> TileMap:
            out = task.blank().write()
            part = replace(context, threads=threads, token=token, tell=partial(shares.tell, index))
            made = self._run_region(task, regions[index], out, threading.Lock(), part)
            pixels = out.freeze()
            # No two regions share a tile.
            tiles.update(pixels.tiles)
            done.append(made)
            return pixels

        workers = context.threads if threads == 1 else 1
        context.map(lambda _worker: live.work_off(context.token, draft, make), range(workers))
        return replace(task.blank(), tiles=MappingProxyType(tiles)), done

    def _run_region(
        self, task: _Task, region: Region, out: TileWriter, lock: threading.Lock, context: RunContext
    ) -> _Done:
        context = replace(context, origin=(region.rect.left, region.rect.top))
        context.progress(0.0)
        source = task.state.read(region.rect)
        inputs = inputs_of(task.state, task.mask, region, source)
        inputs = replace(inputs, prepared=task.prepared, everywhere=task.everywhere)
        result = results.pixels(task.request.plugin, inputs, task.request.params, context)
        inside = region.hole.shift(-region.rect.left, -region.rect.top).slices
        under = inputs.mask[inside] > 0
        before = source[inside]
        filled = before.copy()
        filled[under] = from_rgb(result.image[inside][under], filled[under])
        if result.alpha is not None:
            filled[under, -1] = to_depth(result.alpha[inside][under], filled.dtype)
        # Copied tile by tile where the layer's mask is, so that a long thin mask costs only the tiles it crosses.
        with lock:
            for part in (tile_rect(key, out.base.size).intersect(region.hole) for key in tile_keys(region.hole)):
                here = part.shift(-region.hole.left, -region.hole.top).slices
                if under[here].any():
                    ((_part, target),) = out.parts(part)
                    target[under[here]] = filled[here][under[here]]
        drift = Drift(before, filled, task.mask.read(region.hole)[..., 0])
        return _Done(int(under.sum()), result.report, drift)

    def _call(self, method: str, inputs: Inputs, params: Mapping[str, object], context: RunContext) -> Result:
        plugin = self._registry.get(method)
        values = from_dict(plugin.params, params)
        prepared = results.prepared(plugin, replace(inputs, prepared=None), values, context.sub(0.0, 0.0))
        return results.pixels(plugin, replace(inputs, prepared=prepared), values, context)


class _Shares:
    """Adds up the progress of parts that are worked side by side, each weighted by its size."""

    def __init__(self, sizes: list[int], tell: Progress) -> None:
        self._sizes = sizes
        self._done = [0.0] * len(sizes)
        self._tell = tell

    def tell(self, index: int, fraction: float, text: str) -> None:
        self._done[index] = fraction * self._sizes[index]
        self._tell(sum(self._done) / sum(self._sizes), text)

    def add(self, index: int, size: int) -> None:
        """So much more of a part is done; beyond its size nothing counts."""
        self._done[index] = min(self._sizes[index], self._done[index] + size)
        self._tell(sum(self._done) / sum(self._sizes), "")


class _Rising:
    """Progress that never goes back: a method tells its own while its strips are made, and the runner after each."""

    def __init__(self, tell: Progress) -> None:
        self._tell = tell
        self._most = 0.0

    def tell(self, fraction: float, text: str) -> None:
        self._most = max(self._most, fraction)
        self._tell(self._most, text)


def _worked_on(state: DocumentState, plugin: Plugin) -> TileMap:
    """The mask that the method gets: the user's where it matters, else all of the picture. Raises MaskError."""
    if (plugin.needs.mask or plugin.makes is Makes.PIXELS) and not state.mask.empty:
        return state.mask
    if plugin.needs.mask:
        raise MaskError(_("There is no mask: paint over what should change first."))
    return _full(state.mask)


def _prepared(
    state: DocumentState, mask: TileMap, request: Request, context: RunContext, remembered: Remembered
) -> Any:
    """What the method learns of the whole picture; None if it learns nothing. Raises as `results.prepared` does."""
    plugin = request.plugin
    if plugin.prepare is None:
        return None
    # The bar stands for the work itself, of which this is a small part.
    silent = replace(context, tell=lambda _part, _text: None)

    def prepare() -> Any:
        seen = replace(seen_of(state, mask, state.size.rect), everywhere=is_full(mask))
        return results.prepared(plugin, seen, request.params, silent)

    return remembered.prepared(state, plugin, request.params, context.token, prepare)


def _regions(task: _Task) -> Iterator[Region]:
    needs, mask = task.request.plugin.needs, task.mask
    scope = needs.scope
    if isinstance(scope, Holes):
        yield from plan_holes(mask, scope, partial(copyable, task.state, mask) if needs.source else None)
        return
    box = mask_box(mask)
    if not isinstance(scope, Local):
        yield Region(box, mask.size.rect)
        return
    # On the document's own grid, so that each of the document's tiles belongs to one region.
    for top in range(box.top // _TILE_PX * _TILE_PX, box.bottom, _TILE_PX):
        for left in range(box.left // _TILE_PX * _TILE_PX, box.right, _TILE_PX):
            tile = Rect(left, top, left + _TILE_PX, top + _TILE_PX).intersect(box)
            if mask.tiles.keys() & set(tile_keys(tile)):
                yield Region(tile, tile.expand(scope.halo_px).intersect(mask.size.rect))


def _full(mask: TileMap) -> TileMap:
    writer = mask.write()
    for _rect, target in writer.parts(mask.size.rect):
        target[...] = 255
    return writer.freeze()


def _record(state: DocumentState, mask: TileMap, box: Rect, request: Request, used: Used) -> OpRecord:
    return OpRecord(
        plugin=request.plugin.id,
        version=request.plugin.version,
        params=to_dict(request.params),
        seed=request.seed,
        region=(box.left, box.top, box.right, box.bottom),
        input_sha256=_sha256(state.read(box)),
        mask_sha256=_sha256(mask.read(box)),
        models=dict(used.models),
        provider=used.device,
        libraries={name: metadata.version(name) for name in _LIBRARIES},
    )


def _sha256(pixels: NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(pixels).data).hexdigest()


def _report(plugin: Plugin, done: list[_Done]) -> dict[str, float | str]:
    """One report of all regions: counts added up, other numbers averaged by the masked pixels they speak for, texts of
    the largest."""
    joined: dict[str, float | str] = {}
    for each in sorted(done, key=lambda each: each.count):
        joined.update(each.report)
    for name, value in joined.items():
        if isinstance(value, int):
            joined[name] = sum(int(each.report[name]) for each in done if name in each.report)
        elif isinstance(value, float):
            parts = [(each.count, float(each.report[name])) for each in done if name in each.report]
            joined[name] = sum(count * part for count, part in parts) / max(1, sum(count for count, _part in parts))
    if plugin.local and plugin.keeps_mean:
        joined[N_("mean")] = str(functools.reduce(operator.add, (each.drift for each in done)))
    return joined
