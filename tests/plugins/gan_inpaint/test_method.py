"""GAN fill, as far as it fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from editor.sdk.errors import ModelError
from editor.sdk.models import ModelFacts, TensorSpec
from editor.sdk.plugin import Inputs, Result
from editor.sdk.testing import FakeContext, check_plugin
from plugins.gan_inpaint import PLUGIN, Params, repair, run

F32 = NDArray[np.float32]

FACTS = ModelFacts(
    "gan_inpaint",
    "Fake",
    1,
    None,
    24,
    (TensorSpec("in", "NCHW", "float32", (0.0, 1.0), "planes", 7),),
    (TensorSpec("out", "NCHW", "float32", (0.0, 1.0), "RGB", 3),),
)
HOLE = np.s_[50:54, 100:130]


@pytest.fixture
def inputs() -> Inputs:
    """A picture in which what `Brighter` makes of what `grey` fills is right."""
    image = np.random.default_rng(1).uniform(0.73, 0.75, (160, 240, 3)).astype(np.float32)
    mask = np.zeros((160, 240), np.float32)
    mask[HOLE] = 1
    mask[50, 100] = 0.3
    return Inputs(image, mask, mask == 0)


def grey(method: str, inputs: Inputs, _params: Mapping[str, object]) -> Result:
    """Stands in for the fill by patches."""
    assert method == "content_fill"
    return Result(np.where(inputs.mask[..., None] > 0, np.float32(0.5), inputs.image))


def copied(method: str, inputs: Inputs, _params: Mapping[str, object]) -> Result:
    """Stands in for a fill by patches that finds what was there."""
    assert method == "content_fill"
    return Result(inputs.image.copy())


class Brighter:
    """Stands in for the network: adds 0.25 everywhere, and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[F32] = []

    def __call__(self, _model: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        self.given.append(inputs["in"])
        return {"out": inputs["in"][:, :3] + np.float32(0.25)}


def test_conformance(inputs: Inputs) -> None:
    check_plugin(PLUGIN, inputs, infer=Brighter(), run_other=grey, models=(FACTS,))


@pytest.mark.parametrize(("repair", "wanted"), [(100, 0.75), (40, 0.6), (0, 0.5)])
def test_the_fill_is_repaired_and_nothing_else_changes(inputs: Inputs, repair: int, wanted: float) -> None:
    context = FakeContext(infer=Brighter(), run=grey, models=(FACTS,))
    result = run(inputs, Params(repair=repair), context).image
    hole = inputs.mask > 0
    np.testing.assert_allclose(result[hole], wanted, atol=0.02)
    assert np.array_equal(result[~hole], inputs.image[~hole])


def test_the_network_sees_the_fill_and_its_surroundings(inputs: Inputs) -> None:
    network = Brighter()
    run(inputs, Params(), FakeContext(infer=network, run=grey, models=(FACTS,)))
    _tried, given = network.given
    seen = np.s_[24:78, 72:154]
    assert given.shape == (1, 7, 54, 82)
    filled = grey("content_fill", inputs, {}).image[seen]
    assert np.array_equal(given[0, :3], filled.transpose(2, 0, 1))
    assert np.array_equal(given[0, 6] > 0, (inputs.mask > 0)[seen])


def test_of_a_wire_across_a_large_picture_only_what_lies_near_is_looked_at() -> None:
    image = np.full((600, 900, 3), 0.75, np.float32)
    mask = np.zeros((600, 900), np.float32)
    places = np.arange(600)
    mask[places, places + 100] = mask[places, places + 101] = 1
    network = Brighter()
    context = FakeContext(infer=network, run=grey, models=(FACTS,))
    result = run(Inputs(image, mask, mask == 0), Params(), context).image
    np.testing.assert_allclose(result[mask > 0], 0.75, atol=1e-5)
    assert np.array_equal(result[mask == 0], image[mask == 0])
    assert sum(given[0, 0].size for given in network.given[1:]) < 0.7 * mask.size


def test_the_parts_of_a_large_hole_fit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though what a network makes of a pixel depends on where it lies in what the network is given."""

    def striped(_model: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        given = inputs["in"]
        return {"out": given[:, :3] + np.float32(0.02) * (np.arange(given.shape[3], dtype=np.float32) % 8)}

    image = np.random.default_rng(2).random((160, 700, 3), np.float32)
    mask = np.zeros((160, 700), np.float32)
    mask[40:120, 13:690] = 1
    given = Inputs(image, mask, mask == 0)
    made = []
    for part_px in (repair._PART_PX, 1000):
        monkeypatch.setattr(repair, "_PART_PX", part_px)
        made.append(run(given, Params(), FakeContext(infer=striped, run=copied, models=(FACTS,))).image)
    assert np.abs(made[0] - image).max() > 0.05
    np.testing.assert_allclose(made[0], made[1], atol=1e-5)


def test_a_fill_that_joins_its_surroundings_stays_and_one_that_does_not_is_repaired(inputs: Inputs) -> None:
    mask = np.zeros_like(inputs.mask)
    mask[40:120, 80:180] = 1
    slope = np.repeat(np.linspace(0.05, 0.95, 160, dtype=np.float32)[:, None, None], 240, axis=1).repeat(3, axis=2)
    given = replace(inputs, image=slope, mask=mask, source=mask == 0)

    def speckled(_model: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        specks = np.random.default_rng(3).choice([-0.1, 0.1], inputs["in"][:, :3].shape)
        return {"out": (inputs["in"][:, :3] + specks).astype(np.float32)}

    def shifted(_method: str, inputs: Inputs, _params: Mapping[str, object]) -> Result:
        return Result(np.where(inputs.mask[..., None] > 0, inputs.image + np.float32(0.2), inputs.image))

    changes = []
    for fill in (copied, shifted):
        result = run(given, Params(), FakeContext(infer=speckled, run=fill, models=(FACTS,))).image
        changes.append(np.abs(result - fill("content_fill", given, {}).image)[mask > 0].max())
    assert changes[0] < 0.003
    assert changes[1] > 0.05


def test_a_thin_hole_is_repaired_where_it_joins_too_as_the_trial_beside_it_showed(inputs: Inputs) -> None:
    mask = np.zeros_like(inputs.mask)
    mask[60:76, 80:140] = 1
    image = 0.5 + 2 * cv2.GaussianBlur(np.random.default_rng(5).random((160, 240, 3), np.float32) - 0.5, (0, 0), 2)
    given = replace(inputs, image=image, mask=mask, source=mask == 0)

    def bump(hole: NDArray[Any]) -> F32:
        depth = cv2.distanceTransform((hole > 0).astype(np.uint8), cv2.DIST_L2, 3)
        return np.asarray(0.02 * np.maximum(depth - 2, 0), np.float32)

    def bumpy(_method: str, inputs: Inputs, _params: Mapping[str, object]) -> Result:
        return Result(inputs.image + bump(inputs.mask)[..., None])

    def flatter(_model: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return {"out": inputs["in"][:, :3] - bump(inputs["in"][0, 6])}

    result = run(given, Params(), FakeContext(infer=flatter, run=bumpy, models=(FACTS,))).image
    error = [np.abs(each - image)[mask > 0].mean() for each in (bumpy("content_fill", given, {}).image, result)]
    assert error[1] < 0.5 * error[0]


def test_where_copies_are_right_the_repair_is_kept_out_and_where_it_is_right_the_copies(inputs: Inputs) -> None:
    """What is best is tried beside the hole, on a picture of one colour."""
    flat = replace(inputs, image=np.full_like(inputs.image, 0.5))
    hole = flat.mask > 0

    def darker(_method: str, inputs: Inputs, _params: Mapping[str, object]) -> Result:
        return Result(np.where(inputs.mask[..., None] > 0, np.float32(0.25), inputs.image))

    for method, wanted in ((grey, 0.5), (darker, 0.5)):
        context = FakeContext(infer=Brighter(), run=method, models=(FACTS,))
        np.testing.assert_allclose(run(flat, Params(), context).image[hole], wanted, atol=1e-5)


def test_the_alpha_is_that_of_what_was_copied(inputs: Inputs) -> None:
    def opaque(method: str, inputs: Inputs, params: Mapping[str, object]) -> Result:
        return replace(grey(method, inputs, params), alpha=np.ones_like(inputs.mask))

    clear = replace(inputs, alpha=1 - inputs.mask)
    result = run(clear, Params(), FakeContext(infer=Brighter(), run=opaque, models=(FACTS,)))
    assert result.alpha is not None
    assert np.all(result.alpha == 1)


def test_another_kind_of_model_is_refused(inputs: Inputs) -> None:
    other = replace(FACTS, inputs=(replace(FACTS.inputs[0], colour="RGB", channels=3),))
    with pytest.raises(ModelError, match="can't be used to repair fills"):
        run(inputs, Params(), FakeContext(run=grey, models=(other,)))
