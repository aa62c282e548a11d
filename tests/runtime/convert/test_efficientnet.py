"""EfficientNet-Lite0 with random weights."""

from __future__ import annotations

import io
import os
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from editor.core.errors import ModelError
from editor.runtime import onnx as runtime
from editor.runtime.convert.efficientnet import (
    TAPS,
    EfficientNetLite0,
    from_efficientnet_lite0,
    read_efficientnet_lite0,
)
from editor.runtime.providers import Provider

# Channels of each tap, and how often it goes into a side of the picture.
EXPECTED = {
    "stem": (32, 2),
    "block1_expanded": (96, 2),
    "block3_expanded": (144, 4),
    "block5_expanded": (240, 8),
    "block5": (80, 16),
    "block8_expanded": (480, 16),
}

Array = NDArray[np.float32]
Weights = dict[str, Tensor]


def saved(weights: object) -> bytes:
    file = io.BytesIO()
    torch.save(weights, file)
    return file.getvalue()


@pytest.fixture(scope="module")
def weights() -> Weights:
    """Of a new network, with statistics for its normalisations as training would leave them."""
    torch.manual_seed(0)
    network = EfficientNetLite0()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.running_mean, module.bias):
                assert values is not None
                nn.init.uniform_(values, -0.5, 0.5)
            for values in (module.running_var, module.weight):
                assert values is not None
                nn.init.uniform_(values, 0.5, 1.5)
    return network.state_dict()


@pytest.fixture(scope="module")
def network(weights: Weights) -> EfficientNetLite0:
    return read_efficientnet_lite0(saved(weights))


@pytest.fixture(scope="module")
def model(weights: Weights) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exported = from_efficientnet_lite0(saved(weights))
        assert not list(Path(folder).iterdir())
    return exported


def random(*shape: int) -> Array:
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


def taps(network: EfficientNetLite0, image: Array) -> dict[str, Array]:
    with torch.no_grad():
        return {name: values.numpy() for name, values in network(torch.from_numpy(image)).items()}


def test_taps(weights: Weights) -> None:
    """With kernels so strong that every activation reaches its end."""
    strong = {name: values * 20 if "_conv" in name else values for name, values in weights.items()}
    found = taps(read_efficientnet_lite0(saved(strong)), random(2, 3, 32, 48))
    assert tuple(found) == TAPS == tuple(EXPECTED)
    for name, (channels, step) in EXPECTED.items():
        assert found[name].shape == (2, channels, 32 // step, 48 // step)
        assert name == "block5" or (found[name].min(), found[name].max()) == (0, 6)
    assert found["block5"].min() < 0


def test_the_stem_looks_further_to_the_far_ends(network: EfficientNetLite0, weights: Weights) -> None:
    image = random(1, 3, 16, 16)
    padded = np.pad(image, ((0, 0), (0, 0), (0, 1), (0, 1)))
    kernel = weights["_conv_stem.weight"].numpy()
    sums = np.zeros((1, 32, 8, 8), np.float32)
    for y in range(3):
        for x in range(3):
            sums += np.einsum("oc,bchw->bohw", kernel[:, :, y, x], padded[:, :, y : y + 16 : 2, x : x + 16 : 2])
    mean, variance, scale, shift = (
        weights[f"_bn0.{name}"].numpy()[:, None, None] for name in ("running_mean", "running_var", "weight", "bias")
    )
    expected = np.clip((sums - mean) / np.sqrt(variance + 1e-3) * scale + shift, 0, 6)
    np.testing.assert_allclose(taps(network, image)["stem"], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("kernel", "near", "far"), [(3, 0, 1), (5, 1, 2)])
def test_a_halving_filter_is_centred_as_in_tensorflow(
    network: EfficientNetLite0, kernel: int, near: int, far: int
) -> None:
    block = {3: 1, 5: 3}[kernel]
    filtering = network.get_submodule(f"_blocks.{block}._depthwise_conv")
    assert isinstance(filtering, nn.Conv2d)
    assert filtering.kernel_size == (kernel, kernel)
    image = torch.from_numpy(random(1, filtering.in_channels, 8, 8))
    padded = nn.functional.pad(image, (near, far, near, far))
    with torch.no_grad():
        expected = nn.functional.conv2d(padded, filtering.weight, stride=2, groups=filtering.groups)
        torch.testing.assert_close(filtering(image), expected)


def test_a_block_adds_its_input_where_it_fits(weights: Weights) -> None:
    """With the last normalisation of each block at 0, only what is added is left."""
    silent = {name: values * (not ("._bn2.weight" in name or "._bn2.bias" in name)) for name, values in weights.items()}
    network = read_efficientnet_lite0(saved(silent))
    added = []
    for index in range(16):
        block: Any = network.get_submodule(f"_blocks.{index}")
        features = torch.ones(1, block._depthwise_conv.in_channels // (6 if index else 1), 8, 8)
        with torch.no_grad():
            joined = block.joined(block.expanded(features), features)
        if joined.any():
            torch.testing.assert_close(joined, features)
            added.append(index)
    assert added == [2, 4, 6, 7, 9, 10, 12, 13, 14]


def test_what_is_read_is_for_use_and_not_for_training(network: EfficientNetLite0) -> None:
    assert not network.training
    image = random(1, 3, 16, 16)
    np.testing.assert_array_equal(taps(network, image)["block5"], taps(network, image)["block5"])


def without(weights: Weights, name: str) -> Weights:
    return {key: values for key, values in weights.items() if key != name}


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda weights: without(weights, "_fc.bias"),
        lambda weights: without(weights, "_blocks.15._bn2.num_batches_tracked"),
        lambda weights: {**weights, "_fc.extra": torch.zeros(1)},
        lambda weights: {**weights, "epoch": 12},
        lambda weights: {**weights, "_fc.bias": [0.0] * 1000},
        lambda weights: {**weights, "_fc.bias": torch.zeros(10)},
        lambda weights: {**weights, "_fc.bias": torch.zeros(1000, dtype=torch.float64)},
        lambda weights: {**weights, "_fc.bias": torch.zeros(1000).to_sparse()},
        lambda weights: {"state_dict": weights},
        lambda weights: list(weights.values()),
        lambda weights: {},
    ],
)
def test_weights_of_another_network(weights: Weights, spoilt: Callable[[Weights], object]) -> None:
    with pytest.raises(ModelError, match="not those of EfficientNet-Lite0"):
        read_efficientnet_lite0(saved(spoilt(weights)))


class Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("made by the file",)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        b"\x80\x02\x8a\n",
        b"text",
        pickle.dumps(Hostile()),
        saved({"_fc.bias": Hostile()}),
        saved({"_fc.bias": torch.zeros(1000)})[:-100],
        saved({"_fc.bias": torch.zeros(1000)})[:1000],
    ],
)
def test_a_damaged_or_hostile_file(data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=r"\.pth file is damaged"):
        read_efficientnet_lite0(data)
    assert not list(tmp_path.iterdir())


@pytest.mark.timeout(600)  # the export alone takes half a minute of an idle core
def test_the_exported_model(model: onnx.ModelProto, network: EfficientNetLite0, tmp_path: Path) -> None:
    onnx.checker.check_model(model, full_check=True)
    assert model.ir_version <= 10
    assert [value.name for value in model.graph.input] == ["image"]
    assert [value.name for value in model.graph.output] == list(TAPS)
    path = tmp_path / "features.onnx"
    path.write_bytes(model.SerializeToString())
    assert str(Path(__file__).resolve().parents[3]).encode() not in path.read_bytes()
    session = runtime.load(path, (Provider.CPU,))
    for height, width in ((16, 16), (64, 64), (80, 48)):
        image = random(1, 3, height, width)
        found, expected = session.run({"image": image}, lambda: False), taps(network, image)
        for name in TAPS:
            assert found[name].shape == expected[name].shape
            np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=2e-4)
