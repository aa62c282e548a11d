from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.geometry import Rect
from editor.core.metadata import Metadata
from editor.host import mask_edits
from editor.host.apply import preview
from editor.host.jobs import CancelToken
from editor.host.made import Patch
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.runtime import onnx as runtime
from editor.sdk.errors import MaskError, ModelError
from editor.sdk.models import ModelFacts, TensorSpec
from editor.sdk.plugin import Inputs, Result
from editor.sdk.testing import FakeContext, check_plugin
from plugins.denoise import PLUGIN, Params
from tests.runtime.engines import Bench
from tests.runtime.models import PICTURE, conv_net, describe

F32 = NDArray[np.float32]
Tensors = Mapping[str, NDArray[Any]]


def facts(channels: int, colour: str, given: str = "RGB", scale: int = 1, **changes: Any) -> ModelFacts:
    taken = TensorSpec("in", "NCHW", "float32", (0.0, 1.0), colour, channels)
    result = TensorSpec("out", "NCHW", "float32", (0.0, 1.0), given, 1 if given == "grey" else 3)
    return replace(ModelFacts("denoise", "Fake", scale, None, 8, (taken,), (result,)), **changes)


OURS = facts(4, "planes")
SRMD = facts(19, "planes", scale=2)
PLAIN = facts(3, "RGB")
GREY = facts(1, "grey", "grey")


def smooth(image: F32, strength: float) -> F32:
    """A mean of the neighbourhood, the more so the more noise there is said to be."""
    share = min(1.0, 20 * strength)
    return image + share * (np.asarray(cv2.blur(image, (3, 3)), np.float32).reshape(image.shape) - image)


class Net:
    """Stands in for a network; `seen` holds what it was given. `drift` is what it does to colours."""

    def __init__(self, known: ModelFacts, drift: float = 0.0) -> None:
        self.facts = known
        self.drift = drift
        self.seen: list[F32] = []

    def infer(self, model: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
        assert model == "denoise"
        planes = np.ascontiguousarray(inputs["in"][0].transpose(1, 2, 0))
        self.seen.append(planes)
        told = float(planes[0, 0, -1]) if planes.shape[2] > 3 else 0.05
        result = smooth(np.ascontiguousarray(planes[..., :3]), told) + np.float32(self.drift)
        result = result.repeat(self.facts.scale, axis=0).repeat(self.facts.scale, axis=1)
        return {"out": np.ascontiguousarray(result.transpose(2, 0, 1))[None]}

    def denoise(self, image: F32, alpha: F32 | None = None, origin: tuple[int, int] = (0, 0), **params: Any) -> Result:
        assert PLUGIN.prepare is not None
        blank = np.ones(image.shape[:2], np.float32)
        inputs = Inputs(image, blank, blank > 2, alpha)
        context = FakeContext(infer=self.infer, models=[self.facts], origin=origin)
        chosen = Params(**params)
        inputs = replace(inputs, prepared=PLUGIN.prepare(inputs, chosen, context))
        result = PLUGIN.run(inputs, chosen, context)
        assert isinstance(result, Result)
        return result


def noisy(height: int = 96, width: int = 120, sigma: float = 12, seed: int = 0) -> F32:
    noise = np.random.default_rng(seed).normal(0, sigma / 255, (height, width, 3))
    slope = np.linspace(0.3, 0.6, width)[None, :, None] * np.array([1.0, 0.9, 0.7])
    return np.asarray(np.clip(slope + noise, 0, 1), np.float32)


def spread(image: F32) -> float:
    """Standard deviation without the slope of `noisy`."""
    return float((image - image.mean(axis=0)).std())


def test_it_keeps_the_rules_for_plugins() -> None:
    blank = np.ones((96, 120), np.float32)
    inputs = Inputs(noisy(), blank, blank > 2, blank)
    for known in (OURS, SRMD):
        check_plugin(PLUGIN, inputs, infer=Net(known).infer, models=[known])


@pytest.mark.parametrize("known", [OURS, SRMD])
def test_the_network_is_told_the_noise_that_was_measured(known: ModelFacts) -> None:
    net = Net(known)
    result = net.denoise(noisy(sigma=12))
    assert result.report == {"level": pytest.approx(12, rel=0.1)}
    assert net.seen[0].shape[2] == known.inputs[0].channels
    np.testing.assert_allclose(net.seen[0][..., -1] * 255, float(result.report["level"]), atol=0.01)
    assert spread(result.image) < 0.6 * spread(noisy())


def test_a_typed_level_and_the_strength_decide_what_it_is_told() -> None:
    net = Net(OURS)
    assert net.denoise(noisy(), level=20.0, strength=50).report == {"level": 20.0}
    assert net.seen[0][0, 0, 3] * 255 == pytest.approx(10)
    net.denoise(noisy(), level=75.0, strength=150)
    assert net.seen[1][0, 0, 3] * 255 == pytest.approx(75), "more than any network has learned"


def test_srmd_is_told_that_nothing_is_blurred() -> None:
    net = Net(SRMD)
    net.denoise(noisy())
    coefficients = net.seen[0][..., 3:18]
    assert np.ptp(coefficients, axis=(0, 1)).max() == 0
    np.testing.assert_allclose(
        coefficients[0, 0, [2, 12, 13, 14]], [0.0185638, -0.2449168, -0.8022135, -0.5405498], 1e-5
    )


@pytest.mark.parametrize("known", [OURS, SRMD, PLAIN])
@pytest.mark.parametrize("drift", [0.04, -0.04])
def test_brightness_and_colour_stay(known: ModelFacts, drift: float) -> None:
    image = noisy()
    result = Net(known, drift).denoise(image).image
    assert np.abs(result.mean(axis=(0, 1)) - image.mean(axis=(0, 1))).max() * 255 < 0.05
    assert np.abs((result - image)[:40, :40].mean(axis=(0, 1))).max() * 255 < 0.5


def light_of(image: F32) -> F32:
    return np.asarray(image.mean(axis=2))


def test_brightness_and_colour_are_cleaned_apart() -> None:
    image = noisy()
    net = Net(OURS)
    both = net.denoise(image).image
    no_light = net.denoise(image, luminance=0).image
    no_colour = net.denoise(image, colour=0).image
    np.testing.assert_allclose(light_of(no_light), light_of(image), atol=1e-6)
    np.testing.assert_allclose(light_of(no_colour), light_of(both), atol=1e-6)
    np.testing.assert_allclose(no_light + no_colour, image + both, atol=1e-5)


def test_the_grain_that_is_put_back_is_fine_and_grey() -> None:
    image = noisy()
    net = Net(OURS)

    def infer(model: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
        return {"out": np.stack([cv2.blur(each, (15, 15)) for each in inputs["in"][0, :3]])[None]}

    net.infer = infer  # type: ignore[method-assign]
    grain = net.denoise(image, grain=100).image - net.denoise(image).image
    assert grain.std() * 255 > 2
    assert np.ptp(grain, axis=2).max() < 1e-5
    coarse = cv2.resize(grain, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
    assert coarse.std() < grain.std() / 14, "blotches stay away"


@pytest.mark.parametrize("known", [PLAIN, GREY, facts(3, "BGR", "BGR")])
def test_a_network_that_is_told_nothing_is_mixed_in_by_strength(known: ModelFacts) -> None:
    image = noisy()

    def infer(model: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
        return {"out": np.stack([cv2.blur(each, (3, 3)) for each in inputs["in"][0]])[None]}

    net = Net(known)
    net.infer = infer  # type: ignore[method-assign]
    half, full, more = (net.denoise(image, strength=strength).image for strength in (50, 100, 150))
    np.testing.assert_allclose(half, (image + full) / 2, atol=1e-5)
    np.testing.assert_array_equal(more, full)
    assert spread(full) < 0.6 * spread(image)


def test_without_strength_no_bit_changes() -> None:
    net = Net(OURS)
    np.testing.assert_array_equal(net.denoise(noisy(), strength=0).image, noisy())
    assert not net.seen


@pytest.mark.parametrize(
    "known",
    [
        facts(5, "planes"),
        facts(4, "planes", scale=2),
        facts(3, "RGB", scale=2),
        facts(3, "RGB", "mask"),
        facts(1, "mask"),
    ],
)
def test_another_kind_of_network_is_refused_by_name(known: ModelFacts) -> None:
    with pytest.raises(ModelError, match="Fake can't be used to remove noise"):
        Net(known).denoise(noisy())


@pytest.mark.parametrize("size", [(1, 1), (7, 7), (3, 50), (9, 1)])
@pytest.mark.parametrize("known", [OURS, SRMD])
def test_pictures_of_any_size_are_cleaned(size: tuple[int, int], known: ModelFacts) -> None:
    image = noisy(*size)
    result = Net(known).denoise(image, origin=(5, 3), level=10.0).image
    assert result.shape == image.shape
    assert np.abs(result.mean(axis=(0, 1)) - image.mean(axis=(0, 1))).max() * 255 < 2


@pytest.mark.parametrize("light", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("known", [OURS, SRMD, PLAIN])
def test_a_blank_picture_stays_as_it_is(light: float, known: ModelFacts) -> None:
    image = np.full((40, 40, 3), light, np.float32)
    np.testing.assert_allclose(Net(known).denoise(image).image, image, atol=1e-6)


def test_what_is_transparent_is_not_measured() -> None:
    image = noisy(sigma=30)
    image[:, 60:] = noisy(sigma=5)[:, 60:]
    alpha = np.zeros(image.shape[:2], np.float32)
    alpha[:, 60:] = 1
    assert Net(OURS).denoise(image, alpha).report["level"] == pytest.approx(5, rel=0.15)


def test_what_a_float_picture_has_beyond_white_stays() -> None:
    image = noisy()
    image[20:60, 20:60] = 3.0
    result = Net(OURS).denoise(image, level=10.0).image
    assert result[30:50, 30:50].min() > 2.9


@pytest.mark.parametrize("known", [OURS, SRMD])
def test_noise_of_floats_beyond_black_is_seen_and_dark_places_stay_dark(known: ModelFacts) -> None:
    noise = np.random.default_rng(0).normal(0, 20 / 255, (96, 120, 3))
    image = np.asarray(0.01 + noise, np.float32)
    net = Net(known)
    result = net.denoise(image, level=20.0).image
    assert net.seen[0][..., :3].min() < -40 / 255
    assert abs(float(result.mean()) - 0.01) * 255 < 0.6


@pytest.mark.parametrize("light", [1.05, 3.0])
def test_light_beyond_white_is_cleaned_and_keeps_its_strength(light: float) -> None:
    image = noisy() + np.float32(light - 0.45)
    result = Net(OURS).denoise(image, level=12.0).image
    assert np.abs(result.mean(axis=(0, 1)) - image.mean(axis=(0, 1))).max() < 0.005
    assert spread(result) < 0.95 * spread(image)


def run(state: DocumentState, net: Net | None, bench: Bench | None = None, **params: Any) -> tuple[Any, Any]:
    plugin = PLUGIN
    if net is not None:

        def stand_in(inputs: Inputs, chosen: Any, ctx: Any) -> Any:
            return PLUGIN.run(inputs, chosen, FakeContext(infer=net.infer, models=[net.facts], origin=ctx.origin))

        plugin = replace(PLUGIN, run=stand_in)
    runner = Runner(Registry({"denoise": plugin}), bench.engine if bench else None, threads=1)
    made = runner.run(state, Request(plugin, Params(**params)), CancelToken(), lambda _part, _text: None)
    assert isinstance(made, Patch)
    return preview(state, made).read(state.size.rect), made


def opened(image: F32) -> DocumentState:
    return DocumentState.from_pixels((image * 255).round().astype(np.uint8), Metadata(), "noise")


@pytest.mark.parametrize("masked", [False, True])
def test_the_level_can_be_measured_in_all_of_the_picture_or_under_the_mask(masked: bool) -> None:
    image = noisy(200, 300, sigma=6)
    image[:80, :80] = noisy(80, 80, sigma=20)
    image[-80:, -80:] = noisy(80, 80, sigma=20, seed=1)
    state = opened(image)
    if masked:
        state = mask_edits.fill_rect(state, "mask", Rect(5, 5, 75, 75))
        state = mask_edits.fill_rect(state, "mask", Rect(225, 125, 295, 195))
    (spec,) = (spec for spec in PLUGIN.specs if spec.measured is not None)
    runner = Runner(Registry({"denoise": PLUGIN}), threads=1)
    found = runner.measure(state, PLUGIN, spec, CancelToken(), lambda _part, _text: None)
    assert spec.name == "level"
    assert found == pytest.approx(20 if masked else 6, rel=0.15)
    assert found == round(float(found), 1)


def test_where_there_is_nothing_to_measure_it_says_what_to_mark() -> None:
    state = mask_edits.fill_rect(opened(noisy(100, 100, sigma=20)), "mask", Rect(10, 10, 14, 14))
    (spec,) = (spec for spec in PLUGIN.specs if spec.measured is not None)
    with pytest.raises(MaskError, match="mark a flat patch"):
        Runner(Registry({"denoise": PLUGIN})).measure(state, PLUGIN, spec, CancelToken(), lambda _part, _text: None)


def test_tiles_share_one_level_and_no_seam_shows() -> None:
    """The right tile is much noisier than the left one, and the network works on a grid of 8 pixels."""

    def blocky(model: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
        planes = inputs["in"][0]
        levels.append(float(planes[3, 0, 0]))
        picture = planes[:3].copy()
        picture[:, ::8, ::8] += np.float32(0.1)
        return {"out": picture[None]}

    levels: list[float] = []
    net = Net(OURS)
    net.infer = blocky  # type: ignore[method-assign]
    image = noisy(60, 1200)
    image[:, 1100:] = noisy(60, 100, sigma=40)
    state = opened(image)
    masked = mask_edits.fill_rect(state, "mask", Rect(5, 3, 1150, 57))
    whole, made = run(state, net)
    part, _made = run(masked, net, level=made.report["level"])
    assert len(set(np.round(levels[:2], 6))) == 1
    difference = np.abs(whole.astype(int) - part)[3:57, 5:1150]
    assert difference.max() <= 1


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_a_real_session_cleans_grey_and_transparent_documents(tmp_path: Any, channels: int) -> None:
    path = conv_net(tmp_path / "denoise.onnx")
    describe(path, role="denoise", inputs=[{"name": "image", **PICTURE}])
    bench = Bench(tmp_path, runtime.load)
    pixels = np.random.default_rng(1).integers(90, 160, (50, 61, channels), dtype=np.uint8)
    state = DocumentState.from_pixels(pixels, Metadata(), "noise")
    after, made = run(state, None, bench)
    assert after.shape == pixels.shape
    colours = 1 if channels < 3 else 3
    assert (after[..., :colours] != pixels[..., :colours]).mean() > 0.5
    np.testing.assert_array_equal(after[..., colours:], pixels[..., colours:])
    assert list(made.record.models) == ["denoise"]


@pytest.mark.parametrize("side", [32, 64, 100])
def test_noise_of_a_bank_is_laid_over_larger_pictures_in_pieces(side: int) -> None:
    import torch

    from plugins.denoise import net

    # Each patch has values of its own, so that it can be recognised.
    bank = torch.arange(1.0, 9.0)[:, None, None, None].expand(8, 3, side, side)
    noise = net._from_bank(torch.zeros(3, 128, 96), bank, torch.Generator().manual_seed(0))
    assert noise.shape == (3, 128, 96)
    corners = noise[0, :: min(side, 128), :: min(side, 96)]
    assert corners.max() > corners.min()
    ratios = corners / corners.max()
    values = torch.arange(1.0, 9.0)
    possible = values[:, None] / values
    assert all(bool(((possible - ratio).abs() < 1e-6).any()) for ratio in ratios.flatten())


def test_examples_tell_how_strong_the_noise_is() -> None:
    import torch

    from plugins.denoise import net

    clean = torch.full((200, 3, 64, 64), 0.5)
    made, target = net.examples(clean, torch.Generator().manual_seed(0), None)
    assert torch.equal(target, clean)
    levels = (made[:, :3] - clean).std(dim=(1, 2, 3))
    told = made[:, 3].mean(dim=(1, 2))
    # JPEG takes some of it, and what is cut off at black and white is none.
    fitting = (levels / told).sub(1).abs() < 0.15
    assert fitting[(told > 0.02) & (told < 0.15)].float().mean() > 0.85
    # From none at all to more than any camera has, more of them faint.
    assert 0.02 < (told == 0).float().mean() < 0.1
    assert told.max() > 0.25
    assert told.median() < 0.13


def test_examples_of_any_few_pictures() -> None:
    import torch

    from plugins.denoise import net

    clean = torch.full((1, 3, 16, 16), 0.5)
    for seed in range(30):
        made, _target = net.examples(clean, torch.Generator().manual_seed(seed), None)
        assert made.shape == (1, 4, 16, 16)
        assert bool(torch.isfinite(made).all())


def test_examples_take_a_bank_of_small_patches() -> None:
    import torch

    from plugins.denoise import net

    clean = torch.full((6, 3, 128, 96), 0.5)
    made, target = net.examples(clean, torch.Generator().manual_seed(0), 0.02 * torch.randn(5, 3, 64, 64))
    assert made.shape == (6, 4, 128, 96)
    assert torch.equal(target, clean)
