"""What training makes small, by name: each compares what a network gives with what it should give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from editor.sdk.recipe import Loss

PixelLoss = Callable[[Tensor, Tensor], Tensor]
"""From B x 3 x H x W given and wanted, RGB 0..1, to a number."""
Features = Callable[[Tensor], Sequence[Tensor]]
"""From B x 3 x H x W RGB 0..1 to feature maps, B x C x h x w."""
FeatureLoss = Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]
"""From the features of what is given and of what is wanted to a number."""

# W.-S. Lai et al. 2017: near zero it is a square, so that small errors don't flicker.
_CHARBONNIER = 1e-3
# Where features have no energy, their difference is not divided by nothing.
_FEATURE_FLOOR = 1e-6
_WINDOW_PX = 8
# Changes below a third of a hundredth are grain that nobody misses, and the root's slope stays finite.
_CHANGE_FLOOR = 1e-5
# Texture differs from place to place: it is compared in so many by so many windows.
_WINDOWS = 4


def l1(given: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute difference."""
    return functional.l1_loss(given, wanted)


def charbonnier(given: Tensor, wanted: Tensor) -> Tensor:
    """Mean of sqrt(d^2 + epsilon^2) for differences d: eq. 3 of W.-S. Lai et al. 2017
    (https://arxiv.org/abs/1704.03915)."""
    return torch.sqrt((given - wanted).square() + _CHARBONNIER**2).mean()


def total_variation(given: Tensor, _wanted: Tensor) -> Tensor:
    """Mean absolute difference of neighbours (L. Rudin, S. Osher, E. Fatemi 1992), whatever is wanted."""
    down = (given[..., 1:, :] - given[..., :-1, :]).abs().mean()
    return down + (given[..., :, 1:] - given[..., :, :-1]).abs().mean()


def sharpness(given: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute difference of how much brightness changes from pixel to pixel: of the root of the mean square of
    its gradient in windows of 8 x 8 pixels that half overlap. Blur costs, wherever exactly fine detail should be."""
    return functional.l1_loss(_change(given), _change(wanted))


def _change(picture: Tensor) -> Tensor:
    grey = picture.mean(1, keepdim=True)
    across, down = grey[..., 1:] - grey[..., :-1], grey[..., 1:, :] - grey[..., :-1, :]
    square = functional.pad(across, (0, 1)).square() + functional.pad(down, (0, 0, 0, 1)).square()
    return torch.sqrt(functional.avg_pool2d(square, _WINDOW_PX, _WINDOW_PX // 2) + _CHANGE_FLOOR)


def perceptual(found: Sequence[Tensor], goals: Sequence[Tensor]) -> Tensor:
    """Difference of features of a network that knows photos, relative to their energy (J. Johnson et al. 2016,
    https://arxiv.org/abs/1603.08155, eq. 2)."""
    return _relative(found, goals)


def style(found: Sequence[Tensor], goals: Sequence[Tensor]) -> Tensor:
    """Difference of which features go together, wherever exactly: of their Gram matrices, relative to the energy of
    these (L. Gatys et al. 2016, eq. 3 and 4), in windows of a quarter of the sides. Unlike pixels it does not reward
    blur where texture can't be known."""
    return _relative([_grams(each) for each in found], [_grams(each) for each in goals])


def _relative(found: Sequence[Tensor], goals: Sequence[Tensor]) -> Tensor:
    terms = [
        functional.mse_loss(each, goal) / (goal.square().mean() + _FEATURE_FLOOR)
        for each, goal in zip(found, goals, strict=True)
    ]
    return torch.stack(terms).mean()


def _grams(features: Tensor) -> Tensor:
    """B x windows x C x C."""
    rows, columns = (max(1, side // _WINDOWS) for side in features.shape[2:])
    cut = features.unfold(2, rows, rows).unfold(3, columns, columns)
    flat = cut.permute(0, 2, 3, 1, 4, 5).flatten(4).flatten(1, 2)
    return flat @ flat.mT / flat.shape[3]


PIXEL_LOSSES: Mapping[str, PixelLoss] = {
    "l1": l1,
    "charbonnier": charbonnier,
    "total_variation": total_variation,
    "sharpness": sharpness,
}
FEATURE_LOSSES: Mapping[str, FeatureLoss] = {"perceptual": perceptual, "style": style}
ADVERSARIAL = ("non_saturating", "hinge")
NAMES = (*PIXEL_LOSSES, *FEATURE_LOSSES, *ADVERSARIAL)


def critic_loss(kind: str, real: Tensor, fake: Tensor) -> Tensor:
    """What a critic makes small, from its scores of real and of made pictures.

    "non_saturating": I. Goodfellow et al. 2014 (https://arxiv.org/abs/1406.2661), the first line of algorithm 1;
    "hinge": J. H. Lim, J. C. Ye 2017 (https://arxiv.org/abs/1705.02894).
    """
    if kind == "hinge":
        return functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def generator_loss(kind: str, fake: Tensor) -> Tensor:
    """What a generator makes small, from the critic's scores of what it made: the same papers."""
    if kind == "hinge":
        return -fake.mean()
    return functional.softplus(-fake).mean()


def r1_penalty(critic: nn.Module, real: Tensor, beside: Tensor) -> Tensor:
    """Half the mean squared gradient of the critic's score at real pictures: eq. 9 of L. Mescheder et al. 2018
    (https://arxiv.org/abs/1801.04406), without its weight. Of a critic with many scores a picture, each for a part of
    it, the mean over them.

    beside: B x C x H x W of what it sees beside pictures, C may be 0.
    """
    real = real.detach().requires_grad_()
    scores: Tensor = critic(torch.cat((real, beside), 1))
    (slope,) = torch.autograd.grad(scores.sum(), real, create_graph=True)
    return slope.square().sum() / scores.numel() / 2


def check(losses: Sequence[Loss]) -> None:
    """Raises ValueError if a name is unknown, a weight is not above 0, or two are adversarial."""
    for loss in losses:
        if loss.name not in NAMES or not loss.weight > 0:
            raise ValueError(f"loss {loss.name!r} with weight {loss.weight}: known are {', '.join(NAMES)}")
    if sum(loss.name in ADVERSARIAL for loss in losses) > 1:
        raise ValueError("a network has one adversary")
