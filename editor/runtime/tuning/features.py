"""The network by whose features pictures are compared."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from editor.runtime.convert.efficientnet import read_efficientnet_lite0
from editor.runtime.tuning.losses import Features

# Fine structure, not what is seen: what a repair gets wrong.
_TAPS = ("stem", "block1_expanded", "block3_expanded")


def features(state_dict: Path, device: str) -> Features:
    """Those of EfficientNet-Lite0, from its .pth file. Raises ModelError if it is none."""
    network = read_efficientnet_lite0(state_dict.read_bytes()).to(device).requires_grad_(False)

    def found(pictures: Tensor) -> list[Tensor]:
        taps = network((pictures * 255 - 127) / 128)
        return [taps[name] for name in _TAPS]

    return found
