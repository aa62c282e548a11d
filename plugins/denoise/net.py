"""The noise that the denoiser learns from. Imports torch: for training only."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_STRONGEST = 75 / 255


def examples(clean: Tensor, generator: torch.Generator, bank: Tensor | None) -> tuple[Tensor, Tensor]:
    """Noisy pictures with their noise levels, and the clean ones.

    Args:
        clean: B x 3 x H x W float32 RGB 0..1.
        generator: where all chance comes from.
        bank: N x 3 x h x w float32, noise of a real camera that half of the pictures get, where it is smaller than
            they are in a mosaic of several; or None.

    Returns:
        B x 4 x H x W (RGB and level) and B x 3 x H x W.
    """
    kind = _chance(clean, generator)
    level = _level(clean, kind, generator)
    noise = torch.randn(clean.shape, generator=generator)
    blotchy = (kind > 0.75).flatten()
    if blotchy.any():
        noise[blotchy] = _correlated(noise[blotchy], generator)
    noise *= level
    if bank is not None:
        for number in torch.nonzero(_chance(clean, generator).flatten() < 0.5).flatten().tolist():
            noise[number] = _from_bank(clean[number], bank, generator)
            level[number] = noise[number].std()
    noisy = clean + noise
    rounded = ((kind <= 0.9) & (_chance(clean, generator) < 0.5)).flatten()
    noisy[rounded] = torch.round(noisy[rounded].clamp(0, 1) * 255) / 255
    for number in torch.nonzero(kind.flatten() > 0.9).flatten().tolist():
        noisy[number] = _jpeg(noisy[number], int(torch.randint(60, 98, (), generator=generator)))
    # The level is known from an estimate, which is never quite right.
    told = level * (0.9 + 0.2 * _chance(clean, generator))
    return torch.cat((noisy, told), dim=1), clean


def _chance(clean: Tensor, generator: torch.Generator) -> Tensor:
    """B x 1 x 1 x 1, a number 0..1 for each picture."""
    return torch.rand((len(clean), 1, 1, 1), generator=generator)


def _level(clean: Tensor, kind: Tensor, generator: torch.Generator) -> Tensor:
    """B x 1 x H x W: none, or the same everywhere, or growing with the light as a sensor's does (Foi et al. 2008)."""
    # Faint noise is the more common, and where the most can be spoilt.
    level = _STRONGEST * _chance(clean, generator) ** 1.5 * (kind >= 0.05)
    shot = _chance(clean, generator) * (kind < 0.25)
    light = clean.mean(dim=1, keepdim=True)
    share = light / light.mean(dim=(2, 3), keepdim=True).clamp_min(0.05)
    return level * torch.sqrt((1 - shot) + shot * share)


def _correlated(white: Tensor, generator: torch.Generator) -> Tensor:
    """Noise of the same strength in blotches, as demosaicing and smoothing in a camera leave it."""
    count, channels, height, width = white.shape
    sigma = 0.4 + 0.8 * _chance(white, generator).flatten()
    taps = torch.exp(-(torch.arange(-3, 4) ** 2) / (2 * sigma[:, None] ** 2))
    taps = (taps / taps.square().sum(dim=1, keepdim=True).sqrt()).repeat_interleave(channels, dim=0)
    planes = functional.pad(white, (3, 3, 3, 3), mode="circular").reshape(1, count * channels, height + 6, width + 6)
    for kernel in (taps[:, None, :, None], taps[:, None, None, :]):
        planes = functional.conv2d(planes, kernel, groups=count * channels)
    blotches = planes.reshape(white.shape)
    # Cameras smooth colours more than brightness.
    grey = blotches.mean(dim=1, keepdim=True)
    excess = 1 + 0.4 * _chance(white, generator)
    return (grey * excess + (blotches - grey)) / torch.sqrt((excess**2 + 2) / 3)


def _from_bank(picture: Tensor, bank: Tensor, generator: torch.Generator) -> Tensor:
    height, width = picture.shape[1:]
    if bank.shape[2] < height or bank.shape[3] < width:
        rows = [
            torch.cat([_any_patch(bank, generator) for _column in range(-(-width // bank.shape[3]))], dim=2)
            for _row in range(-(-height // bank.shape[2]))
        ]
        bank = torch.cat(rows, dim=1)[None]
    which = int(torch.randint(len(bank), (), generator=generator))
    top = int(torch.randint(bank.shape[2] - height + 1, (), generator=generator))
    left = int(torch.randint(bank.shape[3] - width + 1, (), generator=generator))
    strength = 0.8 + 0.4 * float(torch.rand((), generator=generator))
    return bank[which, :, top : top + height, left : left + width] * strength


def _any_patch(bank: Tensor, generator: torch.Generator) -> Tensor:
    return bank[int(torch.randint(len(bank), (), generator=generator))]


def _jpeg(picture: Tensor, quality: int) -> Tensor:
    pixels = np.rint(picture.clamp(0, 1).permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", np.ascontiguousarray(pixels[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert decoded is not None
    return torch.from_numpy(np.ascontiguousarray(decoded[..., ::-1])).permute(2, 0, 1).float() / 255
