from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from editor.core.document import DocumentState
from editor.core.errors import Cancelled, MaskError, PluginError
from editor.core.geometry import Rect
from editor.core.metadata import Metadata
from editor.host import mask_edits
from editor.host.apply import preview
from editor.host.jobs import CancelToken
from editor.host.made import Patch
from editor.host.record import OpRecord
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.sdk.context import Context
from editor.sdk.plugin import Holes, Inputs, Local, Needs, Plugin, Result, Whole
from tests.helpers.documents import Level, document, method, noise, patch

HOLE = Rect(40, 30, 90, 70)


def run(plugin: Plugin, state: DocumentState, level: float = 0.25, seed: int = 0, threads: int = 2) -> Patch:
    runner = Runner(Registry({plugin.id: plugin}), threads=threads)
    return patch(runner.run(state, Request(plugin, Level(level), seed), CancelToken(), lambda _part, _text: None))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_only_masked_colours_change_and_alpha_never(dtype: Any, channels: int) -> None:
    state = document(channels=channels, dtype=dtype, hole=HOLE)
    whole = state.size.rect
    after = preview(state, run(method(), state)).read(whole)
    before = state.read(whole)
    outside = state.mask.read(whole)[..., 0] == 0
    np.testing.assert_array_equal(after[outside], before[outside])
    colours = 1 if channels < 3 else 3
    high = 1 if dtype is np.float32 else np.iinfo(dtype).max
    assert np.allclose(after[~outside][:, :colours], 0.25 * high, atol=0.5 if high > 1 else 1e-6)
    np.testing.assert_array_equal(after[..., colours:], before[..., colours:])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [2, 4])
def test_a_method_may_make_what_is_masked_opaque(dtype: Any, channels: int) -> None:
    def opaque(inputs: Inputs, params: Level, ctx: Context) -> Result:
        return Result(inputs.image, alpha=np.ones_like(inputs.mask))

    hole = Rect(60, 50, 90, 80)
    state = document(channels=channels, dtype=dtype, hole=hole)
    before = state.read(state.size.rect)
    shown = preview(state, run(method(opaque), state)).read(state.size.rect)
    assert (shown[hole.slices][..., -1] == (1 if dtype is np.float32 else np.iinfo(dtype).max)).all()
    shown[hole.slices][..., -1] = before[hole.slices][..., -1]
    np.testing.assert_array_equal(shown, before)


def test_a_method_that_returns_its_input_changes_no_bit() -> None:
    for dtype in (np.uint8, np.uint16, np.float32):
        state = document(dtype=dtype, hole=HOLE)
        made = run(method(lambda inputs, _params, _ctx: Result(inputs.image)), state)
        np.testing.assert_array_equal(preview(state, made).read(HOLE), state.read(HOLE))


def test_the_soft_edge_mixes_old_and_new() -> None:
    state = mask_edits.feather(document(hole=HOLE), "mask", 6)
    whole = state.size.rect
    mask = state.mask.read(whole)[..., 0].astype(float)
    before = state.read(whole).astype(float)
    after = preview(state, run(method(), state, level=1.0)).read(whole)
    assert ((mask > 0) & (mask < 255)).sum() > 100
    expected = before + (255 - before) * (mask / 255)[..., None]
    assert np.abs(after - expected).max() <= 0.5


def test_distant_holes_are_handed_over_apart_and_hide_each_other() -> None:
    seen: list[tuple[tuple[int, int], Inputs]] = []

    def look(inputs: Inputs, params: Level, ctx: Context) -> Result:
        seen.append((ctx.origin, inputs))
        return Result(inputs.image)

    state = document(1000, 400, hole=Rect(20, 20, 60, 60))
    state = mask_edits.fill_rect(state, "mask", Rect(900, 300, 940, 340))
    run(method(look), state)
    assert sorted(origin for origin, _ in seen) == [(4, 4), (884, 284)]
    for _, inputs in seen:
        assert inputs.image.shape == (72, 72, 3)
        assert (inputs.mask > 0).sum() == 40 * 40
        np.testing.assert_array_equal(inputs.source, inputs.mask == 0)


def test_a_neighbouring_hole_is_neither_source_nor_changed_twice() -> None:
    seen: list[Inputs] = []

    def look(inputs: Inputs, params: Level, ctx: Context) -> Result:
        seen.append(inputs)
        return Result(inputs.image)

    state = document(1000, 400, hole=Rect(20, 20, 60, 380))
    state = mask_edits.fill_rect(state, "mask", Rect(80, 30, 84, 34))
    run(method(look, needs=Needs(mask=True, source=True, scope=Holes(context_px=32))), state)
    for inputs in seen:
        masked = inputs.mask > 0
        assert not (masked & inputs.source).any()
    holes = sum(int((inputs.mask > 0).sum()) for inputs in seen)
    assert holes == 40 * 360 + 16
    assert all(int((~inputs.source).sum()) >= 16 for inputs in seen)


def test_neighbouring_holes_come_together_where_that_is_cheaper() -> None:
    seen: list[Inputs] = []

    def look(inputs: Inputs, params: Level, ctx: Context) -> Result:
        seen.append(inputs)
        return Result(inputs.image)

    state = mask_edits.fill_rect(document(hole=Rect(100, 100, 120, 120)), "mask", Rect(135, 100, 155, 120))
    run(method(look, needs=Needs(mask=True, source=True, scope=Holes(context_px=32))), state)
    assert [int((inputs.mask > 0).sum()) for inputs in seen] == [800]


def test_methods_see_an_alpha_within_its_range_whatever_a_float_document_holds() -> None:
    seen: list[Inputs] = []

    def look(inputs: Inputs, params: Level, ctx: Context) -> Result:
        seen.append(inputs)
        return Result(inputs.image, alpha=inputs.alpha)

    pixels = noise(60, 40, 4, np.float32)
    pixels[0, :2, 3] = -0.5, 1.5
    state = DocumentState.from_pixels(pixels, Metadata(), "")
    run(method(look, needs=Needs(mask=True)), mask_edits.fill_rect(state, "mask", Rect(0, 0, 10, 10)))
    assert seen[0].alpha is not None
    assert seen[0].alpha[0, :2].tolist() == [0, 1]


def test_the_user_restricts_the_source() -> None:
    seen: list[Inputs] = []

    def look(inputs: Inputs, params: Level, ctx: Context) -> Result:
        seen.append(inputs)
        return Result(inputs.image)

    plugin = method(look, needs=Needs(mask=True, source=True))
    state = document(hole=HOLE)
    state = mask_edits.fill_rect(state, "include", Rect(0, 0, 200, 200))
    state = mask_edits.fill_rect(state, "exclude", Rect(100, 100, 300, 280))
    run(plugin, state)
    allowed = np.zeros((280, 300), np.bool_)
    allowed[:200, :200] = True
    allowed[100:, 100:] = False
    allowed[HOLE.slices] = False
    np.testing.assert_array_equal(seen[0].source, allowed)


def seen_by_a_copying_method(state: DocumentState) -> list[Inputs]:
    seen: list[Inputs] = []

    def look(inputs: Inputs, params: Level, ctx: Context) -> Result:
        seen.append(inputs)
        return Result(inputs.image)

    run(method(look, needs=Needs(mask=True, source=True, scope=Holes(context_px=32))), state)
    return seen


@pytest.mark.parametrize("near_px", [0, 10], ids=["nothing near", "too little near"])
def test_what_may_be_copied_far_away_is_shown_and_not_much_else(near_px: int) -> None:
    state = document(1400, 1200, hole=Rect(40, 40, 60, 60))
    state = mask_edits.fill_rect(state, "include", Rect(560, 60, 640, 120))
    state = mask_edits.fill_rect(state, "include", Rect(70, 40, 70 + near_px, 40 + near_px))
    (inputs,) = seen_by_a_copying_method(state)
    assert np.count_nonzero(inputs.source) == 80 * 60 + near_px**2
    assert inputs.image.shape == (112, 632, 3)
    assert np.count_nonzero(inputs.mask) == 20 * 20


def test_holes_that_are_to_be_filled_from_the_same_far_place_come_together() -> None:
    state = mask_edits.fill_rect(document(1400, 1200, hole=Rect(40, 40, 60, 60)), "mask", Rect(40, 200, 60, 220))
    assert len(seen_by_a_copying_method(state)) == 2
    (inputs,) = seen_by_a_copying_method(mask_edits.fill_rect(state, "include", Rect(1200, 100, 1300, 200)))
    assert np.count_nonzero(inputs.source) == 100 * 100


def test_what_may_not_be_copied_elsewhere_changes_nothing_for_a_hole() -> None:
    state = document(1400, 1200, hole=Rect(640, 640, 660, 660))
    state = mask_edits.fill_rect(state, "exclude", Rect(0, 0, 600, 600))
    (inputs,) = seen_by_a_copying_method(state)
    assert inputs.image.shape == (84, 84, 3)


def test_with_nothing_to_copy_from_anywhere_a_method_still_gets_its_hole() -> None:
    state = mask_edits.fill_rect(document(500, 400, hole=HOLE), "exclude", Rect(0, 0, 500, 400))
    (inputs,) = seen_by_a_copying_method(state)
    assert not inputs.source.any()
    assert np.count_nonzero(inputs.mask) == HOLE.area


def test_tiles_of_a_local_method_cannot_be_seen() -> None:
    def box_mean(inputs: Inputs, params: Level, ctx: Context) -> Result:
        padded = np.pad(inputs.image, ((2, 2), (2, 2), (0, 0)), mode="edge")
        parts = [
            padded[y : y + inputs.image.shape[0], x : x + inputs.image.shape[1]] for y in range(5) for x in range(5)
        ]
        return Result(np.mean(parts, axis=0, dtype=np.float32))

    state = document(1100, 60)
    whole = state.size.rect
    tiled = run(method(box_mean, needs=Needs(scope=Local(halo_px=2))), state)
    at_once = run(method(box_mean, needs=Needs(scope=Whole())), state)
    np.testing.assert_array_equal(tiled.pixels.read(whole), at_once.pixels.read(whole))


def test_a_long_wire_costs_only_the_tiles_it_crosses() -> None:
    state = mask_edits.fill_polygon(document(2048, 2048), "mask", [(0, 0), (4, 0), (2048, 2044), (2048, 2048)])
    made = run(method(), state)
    assert len(made.pixels.tiles) <= 2 * 8 + 8


def test_no_mask_says_what_to_do() -> None:
    with pytest.raises(MaskError, match="paint"):
        run(method(), document())


BAD: dict[str, Callable[[Inputs], Any]] = {
    "the wrong shape": lambda inputs: inputs.image[1:],
    "float64": lambda inputs: inputs.image.astype(np.float64),
    "NaN": lambda inputs: np.full_like(inputs.image, np.nan),
    "far out of range": lambda inputs: inputs.image + 2,
    "nothing": lambda inputs: None,
}


@pytest.mark.parametrize("what", BAD)
def test_a_useless_result_is_refused(what: str) -> None:
    with pytest.raises(PluginError, match="nothing was changed"):
        run(method(lambda inputs, _params, _ctx: Result(BAD[what](inputs))), document(hole=HOLE))


def test_a_dark_float_picture_may_lie_below_black_before_and_after() -> None:
    pixels = np.linspace(-0.2, 0.9, 64 * 48 * 3, dtype=np.float32).reshape(48, 64, 3)
    state = DocumentState.from_pixels(pixels, Metadata(), "dark")
    made = run(method(lambda inputs, _params, _ctx: Result(inputs.image), needs=Needs()), state)
    np.testing.assert_array_equal(made.pixels.read(state.size.rect), pixels)


def test_a_strangers_exception_is_a_plain_error_with_its_cause() -> None:
    def broken(inputs: Inputs, params: Level, ctx: Context) -> Result:
        raise ZeroDivisionError("at the core")

    with pytest.raises(PluginError, match="Flat fill failed") as caught:
        run(method(broken), document(hole=HOLE))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_cancel_reaches_the_method() -> None:
    token = CancelToken()

    def waits(inputs: Inputs, params: Level, ctx: Context) -> Result:
        token.cancel()
        ctx.check()
        raise AssertionError("went on after cancel")

    plugin = method(waits)
    with pytest.raises(Cancelled):
        Runner(Registry({})).run(document(hole=HOLE), Request(plugin, Level()), token, lambda _part, _text: None)


def test_what_a_method_returns_after_cancel_is_thrown_away() -> None:
    token = CancelToken()

    def deaf(inputs: Inputs, params: Level, ctx: Context) -> Result:
        token.cancel()
        return Result(inputs.image)

    with pytest.raises(Cancelled):
        Runner(Registry({})).run(document(hole=HOLE), Request(method(deaf), Level()), token, lambda _part, _text: None)


def test_a_record_replays_to_the_same_pixels_and_survives_json() -> None:
    def noisy(inputs: Inputs, params: Level, ctx: Context) -> Result:
        return Result(ctx.rng.random(inputs.image.shape, np.float32) * np.float32(params.level))

    plugin = method(noisy)
    runner = Runner(Registry({plugin.id: plugin}))
    state = document(hole=HOLE)
    first = patch(runner.run(state, Request(plugin, Level(0.75), 11), CancelToken(), lambda _part, _text: None))
    record = OpRecord.from_json(first.record.to_json())
    second = patch(runner.run(state, runner.replay(record), CancelToken(), lambda _part, _text: None))
    np.testing.assert_array_equal(first.pixels.read(HOLE), second.pixels.read(HOLE))
    assert second.record == first.record
    third = run(plugin, state, 0.75, seed=12)
    assert (third.pixels.read(HOLE) != first.pixels.read(HOLE)).any()


def test_an_older_record_goes_through_upgrade() -> None:
    plugin = method(version=2, upgrade=lambda version, values: {"level": float(values["grey"]) / 255})
    record = OpRecord("flat_fill", 1, {"grey": 51}, 0, (0, 0, 1, 1), "", "")
    assert Runner(Registry({plugin.id: plugin})).replay(record).params == Level(0.2)


def test_one_method_runs_another() -> None:
    inner = method()

    def outer_run(inputs: Inputs, params: Level, ctx: Context) -> Result:
        return ctx.run("flat_fill", inputs, level=0.75)

    outer = method(outer_run, id="outer")
    runner = Runner(Registry({"flat_fill": inner, "outer": outer}))
    made = patch(runner.run(document(hole=HOLE), Request(outer, Level()), CancelToken(), lambda _part, _text: None))
    assert (made.pixels.read(HOLE) == 191).all()


def test_progress_of_holes_worked_side_by_side_only_grows_to_one() -> None:
    barrier = threading.Barrier(2)

    def steps(inputs: Inputs, params: Level, ctx: Context) -> Result:
        barrier.wait(10)
        for part in (0.25, 0.5, 1.0):
            ctx.progress(part)
        return Result(inputs.image)

    told: list[float] = []
    lock = threading.Lock()

    def tell(part: float, text: str) -> None:
        with lock:
            told.append(part)

    state = mask_edits.fill_rect(document(1000, 400, hole=Rect(20, 20, 60, 60)), "mask", Rect(900, 300, 940, 340))
    plugin = method(steps)
    Runner(Registry({}), threads=2).run(state, Request(plugin, Level()), CancelToken(), tell)
    assert max(told) == pytest.approx(1.0)
