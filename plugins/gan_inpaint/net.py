"""The network that repairs a fill, the critic that it learns against, and the examples of both. Imports torch: for
training only."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from plugins.gan_inpaint.rim import with_detail
from plugins.gan_inpaint.seams import within

_WIDTHS = (24, 48, 96)
_DILATIONS = (1, 2, 4, 1)
_CRITIC_WIDTHS = (24, 48, 96)
_CRITIC_STEP = 8
# What blur takes away is small in numbers.
_FINE = 8.0
_LEAK = 0.2
# What is learned from is cut out around a place near the hole's edge: far from it there is nothing to learn.
_PIECE_PX = 96
_NEAR = 0.16


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
    """A gated U-Net that works at half the resolution; at an eighth it has dilated convolutions, to see far.

    Gated convolutions after Yu et al. 2019; what they had to invent is here filled by patches before, and the network
    gives the difference, which is nothing at the start.

    Input: B x 7 x H x W float32, see `plugins.gan_inpaint.rim.planes`; sides are multiples of 8.
    Output: B x 3 x H x W, RGB, not clipped; where nothing is near, the fill as it came in.
    """

    def __init__(self) -> None:
        super().__init__()
        fine, middle, coarse = _WIDTHS
        self.head = _Gated(28, fine)
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
        filled, mended, near = planes[:, :3], planes[:, 3:6], planes[:, 6:]
        seen = torch.cat((filled - 0.5, 4 * (mended - filled), near), 1)
        fine = self.down_fine(self.head(functional.pixel_unshuffle(seen, 2)))
        middle = self.down_middle(self.to_middle(fine))
        coarse = self.bottom(self.to_coarse(middle))
        middle = self.up_middle(middle + self.from_coarse(coarse))
        fine = self.up_fine(fine + self.from_middle(middle))
        return filled + near * functional.pixel_shuffle(self.tail(fine), 2)


class Critic(nn.Module):
    """Scores of all places near the hole's edge: elsewhere nothing differs much. After the patch critic of P. Isola et
    al. 2017 (https://arxiv.org/abs/1611.07004), without its normalisation, but with what is fine in the picture apart.

    Input: B x 7 x H x W: a picture, and what the repairer was given beside the fill; sides are multiples of 8. Output:
    one number a place of 8 x 8 pixels.
    """

    def __init__(self) -> None:
        super().__init__()
        first, second, third = _CRITIC_WIDTHS
        self.steps = nn.Sequential(
            nn.Conv2d(7, first, 4, 2, 1),
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
        picture, near = judged[:, :3], judged[:, -1:]
        fine = picture - functional.avg_pool2d(picture, 3, 1, 1, count_include_pad=False)
        scores: Tensor = self.steps(torch.cat((2 * picture - 1, _FINE * fine, near), 1))
        return scores[functional.max_pool2d(near.detach(), _CRITIC_STEP) > _NEAR]


def network() -> nn.Module:
    """The repairer with fresh weights."""
    return Repairer()


def critic() -> nn.Module:
    """Its adversary with fresh weights."""
    return Critic()


def finished(made: Tensor, given: Tensor) -> Tensor:
    """What GAN fill makes of the network's results: kept to the brightness and colours that are near, with the fill's
    fine detail. By the bare results, those that are smooth where texture can't be known would be the best.

    Args:
        made: B x 3 x H x W RGB on the CPU. given: B x 7 x H x W, see `Repairer`.

    Returns:
        B x 3 x H x W.
    """
    pictures = []
    for picture, planes in zip(_channels_last(made), _channels_last(given), strict=True):
        filled = np.ascontiguousarray(planes[..., :3])
        detailed = with_detail(within(picture, filled), filled, planes[..., -1] > 0)
        pictures.append(torch.from_numpy(detailed).permute(2, 0, 1))
    return torch.stack(pictures)


def _channels_last(pictures: Tensor) -> NDArray[np.float32]:
    """As OpenCV wants them."""
    return np.ascontiguousarray(pictures.permute(0, 2, 3, 1).numpy())


def examples(cells: Tensor, generator: torch.Generator, _bank: Tensor | None) -> tuple[Tensor, Tensor]:
    """Filled pictures as the network is given them, and the true ones.

    Args:
        cells: B x 10 x H x W float32 0..1: the true picture in RGB and the planes of
            `plugins.gan_inpaint.holes.prepared`.
        generator: where all chance comes from.

    Returns:
        B x 7 x h x w, see `Repairer`, and B x 3 x h x w RGB: pieces of at most 96 x 96 pixels, with the edge of a hole
        in each.
    """
    pieces = torch.stack([_exposed(_piece(cell, generator), generator) for cell in cells])
    return pieces[:, 3:].contiguous(), pieces[:, :3].contiguous()


def _chance(generator: torch.Generator) -> float:
    return float(torch.rand((), generator=generator))


def _piece(cell: Tensor, generator: torch.Generator) -> Tensor:
    """Cut out around a place near the hole's edge, all of its places equally likely; the place is not in its middle."""
    places = (cell[9] > _NEAR).nonzero()
    place = places[int(_chance(generator) * len(places))].tolist()
    spans = []
    for middle, side in zip(place, cell.shape[1:], strict=True):
        start = middle - _PIECE_PX // 2 + round((_chance(generator) - 0.5) * _PIECE_PX / 2)
        start = min(max(start, 0), max(side - _PIECE_PX, 0))
        spans.append(slice(start, start + _PIECE_PX))
    return cell[:, spans[0], spans[1]]


def _exposed(piece: Tensor, generator: torch.Generator) -> Tensor:
    """Half of them with the same change of all their pictures: photos of other exposures and tints."""
    if _chance(generator) < 0.5:
        return piece
    gamma = 2 ** (_chance(generator) - 0.5)
    gain = (torch.rand((3, 1, 1), generator=generator) * 0.2 + 0.85).repeat(3, 1, 1)
    return torch.cat((piece[:9].pow(gamma).mul(gain).clamp(0, 1), piece[9:]))
