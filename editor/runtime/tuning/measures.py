"""What is measured on photos that nothing is learned from, by name; more is better."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from torch import Tensor
from torch.nn import functional

Measure = Callable[[Tensor, Tensor], float]


def psnr(given: Tensor, wanted: Tensor) -> float:
    """Peak signal-to-noise ratio in dB, the mean over B x C x H x W pictures 0..1; what is given is clipped to that."""
    errors = functional.mse_loss(given.clamp(0, 1), wanted, reduction="none").mean(dim=(1, 2, 3))
    return sum(-10 * math.log10(max(error, 1e-10)) for error in errors.tolist()) / len(errors)


MEASURES: Mapping[str, Measure] = {"psnr": psnr}
