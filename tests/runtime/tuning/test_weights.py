"""A network and its file: the same results, and all weights under their names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from editor.core.errors import ModelError
from editor.runtime.tuning import weights
from tests.runtime.tuning import tiny


class Awkward(nn.Module):
    """Weights that the exporter leaves out, puts together or turns round."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.mix = nn.Linear(4, 4)
        self.last = nn.Conv2d(4, 3, 3, padding=1)
        self.gain = nn.Parameter(torch.ones(1))
        self.strength = nn.Parameter(torch.ones(1))
        self.unused = nn.Parameter(torch.rand(2))
        for same in (self.first.bias, self.second.bias):
            assert same is not None
            nn.init.zeros_(same)
        self.norm.running_mean = torch.rand(4)
        self.norm.running_var = torch.rand(4) + 0.5

    def forward(self, picture: Tensor) -> Tensor:
        found = self.second(torch.relu(self.norm(self.first(picture))))
        mixed = self.mix(found.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        result: Tensor = picture * self.gain + self.last(mixed) * self.strength
        return result


EXPORT = tiny.recipe().export


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(1)
    return Awkward().eval()


@pytest.fixture(scope="module")
def model(network: nn.Module) -> onnx.ModelProto:
    return weights.to_onnx(network, replace(EXPORT, minimum=22))


@pytest.fixture
def path(model: onnx.ModelProto, tmp_path: Path) -> Path:
    made = tmp_path / "model.onnx"
    made.write_bytes(model.SerializeToString())
    return made


def test_weights_come_back(path: Path, network: nn.Module) -> None:
    found = weights.from_onnx(path, network)
    assert list(found) == list(network.state_dict())
    torch.testing.assert_close(found, dict(network.state_dict()), rtol=0, atol=0)
    fresh = Awkward()
    fresh.load_state_dict(found)


@pytest.mark.parametrize("size", [(8, 8), (24, 52)])
def test_the_file_gives_what_the_network_gives_at_any_size(
    path: Path, network: nn.Module, size: tuple[int, int]
) -> None:
    given = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))
    assert weights.difference(path, network, given) < weights.TOLERANCE


def test_the_file_says_what_it_takes_and_nothing_of_this_machine(model: onnx.ModelProto) -> None:
    onnx.checker.check_model(model)
    assert [each.name for each in (*model.graph.input, *model.graph.output)] == ["picture", "result"]
    assert str(Path.cwd()).encode() not in model.SerializeToString()


def test_another_network_is_refused(path: Path) -> None:
    class Larger(Awkward):
        def __init__(self) -> None:
            super().__init__()
            self.more = nn.Parameter(torch.zeros(1))

    wider = Awkward()
    wider.last = nn.Conv2d(4, 3, 5, padding=2)
    for other in (Larger(), wider):
        with pytest.raises(ModelError, match=r"model\.onnx is of another network"):
            weights.from_onnx(path, other)


@pytest.mark.parametrize("content", [b"no model", None])
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes | None, network: nn.Module) -> None:
    path = tmp_path / "other.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match="can't be read"):
        weights.from_onnx(path, network)


def changed(model: onnx.ModelProto, change: float) -> onnx.ModelProto:
    """With another gain than the network has."""
    other = onnx.ModelProto()
    other.CopyFrom(model)
    for tensor in other.graph.initializer:
        if tensor.name == "last.bias":
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) + change, tensor.name))
    return other


def test_writing_keeps_a_file_that_is_right(
    tmp_path: Path, network: nn.Module, model: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "to_onnx", lambda *_arguments: model)
    path, given = tmp_path / "model.onnx", torch.rand(1, 3, 8, 8)
    path.write_bytes(b"before")
    assert 0 <= weights.write(path, network, EXPORT, given) < weights.TOLERANCE
    assert path.read_bytes() == model.SerializeToString()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("change", [2e-3, float("nan")])
def test_writing_does_not_keep_a_file_that_is_wrong(
    tmp_path: Path, network: nn.Module, model: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch, change: float
) -> None:
    def export(*_arguments: Any) -> onnx.ModelProto:
        return changed(model, change)

    monkeypatch.setattr(weights, "to_onnx", export)
    path = tmp_path / "model.onnx"
    path.write_bytes(b"before")
    with pytest.raises(ModelError, match="differs from what was learned by"):
        weights.write(path, network, EXPORT, torch.rand(1, 3, 8, 8))
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
