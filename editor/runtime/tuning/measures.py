"""What is measured on photos that nothing is learned from, by name; more is better."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from torch import Tensor
from torch.nn import functional

from editor.imaging.measures import gmsd

Measure = Callable[[Tensor, Tensor], float]


def psnr(given: Tensor, wanted: Tensor) -> float:
    """Peak signal-to-noise ratio in dB, the mean over B x C x H x W pictures 0..1; what is given is clipped to that."""
    errors = functional.mse_loss(given.clamp(0, 1), wanted, reduction="none").mean(dim=(1, 2, 3))
    return sum(-10 * math.log10(max(error, 1e-10)) for error in errors.tolist()) / len(errors)


def structure(given: Tensor, wanted: Tensor) -> float:
    """How alike the gradients are: the mean gradient magnitude similarity deviation (W. Xue et al. 2014,
    https://arxiv.org/abs/1308.3052) over B x 3 x H x W pictures 0..1, in dB below 1. Blur does not raise it, as it does
    the PSNR of what can't be known."""
    pictures = (each.clamp(0, 1).permute(0, 2, 3, 1).contiguous().numpy() for each in (given, wanted))
    deviations = [gmsd(one, other) for one, other in zip(*pictures, strict=True)]
    return -20 * math.log10(max(sum(deviations) / len(deviations), 1e-5))


MEASURES: Mapping[str, Measure] = {"psnr": psnr, "structure": structure}
