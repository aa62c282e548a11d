"""The network that repairs a fill, the critic that it learns against, and the examples of both. Imports torch: for
training only."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_WIDTHS = (16, 32, 64)
_DILATIONS = (1, 2, 4, 2, 1)
_CRITIC_WIDTHS = (24, 48, 96)
_CRITIC_STEP = 8
_LEAK = 0.2
# What is learned from is cut out around a place of the hole: far from it there is nothing to learn.
_PIECE_PX = 128

# How often, and how far, what is given is made to differ from what is wanted as fills do.
_COPIED = 0.1
_TINTED = 0.4
_TINT = 0.06
_BLURRED = 0.15
_GRAINED = 0.15
_GRAIN = 0.02


class _Gated(nn.Module):
    """A convolution whose result passes as far as a second one lets it, for each place and channel: equation 3 of J.
    Yu et al., "Free-Form Image Inpainting with Gated Convolution", 2019 (https://arxiv.org/abs/1806.03589)."""

    def __init__(self, before: int, after: int, side: int = 3, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        padding = dilation * (side // 2) if stride == 1 else 0
        self.both = nn.Conv2d(before, 2 * after, side, stride, padding, dilation)
        assert self.both.bias is not None
        # Value times gate is small: without more at the start, little would come through so many layers.
        nn.init.kaiming_normal_(self.both.weight, nonlinearity="relu")
        nn.init.zeros_(self.both.bias[:after])
        nn.init.ones_(self.both.bias[after:])

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.both(x).chunk(2, dim=1)
        return functional.silu(value) * torch.sigmoid(gate)


class _Block(nn.Module):
    """A gated convolution beside a straight way."""

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.gated = _Gated(width, width, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = self.gated(x)
        return x + changed


class Repairer(nn.Module):
    """A gated U-Net that works at half the resolution and sees far: at an eighth it has dilated convolutions.

    Gated convolutions after Yu et al. 2019; what they had to invent is here filled by patches before, and the network
    gives the difference, which is nothing at the start.

    Input: B x 4 x H x W float32: RGB 0..1, filled, and the mask, 1 in the hole; sides are multiples of 8.
    Output: B x 3 x H x W, RGB, not clipped; outside the mask as it came in.
    """

    def __init__(self) -> None:
        super().__init__()
        fine, middle, coarse = _WIDTHS
        self.head = _Gated(16, fine)
        self.down_fine = _Block(fine)
        self.to_middle = _Gated(fine, middle, 2, 2)
        self.down_middle = _Block(middle)
        self.to_coarse = _Gated(middle, coarse, 2, 2)
        self.bottom = nn.Sequential(*(_Block(coarse, dilation) for dilation in _DILATIONS))
        self.from_coarse = nn.ConvTranspose2d(coarse, middle, 2, 2)
        self.up_middle = _Block(middle)
        self.from_middle = nn.ConvTranspose2d(middle, fine, 2, 2)
        self.up_fine = nn.Sequential(_Block(fine), _Block(fine))
        self.tail = nn.Conv2d(fine, 12, 3, padding=1)
        nn.init.zeros_(self.tail.weight)
        assert self.tail.bias is not None
        nn.init.zeros_(self.tail.bias)

    def forward(self, planes: Tensor) -> Tensor:
        filled, mask = planes[:, :3], planes[:, 3:]
        fine = self.down_fine(self.head(functional.pixel_unshuffle(torch.cat((filled - 0.5, mask), 1), 2)))
        middle = self.down_middle(self.to_middle(fine))
        coarse = self.bottom(self.to_coarse(middle))
        middle = self.up_middle(middle + self.from_coarse(coarse))
        fine = self.up_fine(fine + self.from_middle(middle))
        return filled + mask * functional.pixel_shuffle(self.tail(fine), 2)


class Critic(nn.Module):
    """Scores of all places that the mask touches: what is outside is real in either case. After the patch critic of P.
    Isola et al. 2017 (https://arxiv.org/abs/1611.07004), without its normalisation.

    Input: B x 4 x H x W: a picture and its mask; sides are multiples of 8. Output: one number a place of 8 x 8 pixels.
    """

    def __init__(self) -> None:
        super().__init__()
        first, second, third = _CRITIC_WIDTHS
        self.steps = nn.Sequential(
            nn.Conv2d(4, first, 4, 2, 1),
            nn.LeakyReLU(_LEAK),
            nn.Conv2d(first, second, 4, 2, 1),
            nn.LeakyReLU(_LEAK),
            nn.Conv2d(second, third, 4, 2, 1),
            nn.LeakyReLU(_LEAK),
            nn.Conv2d(third, third, 3, 1, 1),
            nn.LeakyReLU(_LEAK),
            nn.Conv2d(third, 1, 3, 1, 1),
        )
        for layer in list(self.steps)[:-1]:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, _LEAK)

    def forward(self, judged: Tensor) -> Tensor:
        scores: Tensor = self.steps(torch.cat((2 * judged[:, :3] - 1, judged[:, 3:]), 1))
        return scores[functional.max_pool2d(judged[:, 3:].detach(), _CRITIC_STEP) > 0.5]


def network() -> nn.Module:
    """The repairer with fresh weights."""
    return Repairer()


def critic() -> nn.Module:
    """Its adversary with fresh weights."""
    return Critic()


def examples(cells: Tensor, generator: torch.Generator, _bank: Tensor | None) -> tuple[Tensor, Tensor]:
    """Filled pictures with their masks, and the true ones.

    Args:
        cells: B x 7 x H x W float32 0..1: the true picture in RGB, the filled one, and the mask, see
            `plugins.gan_inpaint.holes.prepared`.
        generator: where all chance comes from.

    Returns:
        B x 4 x h x w, see `Repairer`, and B x 3 x h x w RGB: pieces of at most 128 x 128 pixels, with hole in each.
    """
    pieces = [_piece(cell, generator) for cell in cells]
    pairs = [_pair(piece[:3], piece[3:6], piece[6:], generator) for piece in pieces]
    return torch.stack([given for given, _wanted in pairs]), torch.stack([wanted for _given, wanted in pairs])


def _chance(generator: torch.Generator) -> float:
    return float(torch.rand((), generator=generator))


def _between(low: float, high: float, generator: torch.Generator) -> float:
    return low + (high - low) * _chance(generator)


def _piece(cell: Tensor, generator: torch.Generator) -> Tensor:
    """Cut out around a place of the hole, all of its places equally likely."""
    places = cell[6].nonzero()
    place = places[int(_chance(generator) * len(places))].tolist()
    spans = []
    for middle, side in zip(place, cell.shape[1:], strict=True):
        start = min(max(middle - _PIECE_PX // 2, 0), max(side - _PIECE_PX, 0))
        spans.append(slice(start, start + _PIECE_PX))
    return cell[:, spans[0], spans[1]]


def _pair(wanted: Tensor, filled: Tensor, mask: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    if _chance(generator) < _COPIED:
        filled = _copied(wanted, mask, filled, generator)
    if _chance(generator) < 0.5:
        # The same change of both: photos of other exposures and tints.
        gamma = 2 ** _between(-0.5, 0.5, generator)
        gain = torch.rand((3, 1, 1), generator=generator) * 0.2 + 0.85
        wanted, filled = (each.pow(gamma).mul(gain).clamp_(0, 1) for each in (wanted, filled))
    worse = _worse(filled, generator)
    given = torch.where(mask > 0.5, worse, wanted)
    return torch.cat((given, mask)), wanted


def _copied(wanted: Tensor, mask: Tensor, filled: Tensor, generator: torch.Generator) -> Tensor:
    """Filled from one place nearby as a whole, as by a clone brush; as it was where that place has the hole in it."""
    side = wanted.shape[-1]
    shift = [int(_between(-0.4, 0.4, generator) * side) for _axis in range(2)]
    copy, hole = (torch.roll(each, shift, (1, 2)) for each in (wanted, mask))
    return torch.where(hole > 0.5, filled, copy)


def _worse(filled: Tensor, generator: torch.Generator) -> Tensor:
    """With a tint, blur or grain that its surroundings do not have."""
    if _chance(generator) < _TINTED:
        tint = torch.randn((3, 1, 1), generator=generator) * 0.5 + torch.randn((), generator=generator)
        filled = filled + _TINT * _chance(generator) * tint
    if _chance(generator) < _BLURRED:
        size = 3 if _chance(generator) < 0.6 else 5
        filled = functional.avg_pool2d(filled, size, 1, size // 2, count_include_pad=False)
    if _chance(generator) < _GRAINED:
        grain = torch.randn(filled.shape[1:], generator=generator)
        filled = filled + _GRAIN * _chance(generator) * grain
    return filled.clamp(0, 1)
