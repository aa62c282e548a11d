"""From photos to what a network learns from: cells cut out of them, some photos held back to measure on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.core.errors import EditorError, ReadError
from editor.core.i18n import _
from editor.io.depth import on_white, to_uint8
from editor.io.read import READ_SUFFIXES, read_picture

U8 = NDArray[np.uint8]

CELL_PX = 128
"""Side of the cells; the patches of a step are cut out of them at random."""

_MOST_CELLS = 8192
_FEWEST_CELLS = 8
_VALIDATION_CELLS = 32
_HELD_BACK = 8

_HASH_PX = 16
_SAME_BITS = 20


class NotEnoughError(EditorError):
    """The photos give too little to learn from."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo to learn from: its name, and what reads it as H x W x 3 uint8 RGB, upright; raises ReadError.

    where: H x W bool, of what may be learned from; None for all.
    """

    name: str
    pixels: Callable[[], U8]
    where: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Harvest:
    """What was cut. names: of the photos learned from, and of those held back; `by_photo` is False if there was only
    one, so that cells from another part of it were held back. skipped: file and reason. alike: file and the one that
    it nearly equals."""

    learned: tuple[str, ...]
    held_back: tuple[str, ...]
    by_photo: bool
    cells: int
    validation_cells: int
    skipped: tuple[tuple[str, str], ...]
    alike: tuple[tuple[str, str], ...]


def photos_in(paths: Iterable[Path]) -> list[Photo]:
    """The photos among files and in folders, at any depth, in the order of their names.

    Raises:
        NotEnoughError: there are none.
    """
    paths = list(paths)
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(each for each in path.rglob("*") if each.suffix.lower() in READ_SUFFIXES)
        else:
            files.append(path)
    if not files:
        raise NotEnoughError(
            _("There are no photos in {places}.").format(places=", ".join(str(path) for path in paths) or _("nothing"))
        )
    return [Photo(path.name, partial(_read, path)) for path in files]


def _read(path: Path) -> U8:
    return rgb8(read_picture(path).pixels)


def rgb8(pixels: NDArray[np.generic]) -> U8:
    """H x W x 1 to 4 of any depth as H x W x 3 uint8 RGB; what is transparent is white."""
    if pixels.shape[2] in (2, 4):
        pixels = on_white(pixels)
    shallow = to_uint8(pixels)
    return np.repeat(shallow, 3, axis=2) if shallow.shape[2] == 1 else shallow


def cut(
    photos: Sequence[Photo],
    folder: Path,
    shrinks: Sequence[int],
    *,
    seed: int = 0,
    progress: Callable[[float], None] = lambda _share: None,
) -> Harvest:
    """Writes `train.npy` and `validation.npy` (N x CELL_PX x CELL_PX x 3 uint8 RGB) into the folder.

    A photo gives cells from all over it, at each of the sizes `shrinks`, more where there is texture. Photos that
    can't be read or nearly equal another are left out. One photo in eight is held back.

    Args:
        progress: told the share that is done; what it raises stops the work.

    Raises:
        NotEnoughError: there is too little to learn from.
        OSError: the folder can't be written.
    """
    rng = np.random.default_rng(seed)
    skipped: list[tuple[str, str]] = []
    alike: list[tuple[str, str]] = []
    kept: list[tuple[bytes, str, U8]] = []
    hashes: list[tuple[NDArray[np.bool_], str]] = []
    quota = max(_FEWEST_CELLS, _MOST_CELLS // max(1, len(photos)))
    for number, photo in enumerate(photos):
        progress(number / len(photos))
        try:
            pixels = photo.pixels()
        except ReadError as error:
            skipped.append((photo.name, str(error)))
            continue
        looks = _looks(pixels)
        twin = next((name for other, name in hashes if np.count_nonzero(other != looks) <= _SAME_BITS), None)
        if twin is not None:
            alike.append((photo.name, twin))
            continue
        hashes.append((looks, photo.name))
        cells = _cells(pixels, photo.where, shrinks, quota, rng)
        if len(cells) == 0:
            skipped.append((photo.name, _("too small to cut patches from")))
            continue
        kept.append((hashlib.sha256(pixels.data).digest(), photo.name, cells))
    train, validation, learned, held_back = _split(kept)
    if len(train) < _FEWEST_CELLS:
        raise NotEnoughError(
            _(
                "That gives {count} patches to learn from; at least {least} are needed. Choose more or larger photos."
            ).format(count=len(train), least=_FEWEST_CELLS)
        )
    np.save(folder / "train.npy", train)
    np.save(folder / "validation.npy", validation)
    progress(1.0)
    return Harvest(learned, held_back, len(kept) > 1, len(train), len(validation), tuple(skipped), tuple(alike))


def _split(kept: list[tuple[bytes, str, U8]]) -> tuple[U8, U8, tuple[str, ...], tuple[str, ...]]:
    """Cells to learn from and to measure on, and the names of the photos. What is held back depends on the pixels
    alone, not on names or order."""
    none = np.empty((0, CELL_PX, CELL_PX, 3), np.uint8)
    if len(kept) == 1:
        _digest, name, cells = kept[0]
        # They come column by column: the last ones are one side of the photo.
        back = max(1, len(cells) // 6)
        return cells[: -back - 1], _thinned(cells[-back:]), (name,), (name,)
    order = sorted(range(len(kept)), key=lambda index: kept[index][0])
    back_count = max(1, len(kept) // _HELD_BACK) if len(kept) > 1 else 0
    back_indices = set(order[:back_count])
    each = _VALIDATION_CELLS // max(1, back_count)
    train = [cells for index, (_digest, _name, cells) in enumerate(kept) if index not in back_indices]
    validation = [_thinned(kept[index][2], each) for index in sorted(back_indices)]
    names = [name for _digest, name, _cells in kept]
    return (
        np.concatenate(train) if train else none,
        np.concatenate(validation) if validation else none,
        tuple(name for index, name in enumerate(names) if index not in back_indices),
        tuple(name for index, name in enumerate(names) if index in back_indices),
    )


def _thinned(cells: U8, count: int = _VALIDATION_CELLS) -> U8:
    """That many of them, from all over."""
    if len(cells) <= count:
        return cells
    thinned: U8 = cells[np.linspace(0, len(cells) - 1, count).round().astype(int)]
    return thinned


def _cells(
    pixels: U8, where: NDArray[np.bool_] | None, shrinks: Sequence[int], quota: int, rng: np.random.Generator
) -> U8:
    """At most `quota` cells of a photo, sorted by where their left sides are."""
    found: list[U8] = []
    lefts: list[float] = []
    for shrink in shrinks:
        height, width = pixels.shape[0] // shrink, pixels.shape[1] // shrink
        if min(height, width) < CELL_PX:
            continue
        small = _shrunk(pixels, width, height)
        for left in _starts(width):
            for top in _starts(height):
                if (
                    where is not None
                    and not where[
                        top * shrink : (top + CELL_PX) * shrink, left * shrink : (left + CELL_PX) * shrink
                    ].all()
                ):
                    continue
                found.append(small[top : top + CELL_PX, left : left + CELL_PX])
                lefts.append(left / width)
    if not found:
        return np.empty((0, CELL_PX, CELL_PX, 3), np.uint8)
    chosen: NDArray[np.int64] = np.arange(len(found))
    if len(found) > quota:
        worth = np.array([_worth(cell) for cell in found])
        chosen = rng.choice(len(found), quota, replace=False, p=worth / worth.sum())
    picked: U8 = np.stack([found[index] for index in sorted(chosen.tolist(), key=lambda index: (lefts[index], index))])
    return picked


def _shrunk(pixels: U8, width: int, height: int) -> U8:
    """Each new pixel is the mean of those that it covers."""
    if pixels.shape[:2] == (height, width):
        return pixels
    shrunk: U8 = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return shrunk


def _starts(length: int) -> list[int]:
    count = length // CELL_PX
    return [round(start) for start in np.linspace(0, length - CELL_PX, count)]


def _worth(cell: U8) -> float:
    """How much there is to learn: little where nothing happens, no more from a mesh than from leaves."""
    light = cell.mean(axis=2, dtype=np.float32)
    steps = np.abs(np.diff(light, axis=0)).mean() + np.abs(np.diff(light, axis=1)).mean()
    return float(np.clip(steps, 1.0, 12.0))


def _looks(pixels: U8) -> NDArray[np.bool_]:
    """A coarse print of a photo that survives scaling and compression: where brightness grows to the right."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_HASH_PX + 1, _HASH_PX), interpolation=cv2.INTER_AREA).astype(np.int16)
    bits: NDArray[np.bool_] = np.diff(small, axis=1) > 0
    return bits
