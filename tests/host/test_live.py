"""A run that is watched: what is looked at comes first, and the result is that of any other run."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from editor.core.document import DocumentState
from editor.core.errors import Cancelled
from editor.core.geometry import Rect
from editor.host import mask_edits, runner
from editor.host.jobs import CancelToken
from editor.host.live import Live, Remembered
from editor.host.made import Patch
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.sdk.context import Context
from editor.sdk.plugin import Inputs, Plugin, Result
from tests.helpers.documents import Level, document, local_method, patch, softened
from tests.runtime.engines import Bench

VIEW = Rect(300, 200, 620, 500)
POINT = (500.0, 300.0)


@pytest.fixture(autouse=True)
def _small_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_TILE_PX", 256)


def run(
    state: DocumentState,
    plugin: Plugin,
    live: Live | None = None,
    *,
    level: float = 0.75,
    threads: int = 1,
    token: CancelToken | None = None,
) -> Patch:
    worker = Runner(Registry({plugin.id: plugin}), threads=threads)
    request = Request(plugin, Level(level))
    return patch(worker.run(state, request, token or CancelToken(), lambda _part, _text: None, live))


def looking(view: Rect = VIEW, point: tuple[float, float] = POINT, remembered: Remembered | None = None) -> Live:
    live = Live(remembered or Remembered())
    live.look(view, point)
    return live


def arrivals(live: Live, state: DocumentState) -> list[Rect]:
    """The boxes of what is added to the picture, in the order in which it comes."""
    found: list[Rect] = []
    before = [state.read(state.size.rect)]

    def note(shown: DocumentState) -> None:
        now = shown.read(shown.size.rect)
        rows, columns = (np.flatnonzero((now != before[0]).any(axis=(2, axis))) for axis in (1, 0))
        if rows.size:
            found.append(Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1))
        before[0] = now

    live.shown.connect(note)
    return found


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("masked", [False, True])
def test_the_result_is_that_of_a_run_that_nobody_watches(threads: int, masked: bool) -> None:
    state = document(900, 700)
    if masked:
        state = mask_edits.fill_rect(state, "mask", Rect(330, 210, 700, 690))
        state = mask_edits.feather(state, "mask", 12)
    plugin = local_method()
    watched, plain = run(state, plugin, looking(), threads=threads), run(state, plugin, threads=threads)
    assert watched.record == plain.record
    assert watched.report == plain.report
    assert watched.rect == plain.rect
    whole = state.size.rect
    np.testing.assert_array_equal(watched.pixels.read(whole), plain.pixels.read(whole))
    np.testing.assert_array_equal(watched.mask.read(whole), plain.mask.read(whole))
    assert plain.pixels.read(whole).any()


def test_what_is_looked_at_comes_first_and_what_is_in_view_before_the_rest() -> None:
    state = document(900, 700)
    live = looking()
    found = arrivals(live, state)
    run(state, local_method(), live)
    first = found[0]
    assert first == Rect(448, 256, 512, 320)
    assert first.left <= POINT[0] < first.right
    seen = np.zeros((700, 900), np.bool_)
    for count, part in enumerate(found):
        if seen[VIEW.slices].all():
            break
        assert not part.intersect(VIEW).empty, f"part {count} lies out of view"
        seen[part.slices] = True
    else:
        pytest.fail("the rest never came")


def test_where_nothing_is_there_yet_the_document_shows() -> None:
    state = document(900, 700)
    live = looking()
    shown: list[DocumentState] = []
    live.shown.connect(shown.append)
    made = run(state, local_method(), live)
    whole = state.size.rect
    original, result = state.read(whole), made.pixels.read(whole)
    first = shown[0].read(whole)
    np.testing.assert_array_equal(first[256:320, 448:512], result[256:320, 448:512])
    first[256:320, 448:512] = original[256:320, 448:512]
    np.testing.assert_array_equal(first, original)
    np.testing.assert_array_equal(shown[-1].read(whole), result)


def test_who_looks_elsewhere_sees_that_next_and_what_was_begun_is_done_all_the_same() -> None:
    state = document(900, 700)
    live = looking(Rect(0, 0, 60, 60), (30.0, 30.0))
    found = arrivals(live, state)
    begun: list[tuple[int, int]] = []

    def look_away(inputs: Inputs, params: Level, ctx: Context) -> Result:
        begun.append(ctx.origin)
        if len(begun) == 2:
            live.look(Rect(700, 500, 900, 700), (890.0, 690.0))
        return softened(inputs, params, ctx)

    plugin = local_method(look_away)
    watched = run(state, plugin, live)
    assert found[:2] == [Rect(0, 0, 64, 64), Rect(832, 640, 896, 700)]
    assert begun[1] in begun[3:], "the region that was given up was begun anew"
    whole = state.size.rect
    np.testing.assert_array_equal(watched.pixels.read(whole), run(state, local_method()).pixels.read(whole))


def test_a_cancel_ends_it() -> None:
    token = CancelToken()

    def cancel(inputs: Inputs, params: Level, ctx: Context) -> Result:
        token.cancel()
        return softened(inputs, params, ctx)

    live = looking()
    found = arrivals(live, document(900, 700))
    with pytest.raises(Cancelled):
        run(document(900, 700), local_method(cancel), live, token=token)
    assert found == []


def test_nothing_is_shown_outside_the_mask_and_nothing_drafted_far_from_it() -> None:
    state = mask_edits.fill_rect(document(900, 700), "mask", Rect(310, 210, 320, 220))
    worked: list[Inputs] = []

    def note(inputs: Inputs, params: Level, ctx: Context) -> Result:
        worked.append(inputs)
        return softened(inputs, params, ctx)

    live = looking(state.size.rect)
    found = arrivals(live, state)
    run(state, local_method(note), live)
    assert found == [Rect(310, 210, 320, 220)]
    assert len(worked) == 2, "one draft and one region"


class Prepared:
    """A local method whose `prepare` looks at the level alone, or at all parameters."""

    def __init__(self, **changes: Any) -> None:
        self.asked = 0
        self.plugin = local_method(self.run, prepare=self.prepare, **changes)

    def prepare(self, _inputs: Inputs, params: Level, _ctx: Context) -> float:
        self.asked += 1
        return params.level

    def run(self, inputs: Inputs, params: Level, ctx: Context) -> Result:
        return softened(inputs, replace(params, level=inputs.prepared), ctx)


def test_the_picture_is_measured_anew_only_when_what_matters_changed() -> None:
    state = document(300, 280)
    remembered = Remembered()
    careless, careful = Prepared(prepares_from=()), Prepared()

    def again(prepared: Prepared, of: DocumentState, level: float) -> int:
        run(of, prepared.plugin, looking(remembered=remembered), level=level)
        return prepared.asked

    assert [again(careless, state, level) for level in (0.25, 0.75)] == [1, 1]
    assert again(careless, mask_edits.fill_rect(state, "mask", VIEW), 0.75) == 2
    assert [again(careful, state, level) for level in (0.25, 0.75, 0.75)] == [1, 2, 2]


def test_a_run_waits_for_what_is_being_found_out_ahead_and_can_be_cancelled_meanwhile() -> None:
    begun, may_end = threading.Event(), threading.Event()
    asked: list[Level] = []

    def prepare(_inputs: Inputs, params: Level, _ctx: Context) -> float:
        asked.append(params)
        begun.set()
        assert may_end.wait(30)
        return params.level

    plugin = local_method(prepare=prepare)
    worker, state, remembered = Runner(Registry({plugin.id: plugin}), threads=1), document(300, 280), Remembered()
    request = Request(plugin, Level(0.75))
    with ThreadPoolExecutor(2) as pool:
        ahead = pool.submit(worker.get_ready, state, request, remembered, CancelToken())
        assert begun.wait(30)
        token = CancelToken()
        cancelled = pool.submit(run, state, plugin, looking(remembered=remembered), token=token)
        token.cancel()
        with pytest.raises(Cancelled):
            cancelled.result(30)
        waiting = pool.submit(run, state, plugin, looking(remembered=remembered))
        may_end.set()
        ahead.result(30)
        waiting.result(30)
    assert len(asked) == 1


def test_a_missing_model_is_left_to_the_run_and_the_rest_is_done_ahead(tmp_path: Path) -> None:
    prepared = Prepared()
    plugin = replace(prepared.plugin, models=("none_of_this_name",))
    worker = Runner(Registry({}), Bench(tmp_path).engine, threads=1)
    worker.get_ready(document(300, 280), Request(plugin, Level(0.75)), Remembered(), CancelToken())
    assert prepared.asked == 1


def test_what_could_not_be_found_out_ahead_is_found_out_by_the_run() -> None:
    prepared = Prepared()
    state, remembered = document(300, 280), Remembered()
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        Runner(Registry({}), threads=1).get_ready(state, Request(prepared.plugin, Level(0.75)), remembered, token)
    run(state, prepared.plugin, looking(remembered=remembered))
    assert prepared.asked == 2


def test_a_declaration_that_prepares_from_no_parameter_is_refused() -> None:
    with pytest.raises(ValueError, match="prepares from nonsense"):
        local_method(prepares_from=("nonsense",))


def test_regions_without_a_mask_are_not_worked() -> None:
    state = mask_edits.fill_rect(document(900, 700), "mask", Rect(0, 0, 10, 10))
    state = mask_edits.fill_rect(state, "mask", Rect(890, 690, 900, 700))
    origins: list[tuple[int, int]] = []

    def note(inputs: Inputs, params: Level, ctx: Context) -> Result:
        origins.append(ctx.origin)
        return softened(inputs, params, ctx)

    run(state, local_method(note))
    assert sorted(origins) == [(0, 0), (764, 508)]
