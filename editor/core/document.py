"""One state of a document: layers, masks, metadata. A value that is never changed, only replaced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from editor.core.geometry import Rect, Size, TileKey, tile_keys
from editor.core.layers import Layer, composite
from editor.core.metadata import Metadata
from editor.core.tiles import Pixels, Tile, TileMap

MaskName = Literal["mask", "include", "exclude"]
"""What the user paints: what to change, where to copy from only, where never to copy from."""

MASKS: tuple[MaskName, ...] = ("mask", "include", "exclude")


@dataclass(frozen=True, eq=False, slots=True)
class DocumentState:
    """Layers from the bottom up (at least one), and the three masks (uint8, one channel) that the user paints.

    Every layer has the size, channels and dtype of the first. Channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and
    straight alpha; values as the file had them, in the profile that `metadata.icc` names.
    """

    layers: tuple[Layer, ...]
    mask: TileMap
    include: TileMap
    exclude: TileMap
    metadata: Metadata = Metadata()  # noqa: RUF009 - frozen

    @classmethod
    def from_pixels(cls, pixels: Pixels, metadata: Metadata, name: str) -> DocumentState:
        """A document of one layer from H x W x C pixels, uint8, uint16 or float32."""
        base = Layer(0, name, TileMap.from_array(pixels))
        blank = TileMap.blank(base.pixels.size, 1, np.uint8)
        return cls((base,), blank, blank, blank, metadata)

    @property
    def size(self) -> Size:
        return self.layers[0].pixels.size

    @property
    def channels(self) -> int:
        return self.layers[0].pixels.channels

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.layers[0].pixels.dtype

    @property
    def has_alpha(self) -> bool:
        return self.channels in (2, 4)

    def read(self, rect: Rect) -> Pixels:
        """The flattened pixels of `rect`, H x W x C, as shown and exported."""
        return composite(self.layers, rect)

    def masked(self, name: MaskName) -> TileMap:
        maps: dict[MaskName, TileMap] = {"mask": self.mask, "include": self.include, "exclude": self.exclude}
        return maps[name]

    def with_mask(self, name: MaskName, mask: TileMap) -> DocumentState:
        if name == "mask":
            return replace(self, mask=mask)
        return replace(self, include=mask) if name == "include" else replace(self, exclude=mask)

    def with_layer(self, layer: Layer) -> DocumentState:
        """This state with a layer on top."""
        return replace(self, layers=(*self.layers, layer))

    def next_layer_id(self) -> int:
        return max(layer.id for layer in self.layers) + 1

    def maps(self) -> Iterator[TileMap]:
        for layer in self.layers:
            yield layer.pixels
            if layer.mask is not None:
                yield layer.mask
        yield from (self.mask, self.include, self.exclude)

    def tiles(self) -> Iterator[Tile]:
        for tile_map in self.maps():
            yield from tile_map.tiles.values()

    def pixels_differ(self, other: DocumentState) -> set[TileKey]:
        """The tiles in which the flattened pictures may differ (same size assumed); mask edits are not counted."""
        keys: set[TileKey] = set()
        mine = {layer.id: layer for layer in self.layers}
        theirs = {layer.id: layer for layer in other.layers}
        for ident in mine.keys() | theirs.keys():
            keys |= _layer_differs(mine.get(ident), theirs.get(ident))
        if [ident for ident in mine if ident in theirs] != [ident for ident in theirs if ident in mine]:
            # Where fewer than two layers reach, their order shows nowhere: so all but one will do.
            for layer in self.layers[1:]:
                keys |= _reach(layer)
        return keys


def _layer_differs(one: Layer | None, other: Layer | None) -> set[TileKey]:
    if one is other:
        return set()
    if one is None or other is None:
        present = one if one is not None else other
        assert present is not None
        return _reach(present)
    if (one.visible, one.opacity, one.mask is None) != (other.visible, other.opacity, other.mask is None):
        return _reach(one) | _reach(other)
    keys = one.pixels.differing(other.pixels)
    if one.mask is not None and other.mask is not None:
        keys |= one.mask.differing(other.mask)
    return keys


def _reach(layer: Layer) -> set[TileKey]:
    # Without a mask a layer hides what lies below even where its own tiles are missing, that is zero.
    return set(layer.mask.tiles if layer.mask is not None else tile_keys(layer.pixels.size.rect))
