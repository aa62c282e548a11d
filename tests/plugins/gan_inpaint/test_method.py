"""GAN fill, as far as it fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.sdk.errors import ModelError
from editor.sdk.models import ModelFacts, TensorSpec
from editor.sdk.plugin import Inputs, Result
from editor.sdk.testing import FakeContext, check_plugin
from plugins.gan_inpaint import PLUGIN, Params, run

F32 = NDArray[np.float32]

FACTS = ModelFacts(
    "gan_inpaint",
    "Fake",
    1,
    None,
    24,
    (TensorSpec("in", "NCHW", "float32", (0.0, 1.0), "planes", 4),),
    (TensorSpec("out", "NCHW", "float32", (0.0, 1.0), "RGB", 3),),
)
HOLE = np.s_[50:70, 100:130]


@pytest.fixture
def inputs() -> Inputs:
    image = np.random.default_rng(1).random((160, 240, 3), np.float32)
    mask = np.zeros((160, 240), np.float32)
    mask[HOLE] = 1
    mask[50, 100] = 0.3
    return Inputs(image, mask, mask == 0)


def grey(method: str, inputs: Inputs, _params: Mapping[str, object]) -> Result:
    """Stands in for the fill by patches."""
    assert method == "content_fill"
    return Result(np.where(inputs.mask[..., None] > 0, np.float32(0.5), inputs.image))


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
    np.testing.assert_allclose(result[hole], wanted, atol=1e-6)
    assert np.array_equal(result[~hole], inputs.image[~hole])


@pytest.mark.parametrize("origin", [(0, 0), (3, 13)])
def test_the_network_sees_the_fill_its_surroundings_and_the_same_grid(inputs: Inputs, origin: tuple[int, int]) -> None:
    network = Brighter()
    run(inputs, Params(), FakeContext(infer=network, run=grey, models=(FACTS,), origin=origin))
    (planes,) = network.given
    top, left = 26 - (26 + origin[1]) % 8, 76 - (76 + origin[0]) % 8
    assert planes.shape == (1, 4, 94 - top, 154 - left)
    seen = np.s_[top:94, left:154]
    assert np.array_equal(planes[0, 3], (inputs.mask > 0)[seen])
    filled = grey("content_fill", inputs, {}).image[seen]
    assert np.array_equal(planes[0, :3], filled.transpose(2, 0, 1))


def test_another_kind_of_model_is_refused(inputs: Inputs) -> None:
    other = replace(FACTS, inputs=(replace(FACTS.inputs[0], colour="RGB", channels=3),))
    with pytest.raises(ModelError, match="can't be used to repair fills"):
        run(inputs, Params(), FakeContext(run=grey, models=(other,)))
