"""EfficientNet-Lite0, a network trained to name what is in a photo, as a source of features to compare pictures by.

M. Tan, Q. V. Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019
(https://arxiv.org/abs/1905.11946); Lite0 is the smallest of it for phones, without squeeze and excitation, with ReLU6.

This module imports torch, and is itself imported where it is used for the first time.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional

from editor.core.errors import ModelError
from editor.core.i18n import _
from editor.runtime.convert.torch_export import exported

TAPS = ("stem", "block1_expanded", "block3_expanded", "block5_expanded", "block5", "block8_expanded")
"""What the network gives, from the first layer on: 32, 96, 144, 240, 80 and 480 channels; a 2nd, 2nd, 4th, 8th, 16th
and 16th of the picture's sides. A block first expands its channels, then filters each, then joins them to fewer:
"expanded" is the first of these, behind its activation; without it, what the whole block gives."""

_LAST_BLOCK = 8

# For each stage: blocks, kernel, stride of the first block, factor by which channels are expanded, channels.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_STEM, _HEAD, _CLASSES = 32, 1280, 1000

_EXAMPLE_PX = 64


class EfficientNetLite0(nn.Module):
    """The whole network, so that it takes the published weights as they are; what it computes ends at the last tap.

    Parameters are called as in the published state dict.
    """

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _convolution(3, _STEM, 3, 2)
        self._bn0 = _norm(_STEM)
        self._blocks = nn.ModuleList()
        before = _STEM
        for count, kernel, stride, factor, after in _STAGES:
            for index in range(count):
                self._blocks.append(_Block(before, after, kernel, 1 if index else stride, factor))
                before = after
        self._conv_head = _convolution(before, _HEAD, 1, 1)
        self._bn1 = _norm(_HEAD)
        self._fc = nn.Linear(_HEAD, _CLASSES)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Features of pictures.

        Args:
            image: float32, N x 3 x H x W, RGB, (value - 127) / 128 for values of 0 to 255; H and W multiples of 16.

        Returns:
            For each of `TAPS`, float32, N x channels x height x width; from 0 to 6, but of "block5", any number.
        """
        taps = {}
        features = taps["stem"] = functional.relu6(self._bn0(self._conv_stem(image)))
        for index, block in enumerate(self._blocks[: _LAST_BLOCK + 1]):
            assert isinstance(block, _Block)
            taps[f"block{index}_expanded"] = expanded = block.expanded(features)
            features = taps[f"block{index}"] = block.joined(expanded, features)
        return {name: taps[name] for name in TAPS}


class _Block(nn.Module):
    """An inverted residual: expands the channels, filters each, and joins them to fewer."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, factor: int) -> None:
        super().__init__()
        inner = before * factor
        self._expands = factor > 1
        self._adds = stride == 1 and before == after
        if self._expands:
            self._expand_conv = _convolution(before, inner, 1, 1)
            self._bn0 = _norm(inner)
        self._depthwise_conv = _convolution(inner, inner, kernel, stride, groups=inner)
        self._bn1 = _norm(inner)
        self._project_conv = _convolution(inner, after, 1, 1)
        self._bn2 = _norm(after)

    def expanded(self, features: Tensor) -> Tensor:
        return functional.relu6(self._bn0(self._expand_conv(features))) if self._expands else features

    def joined(self, expanded: Tensor, features: Tensor) -> Tensor:
        filtered = functional.relu6(self._bn1(self._depthwise_conv(expanded)))
        joined: Tensor = self._bn2(self._project_conv(filtered))
        return joined + features if self._adds else joined


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def _convolution(before: int, after: int, kernel: int, stride: int, groups: int = 1) -> nn.Conv2d:
    kind = nn.Conv2d if stride == 1 else _Halving
    return kind(before, after, kernel, stride, kernel // 2 if stride == 1 else 0, groups=groups, bias=False)


class _Halving(nn.Conv2d):
    """With stride 2, padded as TensorFlow does it for even sides: a row and a column more at the far ends."""

    def forward(self, features: Tensor) -> Tensor:
        near = (self.kernel_size[0] - 2) // 2
        return super().forward(functional.pad(features, (near, near + 1, near, near + 1)))


def read_efficientnet_lite0(state_dict: bytes) -> EfficientNetLite0:
    """The network with these weights, for use and not for training.

    Args:
        state_dict: the content of a .pth file; only tensors are read from it, no code is run.

    Raises:
        ModelError: it is damaged, or not all of this network and nothing else.
    """
    try:
        weights = torch.load(io.BytesIO(state_dict), map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle raises whatever its bytes happen to mean
        raise ModelError(_("The model's .pth file is damaged. Get it again.")) from error
    network = EfficientNetLite0()
    if not isinstance(weights, dict) or _kinds(weights) != _kinds(network.state_dict()):
        raise ModelError(
            _("The model cannot be converted: its weights are not those of {network}.").format(
                network="EfficientNet-Lite0"
            )
        )
    network.load_state_dict(weights)
    return network.eval()


def _kinds(weights: Mapping[str, object]) -> dict[str, object]:
    """Type and shape of each tensor; of what is none, nothing."""
    return {
        name: (each.dtype, each.shape, each.layout) if isinstance(each, Tensor) else None
        for name, each in weights.items()
    }


def from_efficientnet_lite0(state_dict: bytes) -> onnx.ModelProto:
    """The network up to its last tap as an ONNX model: "image" in, `TAPS` out, as in `EfficientNetLite0.forward`.

    Takes half a minute. For one picture of any height and width that are multiples of 16.

    Args:
        state_dict: the content of a .pth file; only tensors are read from it, no code is run.

    Raises:
        ModelError: it is damaged, or not all of this network and nothing else.
    """
    network = read_efficientnet_lite0(state_dict)
    rows, columns = (16 * torch.export.Dim(name) for name in ("rows", "columns"))
    example = torch.zeros(1, 3, _EXAMPLE_PX, _EXAMPLE_PX)
    return exported(network, [example], ["image"], TAPS, [{2: rows, 3: columns}])
