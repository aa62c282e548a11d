"""Noise of a user's own camera, lifted from flat parts of their photos, for methods that learn to remove it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.i18n import _
from editor.core.metadata import Metadata
from editor.host.jobs import CancelToken
from editor.host.made import Patch
from editor.host.runner import Request, Runner
from editor.host.training_data import NotEnoughError, Photo, rgb8
from editor.imaging import noise
from editor.sdk.params import from_dict
from editor.sdk.plugin import Plugin

U8 = NDArray[np.uint8]
Clean = Callable[[U8], U8]
"""From a noisy photo to one without noise, H x W x 3 uint8 RGB."""

PATCH_PX = 32

# Below it a photo serves as one without noise: so little can't be seen.
_FAINT = 2 / 255
# A quarter of them is only measured with.
_FEWEST = 4


def is_lifted(plugin: Plugin, base: str) -> bool:
    """Whether a training takes noisy photos apart: its recipe does so, and there is a model that can clean them."""
    return plugin.recipe is not None and plugin.recipe.lifts_noise and bool(base)


def cleaner(runner: Runner, plugin: Plugin, model: str, token: CancelToken) -> Clean:
    """Cleans photos by a method itself, with a model of its recipe's role and its parameters' defaults."""
    assert plugin.recipe is not None
    names = [spec.name for spec in plugin.specs if spec.role == plugin.recipe.export.role]
    params = from_dict(plugin.params, dict.fromkeys(names, model))

    def clean(pixels: U8) -> U8:
        state = DocumentState.from_pixels(pixels, Metadata(), "")
        made = runner.run(state, Request(plugin, params), token, lambda _share, _text: None)
        assert isinstance(made, Patch)
        return rgb8(made.pixels.read(state.size.rect))

    return clean


class NoiseLifter:
    """Takes photos apart into noise and what is under it, as they are read."""

    def __init__(self, clean: Clean) -> None:
        self._clean = clean
        self._patches: list[NDArray[np.float32]] = []
        self._noisy = 0
        self._marked = False

    def taken_apart(self, photo: Photo) -> Photo:
        """The photo as it is cleaned when it is read, whole: its `where` says from where noise is lifted."""
        return replace(photo, pixels=partial(self._read, photo), where=None)

    def save(self, path: Path) -> int:
        """Writes the noise, N x PATCH_PX x PATCH_PX x 3 float32, if there is any; returns N.

        Raises:
            NotEnoughError: photos were noisy, but too little of them is flat.
            OSError: it can't be written.
        """
        bank = np.concatenate([np.empty((0, PATCH_PX, PATCH_PX, 3), np.float32), *self._patches])
        if self._noisy and len(bank) < _FEWEST:
            if self._marked:
                raise NotEnoughError(
                    _(
                        "What is selected is too small or not flat enough to learn its noise from. Select a larger "
                        "place without edges, of some 100 x 100 pixels or more."
                    )
                )
            raise NotEnoughError(
                _(
                    "The photos are noisy, but too little of them is flat to learn their noise from. Add a photo with "
                    "sky or a wall, or select such a place."
                )
            )
        if len(bank):
            np.save(path, bank)
        return len(bank)

    def _read(self, photo: Photo) -> U8:
        pixels = photo.pixels()
        values = pixels.astype(np.float32) / np.float32(255)
        if noise.level(values) < _FAINT:
            return pixels
        self._noisy += 1
        self._marked = self._marked or photo.where is not None
        self._patches.append(noise.lift(values, PATCH_PX, photo.where))
        return self._clean(pixels)
