"""The rules for plugins catch what breaks them, for every kind of result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.sdk.context import Context
from editor.sdk.models import ModelFacts
from editor.sdk.params import Doc, ModelOf
from editor.sdk.plugin import Inputs, MaskResult, PictureResult, Plugin, Strip
from editor.sdk.testing import check_plugin
from tests.helpers.documents import Level
from tests.helpers.makers import bright, mask_maker, picture_maker


def inputs(alpha: bool = False) -> Inputs:
    image = np.random.default_rng(0).random((20, 30, 3), np.float32)
    blank = np.ones((20, 30), np.float32)
    return Inputs(image, blank, blank > 2, blank if alpha else None)


def levels(inputs: Inputs, params: Level, ctx: Context) -> PictureResult:
    """The picture in two strips, as light as the level."""

    def strips() -> Iterator[Strip]:
        for half in (slice(0, 10), slice(10, 20)):
            ctx.check()
            alpha = inputs.alpha[half] if inputs.alpha is not None else None
            yield Strip(inputs.image[half] * np.float32(params.level), alpha)

    return PictureResult(20, 30, strips())


@pytest.mark.parametrize("alpha", [False, True])
def test_methods_of_all_kinds_can_pass(alpha: bool) -> None:
    assert isinstance(check_plugin(mask_maker(), inputs(alpha)), MaskResult)
    result = check_plugin(picture_maker(levels), inputs(alpha))
    assert isinstance(result, PictureResult)
    assert [len(strip.image) for strip in result.strips] == [10, 10]


def one_strip(change: Callable[[NDArray[np.float32]], Any]) -> Callable[[Inputs, Level, Context], PictureResult]:
    def run(inputs: Inputs, params: Level, ctx: Context) -> PictureResult:
        ctx.check()
        return PictureResult(20, 30, iter([Strip(change(inputs.image * np.float32(params.level)))]))

    return run


def deaf(inputs: Inputs, params: Level, ctx: Context) -> MaskResult:
    return MaskResult((inputs.image[..., 0] > params.level).astype(np.float32))


def stuck(inputs: Inputs, params: Level, ctx: Context) -> MaskResult:
    ctx.check()
    return MaskResult(inputs.image[..., 0])


WRONG: dict[str, Plugin] = {
    "returned MaskResult": picture_maker(bright),
    "never looks": mask_maker(deaf),
    "level = 1.0 changes nothing": mask_maker(stuck),
    "returned 19 rows, not 20": picture_maker(one_strip(lambda image: image[1:])),
    "strips that are not 30 wide": picture_maker(one_strip(lambda image: image[:, 1:])),
    "outside 0..1": picture_maker(one_strip(lambda image: image + 1)),
    "float64, not float32": picture_maker(one_strip(lambda image: image.astype(np.float64))),
}


@pytest.mark.parametrize("problem", WRONG)
def test_what_breaks_a_rule_is_named(problem: str) -> None:
    with pytest.raises(AssertionError, match=problem):
        check_plugin(WRONG[problem], inputs())


@dataclass(frozen=True, slots=True)
class Named:
    model: Annotated[str, ModelOf("subject"), Doc("Model", "Which.")] = "first"


def facts(*ids: str) -> list[ModelFacts]:
    return [ModelFacts(each, each, 1, None, 0, (), ()) for each in ids]


def test_a_model_must_matter_only_where_there_are_several() -> None:
    def infer(model: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return {"out": inputs["in"] * np.float32(0.5 if model == "first" else 1)}

    def asks(inputs: Inputs, params: Named, ctx: Context) -> MaskResult:
        ctx.check()
        assert ctx.model(params.model).id == params.model
        return MaskResult(ctx.infer(params.model, {"in": inputs.image[..., 0]})["out"])

    def ignores(inputs: Inputs, params: Named, ctx: Context) -> MaskResult:
        ctx.check()
        return MaskResult(inputs.image[..., 0])

    check_plugin(mask_maker(asks, params=Named), inputs(), infer=infer, models=facts("first", "second"))
    check_plugin(mask_maker(ignores, params=Named), inputs(), models=facts("first"))
    with pytest.raises(AssertionError, match="model = 'second' changes nothing"):
        check_plugin(mask_maker(ignores, params=Named), inputs(), models=facts("first", "second"))
