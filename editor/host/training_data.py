"""From photos to what a network learns from: cells cut out of them, some photos held back to measure on."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.core.errors import EditorError, ReadError
from editor.core.i18n import _, ngettext
from editor.io.depth import on_white, to_uint8
from editor.io.read import READ_SUFFIXES, read_picture

U8 = NDArray[np.uint8]

CELL_PX = 128
"""Side of the cells, unless a recipe says otherwise; the patches of a step are cut out of them at random."""

# Of CELL_PX; of larger ones as much fewer as they are larger.
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


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """Cells of a photo in the file of all of them: where its `count` cells begin, and from where to where along the
    longer side each was (count x 2, in pixels of the photo)."""

    digest: bytes
    name: str
    start: int
    spans: NDArray[np.float64]

    @property
    def count(self) -> int:
        return len(self.spans)


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
            files += sorted(each for each in path.rglob("*") if each.suffix.lower() in READ_SUFFIXES and each.is_file())
        else:
            files.append(path)
    missing = next((file for file in files if not file.exists()), None)
    if missing is not None:
        raise NotEnoughError(_("{path} does not exist.").format(path=missing))
    if not files:
        raise NotEnoughError(
            _("There are no photos in {places}.").format(places=", ".join(str(path) for path in paths) or _("nothing"))
        )
    return [Photo(path.name, partial(_read, path)) for path in files]


def _too_little(count: int, cell_px: int, skipped: Sequence[tuple[str, str]]) -> NotEnoughError:
    if not count and skipped:
        name, reason = skipped[0]
        return NotEnoughError(reason if name in reason else f"{name}: {reason}")
    return NotEnoughError(
        ngettext(
            "That gives {count} patch of {side_px} x {side_px} pixels to learn from; at least {least} are needed. "
            "Choose more or larger photos.",
            "That gives {count} patches of {side_px} x {side_px} pixels to learn from; at least {least} are needed. "
            "Choose more or larger photos.",
            count,
        ).format(count=count, side_px=cell_px, least=_FEWEST_CELLS)
    )


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
    cell_px: int = CELL_PX,
    seed: int = 0,
    progress: Callable[[float], None] = lambda _share: None,
) -> Harvest:
    """Writes `train.npy` and `validation.npy` (N x cell_px x cell_px x 3 uint8 RGB) into the folder.

    A photo gives cells from all over it, at each of the sizes `shrinks`, more where there is texture. Photos that
    can't be read or nearly equal another are left out. One photo in eight is held back. What becomes of a photo
    depends on the pixels of all, not on their names or order. One photo is in memory at a time, no matter how many.

    Args:
        progress: told the share that is done; what it raises stops the work.

    Raises:
        NotEnoughError: there is too little to learn from.
        OSError: the folder can't be written.
    """
    scratch = folder / "cells.part"
    try:
        with scratch.open("w+b") as file:
            most = _MOST_CELLS * CELL_PX**2 // cell_px**2
            harvest = _Collection(file, shrinks, cell_px, max(_FEWEST_CELLS, most // max(1, len(photos))), seed)
            for number, photo in enumerate(photos):
                progress(number / len(photos))
                harvest.add(photo)
            kept = sorted(harvest.kept, key=lambda cut: cut.digest)
            learned, held_back = _split(kept)
            train = [index for cut, chosen in learned for index in cut.start + chosen]
            validation = [index for cut, chosen in held_back for index in cut.start + chosen]
            if len(train) < _FEWEST_CELLS:
                raise _too_little(len(train), cell_px, harvest.skipped)
            # Whoever looks at the first of them sees some of each photo.
            np.random.default_rng(seed).shuffle(validation)
            _write(folder / "train.npy", file, cell_px, train)
            _write(folder / "validation.npy", file, cell_px, validation)
    finally:
        scratch.unlink(missing_ok=True)
    progress(1.0)
    return Harvest(
        tuple(cut.name for cut, _chosen in learned),
        tuple(cut.name for cut, _chosen in held_back),
        len(kept) > 1,
        len(train),
        len(validation),
        tuple(harvest.skipped),
        tuple(harvest.alike),
    )


class _Collection:
    """Cells of photos, written into a file one after another; at most `quota` of each."""

    def __init__(self, file: BinaryIO, shrinks: Sequence[int], cell_px: int, quota: int, seed: int) -> None:
        self.kept: list[_Cut] = []
        self.skipped: list[tuple[str, str]] = []
        self.alike: list[tuple[str, str]] = []
        self._file = file
        self._shrinks = shrinks
        self._cell_px = cell_px
        self._quota = quota
        self._seed = seed
        self._count = 0
        self._prints: list[tuple[NDArray[np.bool_], str]] = []

    def add(self, photo: Photo) -> None:
        """Reads it and cuts it; nothing of it stays in memory."""
        try:
            pixels = np.ascontiguousarray(photo.pixels())
        except ReadError as error:
            self.skipped.append((photo.name, str(error)))
            return
        looks = _looks(pixels)
        twin = next((name for other, name in self._prints if np.count_nonzero(other != looks) <= _SAME_BITS), None)
        if twin is not None:
            self.alike.append((photo.name, twin))
            return
        self._prints.append((looks, photo.name))
        digest = hashlib.sha256(pixels.data).digest()
        rng = np.random.default_rng((self._seed, *digest))
        cells, spans = _cells(pixels, photo.where, self._shrinks, self._cell_px, self._quota, rng)
        if not cells:
            reason = _("too small to cut patches of {side_px} x {side_px} pixels from")
            if photo.where is not None:
                reason = _("too little of it may be learned from to cut patches of {side_px} x {side_px} pixels")
            self.skipped.append((photo.name, reason.format(side_px=self._cell_px)))
            return
        for cell in cells:
            self._file.write(cell.tobytes())
        self.kept.append(_Cut(digest, photo.name, self._count, spans))
        self._count += len(cells)


_Chosen = list[tuple[_Cut, NDArray[np.intp]]]


def _split(kept: list[_Cut]) -> tuple[_Chosen, _Chosen]:
    """Photos and numbers of their cells, to learn from and to measure on."""
    if len(kept) == 1:
        (only,) = kept
        learned, held_back = _apart(only.spans)
        return [(only, learned)], [(only, _thinned(held_back))]
    # One that gives more than all others together is needed to learn from.
    total = sum(cut.count for cut in kept)
    count = min(max(1, len(kept) // _HELD_BACK), _VALIDATION_CELLS)
    back = [cut for cut in kept if 2 * cut.count <= total][:count]
    each = _VALIDATION_CELLS // count
    return (
        [(cut, np.arange(cut.count)) for cut in kept if cut not in back],
        [(cut, _thinned(np.arange(cut.count), each)) for cut in back],
    )


def _apart(spans: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Numbers of the cells before and behind a line across the photo, so that none of these overlap with those."""
    border = np.sort(spans[:, 0])[-max(1, len(spans) // 6)]
    return np.flatnonzero(spans[:, 1] <= border), np.flatnonzero(spans[:, 0] >= border)


def _thinned(numbers: NDArray[np.intp], count: int = _VALIDATION_CELLS) -> NDArray[np.intp]:
    """That many of them, from all over."""
    if len(numbers) <= count:
        return numbers
    thinned: NDArray[np.intp] = numbers[np.linspace(0, len(numbers) - 1, count).round().astype(int)]
    return thinned


def _write(path: Path, cells: BinaryIO, cell_px: int, numbers: Sequence[int]) -> None:
    """Copies cells into a .npy file. Not into a mapped one: where the disk is full, that ends the program."""
    shape = (len(numbers), cell_px, cell_px, 3)
    size = cell_px * cell_px * 3
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for number in numbers:
            cells.seek(int(number) * size)
            file.write(cells.read(size))


def _cells(
    pixels: U8,
    where: NDArray[np.bool_] | None,
    shrinks: Sequence[int],
    cell_px: int,
    quota: int,
    rng: np.random.Generator,
) -> tuple[list[U8], NDArray[np.float64]]:
    """At most `quota` cells of a photo, and from where to where along its longer side each lies, sorted by that.

    Each size gives an equal part at most: the large ones have many more cells, and less in each.
    """
    chosen: list[U8] = []
    spans: list[tuple[float, float]] = []
    height, width = pixels.shape[:2]
    for shrink in shrinks:
        rows, columns = height // shrink, width // shrink
        if min(rows, columns) < cell_px:
            continue
        small = _shrunk(pixels, columns, rows)
        found: list[tuple[U8, tuple[float, float]]] = []
        for top, left in itertools.product(_starts(rows, cell_px), _starts(columns, cell_px)):
            down = _covered(top, cell_px, height / rows)
            right = _covered(left, cell_px, width / columns)
            if where is None or where[_whole(down), _whole(right)].all():
                cell = small[top : top + cell_px, left : left + cell_px]
                found.append((cell, down if height > width else right))
        numbers: NDArray[np.intp] = np.arange(len(found))
        if len(found) > (part := quota // len(shrinks)):
            worth = np.array([_worth(cell) for cell, _span in found])
            numbers = rng.choice(len(found), part, replace=False, p=worth / worth.sum())
        chosen += [found[number][0] for number in numbers]
        spans += [found[number][1] for number in numbers]
    order = sorted(range(len(chosen)), key=lambda number: (spans[number], number))
    return [chosen[number] for number in order], np.array([spans[number] for number in order]).reshape(-1, 2)


def _covered(start: int, cell_px: int, scale: float) -> tuple[float, float]:
    """From where to where a cell lies in the photo that is so many times as large."""
    return start * scale, (start + cell_px) * scale


def _whole(span: tuple[float, float]) -> slice:
    return slice(math.floor(span[0]), math.ceil(span[1]))


def _shrunk(pixels: U8, width: int, height: int) -> U8:
    """Each new pixel is the mean of those that it covers."""
    if pixels.shape[:2] == (height, width):
        return pixels
    shrunk: U8 = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return shrunk


def _starts(length: int, cell_px: int) -> list[int]:
    count = length // cell_px
    return [round(start) for start in np.linspace(0, length - cell_px, count)]


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
