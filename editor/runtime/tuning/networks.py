"""Networks that the recipes of several methods share, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor, nn
from torch.nn import functional

_WIDTHS = (32, 64, 128)
_BLOCKS = 2


class _Block(nn.Module):
    """Two convolutions beside a straight way."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = self.second(functional.relu(self.first(x)))
        return x + changed


def _blocks(width: int) -> nn.Sequential:
    return nn.Sequential(*(_Block(width) for _ in range(_BLOCKS)))


class PlanesUNet(nn.Module):
    """A residual U-Net that works at half the resolution and is told how far each pixel is to be trusted.

    As FFDNet (K. Zhang, W. Zuo, L. Zhang, 2018, https://arxiv.org/abs/1710.04026) it takes pictures apart into four
    of half the size and a noise level as a plane; as DRUNet (K. Zhang et al., 2021, https://arxiv.org/abs/2008.13751)
    it has residual blocks at several scales.

    Input: B x 4 x H x W float32: RGB 0..1, and the standard deviation of its error 0..1; sides are multiples of 8.
    Output: B x 3 x H x W, RGB, not clipped.
    """

    def __init__(self) -> None:
        super().__init__()
        fine, middle, coarse = _WIDTHS
        self.head = nn.Conv2d(16, fine, 3, padding=1)
        self.down_fine = _blocks(fine)
        self.to_middle = nn.Conv2d(fine, middle, 2, stride=2)
        self.down_middle = _blocks(middle)
        self.to_coarse = nn.Conv2d(middle, coarse, 2, stride=2)
        self.bottom = _blocks(coarse)
        self.from_coarse = nn.ConvTranspose2d(coarse, middle, 2, stride=2)
        self.up_middle = _blocks(middle)
        self.from_middle = nn.ConvTranspose2d(middle, fine, 2, stride=2)
        self.up_fine = _blocks(fine)
        self.tail = nn.Conv2d(fine, 12, 3, padding=1)
        # At the start the picture passes as it is: what is learned is the noise.
        nn.init.zeros_(self.tail.weight)
        assert self.tail.bias is not None
        nn.init.zeros_(self.tail.bias)

    def forward(self, planes: Tensor) -> Tensor:
        fine = self.down_fine(self.head(functional.pixel_unshuffle(planes, 2)))
        middle = self.down_middle(self.to_middle(fine))
        coarse = self.bottom(self.to_coarse(middle))
        middle = self.up_middle(middle + self.from_coarse(coarse))
        fine = self.up_fine(fine + self.from_middle(middle))
        noise = functional.pixel_shuffle(self.tail(fine), 2)
        return planes[:, :3] - noise


NETWORKS: Mapping[str, Callable[[], nn.Module]] = {"planes_unet": PlanesUNet}
