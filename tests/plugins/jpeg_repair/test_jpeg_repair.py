from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.geometry import Rect
from editor.core.metadata import Metadata
from editor.host import mask_edits, runner
from editor.host.apply import preview
from editor.host.jobs import CancelToken
from editor.host.made import Patch
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.imaging import jpeg
from editor.runtime.tuning.trainee import trainee
from editor.sdk.errors import ModelError
from editor.sdk.models import ModelFacts, TensorSpec
from editor.sdk.params import Doc, Range
from editor.sdk.plugin import Inputs, Result
from editor.sdk.testing import FakeContext, check_plugin
from plugins.jpeg_repair import PLUGIN, Params
from tests.imaging.test_jpeg import compressed, photo

F32 = NDArray[np.float32]
Tensors = Mapping[str, NDArray[Any]]

FACTS = ModelFacts(
    "jpeg",
    "Fake",
    1,
    None,
    8,
    (TensorSpec("in", "NCHW", "float32", (0.0, 1.0), "planes", 4),),
    (TensorSpec("out", "NCHW", "float32", (0.0, 1.0), "RGB", 3),),
)


class Net:
    """Stands in for a network: smooths, the more so the coarser it is told; `seen` holds what it was given."""

    def __init__(self) -> None:
        self.seen: list[F32] = []

    def infer(self, _model: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
        planes = np.ascontiguousarray(inputs["in"][0])
        self.seen.append(planes)
        soft = np.stack([cv2.blur(each, (5, 5)) for each in planes[:3]])
        return {"out": (planes[:3] + min(1.0, 3 * float(planes[3, 0, 0])) * (soft - planes[:3]))[None]}

    def repair(self, image: F32, alpha: F32 | None = None, **params: Any) -> Result:
        assert PLUGIN.prepare is not None
        blank = np.ones(image.shape[:2], np.float32)
        inputs = Inputs(image, blank, blank > 2, alpha)
        context = FakeContext(infer=self.infer, models=[FACTS])
        inputs = replace(inputs, prepared=PLUGIN.prepare(inputs, Params(**params), context))
        result = PLUGIN.run(inputs, Params(**params), context)
        assert isinstance(result, Result)
        return result


@dataclass(frozen=True, slots=True)
class _Told(Params):
    """The same with a typed quality, so that the search for it needs few checks to be cancelled."""

    jpeg_quality: Annotated[int, Range(0, 100), Doc("Quality", "As it was saved.")] = 30


def test_it_keeps_the_rules_for_plugins() -> None:
    given = compressed(photo(96, 120), 30)
    blank = np.ones(given.shape[:2], np.float32)
    inputs = Inputs(given, blank, blank > 2)
    check_plugin(replace(PLUGIN, params=_Told), inputs, infer=Net().infer, models=[FACTS])


@pytest.mark.parametrize("quality", [10, 60])
def test_the_network_is_told_how_coarse_the_quality_is_that_was_found(quality: int) -> None:
    net = Net()
    result = net.repair(compressed(photo(), quality))
    assert result.report == {"JPEG quality": str(jpeg.find(compressed(photo(), quality)))}
    assert int(result.report["JPEG quality"]) == pytest.approx(quality, abs=1)
    np.testing.assert_allclose(net.seen[0][3], jpeg.coarseness(int(result.report["JPEG quality"])), rtol=1e-5)


def test_a_typed_quality_and_the_strength_decide_what_it_is_told() -> None:
    net = Net()
    assert net.repair(photo(), jpeg_quality=40, strength=50).report == {"JPEG quality": "40"}
    assert net.seen[0][3, 0, 0] == pytest.approx(jpeg.coarseness(40) / 2, rel=1e-5)
    net.repair(photo(), jpeg_quality=1, strength=150)
    assert net.seen[1][3, 0, 0] == pytest.approx(0.3), "more than the network has learned"


def test_a_photo_without_traces_of_jpeg_stays_to_the_bit_and_that_is_said() -> None:
    net = Net()
    result = net.repair(photo())
    np.testing.assert_array_equal(result.image, photo())
    assert result.report == {"JPEG quality": "none found"}
    assert not net.seen


def test_without_strength_no_bit_changes() -> None:
    given = compressed(photo(), 20)
    np.testing.assert_array_equal(Net().repair(given, strength=0).image, given)


def test_brightness_and_colour_stay_over_a_distance() -> None:
    class Brighter(Net):
        def infer(self, model: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
            assert model == FACTS.id
            return {"out": inputs["in"][:, :3] + np.array([0.02, 0, -0.02], np.float32)[:, None, None]}

    given = compressed(photo(), 30)
    np.testing.assert_allclose(Brighter().repair(given).image, given, atol=1e-4)


def test_brightness_and_colour_are_repaired_apart() -> None:
    given = compressed(photo(), 20)
    both = Net().repair(given).image
    no_light, no_colour = Net().repair(given, luminance=0).image, Net().repair(given, colour=0).image
    np.testing.assert_allclose(no_light.mean(axis=2), given.mean(axis=2), atol=1e-6)
    np.testing.assert_allclose(no_colour.mean(axis=2), both.mean(axis=2), atol=1e-6)
    np.testing.assert_allclose(no_light + no_colour, given + both, atol=1e-5)


def test_in_what_is_transparent_nothing_is_looked_for() -> None:
    given = np.concatenate([compressed(photo(), 20), photo()], axis=1)
    alpha = np.zeros(given.shape[:2], np.float32)
    alpha[:, 240:] = 1
    assert Net().repair(given, alpha).report == {"JPEG quality": "none found"}


def test_another_kind_of_network_is_refused_by_name() -> None:
    wrong = replace(FACTS, inputs=(TensorSpec("in", "NCHW", "float32", (0.0, 1.0), "RGB", 3),))
    blank = np.ones((200, 240), np.float32)
    with pytest.raises(ModelError, match="Fake can't be used to repair JPEG"):
        PLUGIN.run(Inputs(photo(), blank, blank > 2), Params(jpeg_quality=20), FakeContext(models=[wrong]))


def run(state: DocumentState, **params: Any) -> tuple[NDArray[Any], Patch]:
    net = Net()

    def stand_in(inputs: Inputs, chosen: Any, ctx: Any) -> Any:
        return PLUGIN.run(inputs, chosen, FakeContext(infer=net.infer, models=[FACTS], origin=ctx.origin))

    plugin = replace(PLUGIN, run=stand_in)
    works = Runner(Registry({"jpeg_repair": plugin}), threads=1)
    made = works.run(state, Request(plugin, Params(**params)), CancelToken(), lambda _part, _text: None)
    assert isinstance(made, Patch)
    return preview(state, made).read(state.size.rect), made


def opened(pixels: NDArray[Any]) -> DocumentState:
    return DocumentState.from_pixels(np.ascontiguousarray(pixels), Metadata(), "jpeg")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 4])
def test_grey_and_transparent_documents_of_any_depth_are_repaired(dtype: type, channels: int) -> None:
    grey = np.repeat(photo().mean(axis=2, keepdims=True), 3, axis=2)
    most = np.iinfo(dtype).max
    pixels: NDArray[Any] = np.full((200, 240, channels), most, dtype)
    colours = 1 if channels < 3 else 3
    pixels[..., :colours] = np.rint(compressed(grey, 20)[..., :colours] * most)
    after, made = run(opened(pixels))
    assert int(made.report["JPEG quality"]) == pytest.approx(20, abs=1)
    assert (after[..., :colours] != pixels[..., :colours]).mean() > 0.3
    np.testing.assert_array_equal(after[..., colours:], pixels[..., colours:])


@pytest.mark.parametrize("size", [(1, 1), (7, 7)])
@pytest.mark.parametrize("value", [0, 90, 255])
def test_small_and_blank_documents_stay(size: tuple[int, int], value: int) -> None:
    before = np.full((*size, 3), value, np.uint16)
    for quality in (0, 20):
        after, _made = run(opened(before), jpeg_quality=quality)
        np.testing.assert_array_equal(after, before)


def test_under_a_mask_of_one_pixel_only_that_changes() -> None:
    before = np.rint(compressed(photo(), 10) * 255).astype(np.uint8)
    state = mask_edits.fill_rect(opened(before), "mask", Rect(81, 61, 82, 62))
    after, _made = run(state, jpeg_quality=10)
    changed = (after != before).any(axis=2)
    assert changed.sum() <= 1
    whole, _made = run(opened(before), jpeg_quality=10)
    np.testing.assert_array_equal(after[61, 81], whole[61, 81])


def test_parts_that_are_worked_apart_fit_together() -> None:
    before = np.rint(compressed(photo(90, 1300), 20) * 65535).astype(np.uint16)
    whole, _made = run(opened(before), jpeg_quality=20)
    after, _made = run(opened(before[:, 896:]), jpeg_quality=20)
    assert np.abs(after[:, 288:].astype(int) - whole[:, 1184:]).max() <= 1


def test_the_quality_is_said_once_however_many_parts_are_worked_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_TILE_PX", 100)
    before = np.rint(compressed(photo(), 20) * 255).astype(np.uint8)
    _after, made = run(opened(before), jpeg_quality=20)
    assert "JPEG quality 20" in made.facts


def test_what_it_learns_from_is_compressed_and_says_how_coarsely() -> None:
    import torch

    assert PLUGIN.recipe is not None
    learner = trainee(PLUGIN.recipe)
    clean = torch.from_numpy(np.ascontiguousarray(photo(64, 64).transpose(2, 0, 1)))[None].expand(24, -1, -1, -1)
    given, wanted = learner.examples(clean, torch.Generator().manual_seed(0), None)
    again, _wanted = learner.examples(clean, torch.Generator().manual_seed(0), None)
    assert torch.equal(given, again)
    assert torch.equal(wanted, clean)
    assert given.shape == (24, 4, 64, 64)
    told = given[:, 3, 0, 0]
    assert 0 <= float(told.min()) < 0.05
    assert 0.1 < float(told.max()) <= 0.33
    errors = (given[:, :3] - clean).square().mean(dim=(1, 2, 3)).sqrt()
    # The coarser, the farther from the truth.
    assert np.corrcoef(told.numpy(), errors.numpy())[0, 1] > 0.7
