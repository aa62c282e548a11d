"""Methods that make a mask or a picture, from the runner to the document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from editor.core.document import DocumentState
from editor.core.errors import Cancelled, MaskError, PluginError
from editor.core.geometry import Rect, Size
from editor.core.metadata import Metadata
from editor.core.session import Session
from editor.host.apply import StaleError, accept, new_document
from editor.host.jobs import CancelToken
from editor.host.made import MadeMask, MadePicture
from editor.host.record import OpRecord
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.sdk.context import Context
from editor.sdk.plugin import Inputs, MaskResult, Needs, PictureResult, Plugin, Result, Strip
from tests.helpers.documents import Level, document, noise, session
from tests.helpers.makers import bright, mask_maker, picture_maker

HOLE = Rect(40, 30, 90, 70)


def run(plugin: Plugin, state: DocumentState, level: float = 0.5, token: CancelToken | None = None) -> Any:
    request = Request(plugin, Level(level))
    return Runner(Registry({plugin.id: plugin})).run(state, request, token or CancelToken(), lambda _p, _t: None)


def test_a_made_mask_replaces_the_mask_in_one_step_that_undo_takes_back() -> None:
    opened = session(HOLE)
    before = opened.state
    made = run(mask_maker(), before)
    assert isinstance(made, MadeMask)
    step = accept(opened, made, before)
    expected = before.read(before.size.rect).astype(float).mean(axis=2) > 127.5
    np.testing.assert_array_equal(opened.state.mask.read(before.size.rect)[..., 0], expected * 255)
    assert opened.state.layers == before.layers
    assert (step.label, step.record) == ("Pick bright, seed 0", made.record.to_json())
    opened.undo()
    assert opened.state is before


def test_a_made_mask_of_nothing_does_not_replace_the_mask() -> None:
    opened = session(HOLE)
    before = opened.state
    step = accept(opened, run(mask_maker(), before, level=1.1), before)
    assert step is opened.history.current
    assert opened.state is before


def test_a_method_that_draws_nothing_is_named_without_a_seed() -> None:
    opened = session(HOLE)
    plain = replace(mask_maker(), random=False)
    assert accept(opened, run(plain, opened.state), opened.state).label == "Pick bright"


def test_a_made_mask_of_a_picture_that_changed_is_not_accepted() -> None:
    opened = session(HOLE)
    made = run(mask_maker(), opened.state)
    with pytest.raises(StaleError):
        accept(opened, made, document(width=300))


@pytest.mark.parametrize("plugin", [mask_maker, picture_maker])
def test_what_is_masked_does_not_limit_what_is_seen(plugin: Callable[..., Plugin]) -> None:
    seen: list[Inputs] = []

    def look(inputs: Inputs, params: Level, ctx: Context) -> MaskResult:
        seen.append(inputs)
        raise MaskError("seen")

    for hole in (HOLE, None):
        with pytest.raises(MaskError, match="seen"):
            run(plugin(look), document(hole=hole))
    for inputs in seen:
        assert inputs.image.shape == (280, 300, 3)
        assert (inputs.mask == 1).all()


def test_a_method_that_works_on_a_mask_gets_it() -> None:
    plugin = mask_maker(lambda inputs, _params, _ctx: MaskResult(inputs.mask * np.float32(0.2)), needs=Needs(mask=True))
    with pytest.raises(MaskError, match="paint"):
        run(plugin, document())
    mask = run(plugin, document(hole=HOLE)).mask
    assert (mask.read(HOLE) == 51).all()
    assert mask.read(Rect(0, 0, 300, 30)).max() == 0


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_made_picture_keeps_depth_grey_and_alpha_to_the_bit(dtype: Any, channels: int) -> None:
    state = document(width=31, height=23, channels=channels, dtype=dtype)
    pixels = run(picture_maker(), state).pixels
    assert pixels.dtype == np.dtype(dtype)
    doubled = state.read(state.size.rect).repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(pixels.read(Rect(0, 0, 62, 46)), doubled)


def test_methods_see_alpha_and_may_add_it() -> None:
    def cut_out(inputs: Inputs, params: Level, ctx: Context) -> PictureResult:
        assert inputs.alpha is None
        strip = Strip(inputs.image, np.full(inputs.mask.shape, 0.2, np.float32))
        height, width = inputs.mask.shape
        return PictureResult(height, width, iter([strip]))

    pixels = run(picture_maker(cut_out), document(channels=1)).pixels
    assert pixels.channels == 2
    assert (pixels.read(Rect(0, 0, 300, 280))[..., 1] == 51).all()


def test_a_made_picture_becomes_a_document_that_knows_where_it_came_from(tmp_path: Any) -> None:
    metadata = Metadata(exif=b"II*\0", xmp=b"<x/>", iptc=b"iptc", icc=b"icc")
    state = DocumentState.from_pixels(noise(60, 40), metadata, "photo")
    source = Session.open(state, tmp_path / "photo.jpg", "Open photo.jpg")
    made = run(picture_maker(), state)
    assert isinstance(made, MadePicture)
    opened = new_document(source, made, state)
    assert opened.state.size == Size(120, 80)
    assert opened.state.metadata == metadata
    assert opened.path is None
    assert opened.modified
    assert not opened.undo()
    (step,) = opened.history.steps.values()
    assert step.label == "photo.jpg, Double"
    assert step.record == made.record.to_json() == opened.state.layers[0].record
    assert source.state is state
    source.commit(document(60, 40), "Another")
    with pytest.raises(StaleError):
        new_document(source, made, state)


@pytest.mark.parametrize("maker", [mask_maker, picture_maker])
def test_a_record_replays_to_the_same(maker: Callable[..., Plugin]) -> None:
    plugin = maker()
    runner, state = Runner(Registry({plugin.id: plugin})), document()
    first: Any = run(plugin, state, 0.25)
    request = runner.replay(OpRecord.from_json(first.record.to_json()))
    second: Any = runner.run(state, request, CancelToken(), lambda _part, _text: None)
    kind = "mask" if isinstance(first, MadeMask) else "pixels"
    one, two = getattr(first, kind), getattr(second, kind)
    np.testing.assert_array_equal(one.read(one.size.rect), two.read(two.size.rect))
    assert first.record == second.record


def picture(*strips: Any, height: Any = 4, width: Any = 6) -> Callable[..., PictureResult]:
    return lambda _inputs, _params, _ctx: PictureResult(height, width, iter(strips))


def rows(count: int, level: float = 0.5, width: int = 6) -> np.ndarray[Any, Any]:
    return np.full((count, width, 3), level, np.float32)


BAD: dict[str, Plugin] = {
    "pixels for a mask": mask_maker(lambda inputs, _params, _ctx: Result(inputs.image)),
    "a mask of another shape": mask_maker(lambda inputs, _params, _ctx: MaskResult(inputs.mask[1:])),
    "a mask of float64": mask_maker(lambda inputs, _p, _c: MaskResult(inputs.mask.astype(np.float64))),
    "a mask that is not a number": mask_maker(lambda inputs, _p, _c: MaskResult(inputs.mask * np.float32(np.nan))),
    "a mask out of range": mask_maker(lambda inputs, _p, _c: MaskResult(inputs.mask * np.float32(255))),
    "a mask for a picture": picture_maker(bright),
    "no rows": picture_maker(picture()),
    "too few rows": picture_maker(picture(Strip(rows(3)))),
    "too many rows": picture_maker(picture(Strip(rows(3)), Strip(rows(3)))),
    "an empty strip": picture_maker(picture(Strip(rows(0)), Strip(rows(4)))),
    "another width": picture_maker(picture(Strip(rows(2)), Strip(rows(2, width=7)))),
    "no strip": picture_maker(picture(rows(4))),
    "not a number": picture_maker(picture(Strip(rows(2)), Strip(rows(2, np.nan)))),
    "out of range": picture_maker(picture(Strip(rows(2)), Strip(rows(2, 1.5)))),
    "alpha only once": picture_maker(picture(Strip(rows(2), rows(2)[..., 0]), Strip(rows(2)))),
    "alpha of another shape": picture_maker(picture(Strip(rows(4), rows(2)[..., 0]))),
    "alpha out of range": picture_maker(picture(Strip(rows(4), rows(4, 2)[..., 0]))),
    "a broken size": picture_maker(picture(Strip(rows(4)), height=4.0)),
}


@pytest.mark.parametrize("what", BAD)
def test_a_useless_result_is_refused(what: str) -> None:
    with pytest.raises(PluginError, match="nothing was changed"):
        run(BAD[what], document())


def test_strips_without_an_end_are_not_read_on() -> None:
    asked: list[int] = []

    def strips() -> Iterator[Strip]:
        for number in range(100):
            asked.append(number)
            yield Strip(rows(3))

    with pytest.raises(PluginError, match="right size"):
        run(picture_maker(lambda _inputs, _params, _ctx: PictureResult(4, 6, strips())), document())
    assert asked == [0, 1]


def test_an_exception_in_a_strip_is_a_plain_error_with_its_cause() -> None:
    def strips() -> Iterator[Strip]:
        yield Strip(rows(2))
        raise ZeroDivisionError("at the core")

    plugin = picture_maker(lambda _inputs, _params, _ctx: PictureResult(4, 6, strips()))
    with pytest.raises(PluginError, match="Double failed") as caught:
        run(plugin, document())
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_cancel_between_strips_ends_the_run() -> None:
    token, made = CancelToken(), []

    def strips() -> Iterator[Strip]:
        for number in range(4):
            made.append(number)
            if number == 1:
                token.cancel()
            yield Strip(rows(1))

    plugin = picture_maker(lambda _inputs, _params, _ctx: PictureResult(4, 6, strips()))
    with pytest.raises(Cancelled):
        run(plugin, document(), token=token)
    assert made == [0, 1]


def test_progress_of_strips_and_of_their_method_only_grows_to_one() -> None:
    def work(inputs: Inputs, params: Level, ctx: Context) -> PictureResult:
        ctx.progress(0.4)

        def strips() -> Iterator[Strip]:
            for number in range(4):
                ctx.progress(0.4 + 0.1 * number)
                yield Strip(rows(1))

        return PictureResult(4, 6, strips())

    told: list[float] = []
    request = Request(picture_maker(work), Level())
    Runner(Registry({})).run(document(), request, CancelToken(), lambda part, _text: told.append(part))
    assert told == sorted(told)
    assert told[-1] == 1


def test_only_one_strip_at_a_time_is_asked_for() -> None:
    waiting: list[int] = []

    def strips() -> Iterator[Strip]:
        for number in range(3):
            waiting.append(number)
            yield Strip(rows(256, width=300))

    made = run(picture_maker(lambda _i, _p, _c: PictureResult(768, 300, strips())), document())
    assert waiting == [0, 1, 2]
    assert made.pixels.size == Size(300, 768)


def test_one_method_cannot_run_another_for_pixels_that_makes_a_mask() -> None:
    outer = mask_maker(lambda inputs, _params, ctx: ctx.run("pick_bright", inputs), id="outer")
    runner = Runner(Registry({"pick_bright": mask_maker(), "outer": outer}))
    with pytest.raises(PluginError, match="Pick bright"):
        runner.run(document(), Request(outer, Level()), CancelToken(), lambda _part, _text: None)


def test_a_float_picture_may_go_beyond_white_as_its_source_does() -> None:
    state = document(dtype=np.float32)
    layer = state.layers[0]
    writer = layer.pixels.write()
    writer.pixels((0, 0))[0, 0] = 3.0
    state = replace(state, layers=(replace(layer, pixels=writer.freeze()),))
    made = run(picture_maker(), state)
    assert made.pixels.read(Rect(0, 0, 1, 1)).max() == 3
