"""A method that works in parts looks at the whole picture once, before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from editor.core.document import DocumentState
from editor.core.errors import Cancelled, PluginError
from editor.core.geometry import Rect
from editor.host import views
from editor.host.jobs import CancelToken
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.sdk.context import Context
from editor.sdk.plugin import Inputs, Local, MaskResult, Needs, Plugin, Result
from editor.sdk.testing import check_plugin
from tests.helpers.documents import Level, document, method
from tests.helpers.makers import mask_maker

HOLE = Rect(40, 30, 90, 70)


class Watched:
    """A local method that prepares itself; `seen` and `got` hold what both parts were given."""

    def __init__(self) -> None:
        self.seen: list[Inputs] = []
        self.got: list[Inputs] = []
        self.plugin = method(self.run, prepare=self.prepare, needs=Needs(scope=Local(8)))

    def prepare(self, inputs: Inputs, params: Level, ctx: Context) -> float:
        ctx.progress(0.5)
        self.seen.append(inputs)
        return float(inputs.image.mean()) + params.level

    def run(self, inputs: Inputs, params: Level, ctx: Context) -> Result:
        ctx.check()
        self.got.append(inputs)
        return Result(np.full_like(inputs.image, min(1.0, (inputs.prepared + params.level) / 3)))


def run(state: DocumentState, *plugins: Plugin, told: list[float] | None = None) -> Any:
    request = Request(plugins[0], Level(0.25))
    registry = Registry({plugin.id: plugin for plugin in plugins})
    tell = (lambda part, _text: told.append(part)) if told is not None else (lambda _part, _text: None)
    return Runner(registry, threads=1).run(state, request, CancelToken(), tell)


def test_every_part_knows_what_the_whole_picture_said() -> None:
    watched = Watched()
    state = document(1100, 90)
    told: list[float] = []
    run(state, watched.plugin, told=told)
    (seen,) = watched.seen
    assert len(watched.got) == 2
    np.testing.assert_array_equal((seen.image * 255).round(), state.read(state.size.rect))
    assert {part.prepared for part in watched.got} == {float(seen.image.mean()) + 0.25}
    assert not seen.image.flags.writeable
    assert told == sorted(told)


@pytest.mark.parametrize("channels", [1, 4])
def test_outside_the_mask_is_seen_too(channels: int) -> None:
    watched = Watched()
    run(document(hole=HOLE, channels=channels), watched.plugin)
    (seen,) = watched.seen
    assert seen.image.shape == (280, 300, 3)
    assert int((seen.mask > 0).sum()) == 50 * 40
    assert (seen.alpha is not None) == (channels == 4)


def test_of_a_large_picture_bands_from_all_over_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "_SEEN_PX", 100 * 64 * 4)
    watched = Watched()
    state = document(100, 1000, channels=4)
    run(state, watched.plugin)
    (seen,) = watched.seen
    whole = state.read(state.size.rect)
    bands = [whole[top : top + 64] for top in (0, 320, 640, 960)]
    expected = np.concatenate(bands)
    np.testing.assert_array_equal((seen.image * 255).round(), expected[..., :3])
    assert seen.alpha is not None
    np.testing.assert_array_equal((seen.alpha * 255).round(), expected[..., 3])


def test_one_method_that_calls_another_has_it_prepared() -> None:
    watched = Watched()

    def outer(inputs: Inputs, params: Level, ctx: Context) -> Result:
        return ctx.run("inner", inputs, level=0.125)

    inner = replace(watched.plugin, id="inner")
    run(document(hole=HOLE), method(outer), inner)
    assert [part.prepared for part in watched.got] == [float(watched.seen[0].image.mean()) + 0.125]


def test_a_method_that_makes_a_mask_can_prepare_itself() -> None:
    def select(inputs: Inputs, params: Level, ctx: Context) -> MaskResult:
        return MaskResult(np.full_like(inputs.mask, inputs.prepared))

    made = run(document(), replace(mask_maker(select), prepare=lambda inputs, params, ctx: 0.2))
    assert (made.mask.read(Rect(0, 0, 300, 280)) == 51).all()


@pytest.mark.expects_log_error
def test_a_failure_is_told_as_the_methods_own() -> None:
    def fail(inputs: Inputs, params: Level, ctx: Context) -> None:
        raise ZeroDivisionError

    with pytest.raises(PluginError, match="Flat fill failed"):
        run(document(hole=HOLE), method(prepare=fail))


def test_a_cancel_ends_it() -> None:
    token = CancelToken()

    def cancelled(inputs: Inputs, params: Level, ctx: Context) -> None:
        token.cancel()

    plugin = method(prepare=cancelled)
    with pytest.raises(Cancelled):
        Runner(Registry({plugin.id: plugin})).run(
            document(hole=HOLE), Request(plugin, Level()), token, lambda _part, _text: None
        )


def test_the_rules_for_plugins_prepare_it_as_a_host_does() -> None:
    watched = Watched()
    image = np.random.default_rng(0).random((20, 30, 3), np.float32)
    blank = np.ones((20, 30), np.float32)
    check_plugin(watched.plugin, Inputs(image, blank, blank > 2))
    assert watched.seen
