"""From photos to cells: what is learned from, what is held back, what is left out."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from editor.core.errors import Cancelled, ReadError
from editor.host import training_data
from editor.host.training_data import CELL_PX, Harvest, NotEnoughError, Photo, cut, photos_in, rgb8

U8 = NDArray[np.uint8]


def picture(seed: int, height: int = 384, width: int = 512) -> U8:
    """Large soft blots, which scaling and compression leave as they are, under fine noise."""
    rng = np.random.default_rng(seed)
    blots = Image.fromarray(rng.integers(40, 216, (6, 8, 3), np.uint8))
    pixels: U8 = np.asarray(blots.resize((width, height), Image.Resampling.BICUBIC)).copy()
    pixels += rng.integers(0, 12, (height, width, 3), np.uint8)
    return pixels


def numbered(width: int, height: int) -> U8:
    """Each pixel tells by its red and green where its column is, by its blue in which of the top rows it is."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = np.divmod(np.arange(width), 256)
    pixels[..., 2] = (np.arange(height) // CELL_PX)[:, None]
    return pixels


def photos(*pictures: U8, names: Sequence[str] = ()) -> list[Photo]:
    return [
        Photo(names[number] if names else str(number), partial(np.asarray, pixels))
        for number, pixels in enumerate(pictures)
    ]


def cells(folder: Path, name: str = "train") -> U8:
    loaded: U8 = np.load(folder / f"{name}.npy")
    return loaded


def as_set(pixels: U8) -> set[bytes]:
    return {cell.tobytes() for cell in pixels}


def save(path: Path, pixels: NDArray[Any], **options: Any) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none")
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(NotEnoughError, match=tmp_path.name):
        photos_in([tmp_path])


def test_photos_of_folders_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("c.png", "a/z.JPG", "b.tif"):
        (tmp_path / name).touch()
    assert [photo.name for photo in photos_in([tmp_path])] == ["z.JPG", "b.tif", "c.png"]


def test_photos_too_small_are_too_little(tmp_path: Path) -> None:
    with pytest.raises(NotEnoughError, match="too small to cut patches of 128"):
        cut(photos(picture(0, CELL_PX - 1, 500)), tmp_path, (1,))
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_among_good_ones(tmp_path: Path) -> None:
    save(tmp_path / "a.png", picture(0))
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8 no picture")
    save(tmp_path / "c.png", picture(1))
    harvest = cut(photos_in([tmp_path]), tmp_path, (1,))
    ((name, reason),) = harvest.skipped
    assert name == "b.jpg"
    assert "b.jpg" in reason
    assert sorted(harvest.learned + harvest.held_back) == ["a.png", "c.png"]


@pytest.mark.parametrize(("size", "quality"), [((512, 384), 40), ((300, 225), 90), ((900, 675), 80)])
def test_a_near_duplicate_is_left_out(tmp_path: Path, size: tuple[int, int], quality: int) -> None:
    save(tmp_path / "a.png", picture(0))
    save(tmp_path / "b.png", picture(1))
    Image.fromarray(picture(0)).resize(size, Image.Resampling.LANCZOS).save(tmp_path / "c.jpg", quality=quality)
    harvest = cut(photos_in([tmp_path]), tmp_path, (1,))
    assert harvest.alike == (("c.jpg", "a.png"),)
    assert harvest.cells == 12


def test_a_turned_photo_is_cut_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    upright = picture(0, 384, 384)
    save(tmp_path / "a.png", np.rot90(upright), exif=exif)
    save(tmp_path / "b.png", picture(1, 384, 384))
    cut(photos_in([tmp_path]), tmp_path, (1,))
    both = as_set(cells(tmp_path)) | as_set(cells(tmp_path, "validation"))
    assert upright[:CELL_PX, CELL_PX : 2 * CELL_PX].tobytes() in both


def test_what_becomes_of_a_photo_depends_on_neither_name_nor_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_data, "_MOST_CELLS", 9 * 10)
    pictures = [picture(seed) for seed in range(9)]
    for folder, order in (("a", range(9)), ("b", [4, 7, 0, 8, 2, 1, 6, 5, 3])):
        (tmp_path / folder).mkdir()
        named = photos(*(pictures[number] for number in order), names=[f"{folder}{number}" for number in order])
        harvest = cut(named, tmp_path / folder, (1, 2))
        assert len(harvest.held_back) == 1
        assert len(harvest.learned) == 8
    for name in ("train", "validation"):
        np.testing.assert_array_equal(cells(tmp_path / "a", name), cells(tmp_path / "b", name))


def test_photos_are_held_back_whole(tmp_path: Path) -> None:
    pictures = [picture(seed) for seed in range(16)]
    harvest = cut(photos(*pictures), tmp_path, (1,))
    assert harvest.by_photo
    assert len(harvest.held_back) == 2
    assert (harvest.cells, harvest.validation_cells) == (14 * 12, 2 * 12)
    assert len(cells(tmp_path)) == harvest.cells
    held_back = [pictures[int(name)] for name in harvest.held_back]
    expected = {
        pixels[top : top + CELL_PX, left : left + CELL_PX].tobytes()
        for pixels in held_back
        for top in range(0, 384, CELL_PX)
        for left in range(0, 512, CELL_PX)
    }
    assert as_set(cells(tmp_path, "validation")) == expected


def test_the_first_of_those_held_back_are_of_several_photos(tmp_path: Path) -> None:
    pictures = [np.full((256, 256, 3), seed, np.uint8) for seed in range(24)]
    for seed, pixels in enumerate(pictures):
        pixels[:, :128] += (picture(seed, 256, 128) // 2).astype(np.uint8)  # so that none is like another
    harvest = cut(photos(*pictures), tmp_path, (1,))
    assert len(harvest.held_back) == 3
    sources = [{cell.tobytes() for cell in _quarters(pictures[int(name)])} for name in harvest.held_back]
    first = as_set(cells(tmp_path, "validation")[:4])
    assert sum(bool(source & first) for source in sources) > 1


def _quarters(pixels: U8) -> list[U8]:
    return [pixels[top : top + 128, left : left + 128] for top in (0, 128) for left in (0, 128)]


def test_of_many_photos_some_are_held_back(tmp_path: Path) -> None:
    harvest = cut(photos(*(picture(seed, 128, 256) for seed in range(300))), tmp_path, (1,))
    assert harvest.alike == ()
    assert len(harvest.held_back) == harvest.validation_cells == 32


def test_the_photo_that_gives_most_is_learned_from(tmp_path: Path) -> None:
    for seed in range(6):
        harvest = cut(photos(picture(seed, 128, 256), picture(seed + 9)), tmp_path, (1,))
        assert harvest.learned == ("1",)


@pytest.mark.parametrize("standing", [False, True])
def test_one_photo_alone_is_divided(tmp_path: Path, standing: bool) -> None:
    pixels = numbered(3000, 640)
    harvest = cut(photos(pixels.transpose(1, 0, 2) if standing else pixels), tmp_path, (1, 2))
    assert not harvest.by_photo
    assert harvest.learned == harvest.held_back == ("0",)

    def columns(name: str) -> NDArray[np.intp]:
        found = cells(tmp_path, name).astype(int)
        if standing:
            found = found.transpose(0, 2, 1, 3)
        places: NDArray[np.intp] = (found[:, 0, :, 0] * 256 + found[:, 0, :, 1]).ravel()
        return places

    assert harvest.validation_cells >= 10
    # At half the size, a pixel is the mean of two columns.
    assert columns("train").max() < columns("validation").min() - 1


def test_only_the_marked_part_is_used(tmp_path: Path) -> None:
    where = np.zeros((640, 3000), np.bool_)
    where[:256, 1000:] = True
    pixels = numbered(3000, 640)
    cut([Photo("marked", lambda: pixels, where)], tmp_path, (1, 2))
    both = np.concatenate([cells(tmp_path), cells(tmp_path, "validation")]).astype(int)
    assert len(both) > 20
    assert both[..., 2].max() == 1
    assert (both[..., 0] * 256 + both[..., 1]).min() >= 1000


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_kind_of_picture_is_rgb_of_8_bits(dtype: type[np.generic], channels: int) -> None:
    full = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
    pixels = np.zeros((2, 2, channels), dtype)
    pixels[0, :, :] = full
    if channels in (2, 4):
        pixels[1, 0, -1] = full  # black; beside it, nothing
    found = rgb8(pixels)
    assert found.dtype == np.uint8
    bottom = [0, 255] if channels in (2, 4) else [0, 0]
    np.testing.assert_array_equal(found, np.repeat(np.array([[255, 255], bottom])[..., None], 3, axis=2))


def test_files_of_16_bits_grey_and_alpha(tmp_path: Path) -> None:
    grey = picture(0)[..., 0]
    save(tmp_path / "a.png", grey.astype(np.uint16) * 257)
    save(tmp_path / "b.png", np.dstack([picture(1), np.full(grey.shape, 255, np.uint8)]))
    harvest = cut(photos_in([tmp_path]), tmp_path, (1,))
    assert harvest.skipped == ()
    both = as_set(cells(tmp_path)) | as_set(cells(tmp_path, "validation"))
    assert np.repeat(grey[:CELL_PX, :CELL_PX, None], 3, axis=2).tobytes() in both
    assert picture(1)[:CELL_PX, :CELL_PX].tobytes() in both


def test_of_a_large_photo_the_cells_with_texture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_data, "_MOST_CELLS", 80)
    flat = np.full((1024, 2048, 3), 90, np.uint8)
    flat[:, 1024:] = np.random.default_rng(0).integers(0, 255, (1024, 1024, 3), np.uint8)
    harvest = cut(photos(flat, picture(1)), tmp_path, (1,))
    assert harvest.cells == 40
    textured = sum(int(cell.std() > 10) for cell in cells(tmp_path))
    assert textured > 30


def test_progress_stops_the_work(tmp_path: Path) -> None:
    shares: list[float] = []

    def progress(share: float) -> None:
        shares.append(share)
        if share > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        cut(photos(*(picture(seed) for seed in range(4))), tmp_path, (1,), progress=progress)
    assert shares == [0, 0.25, 0.5]
    assert not list(tmp_path.iterdir())


def test_progress_ends_at_all(tmp_path: Path) -> None:
    shares: list[float] = []
    cut(photos(picture(0), picture(1)), tmp_path, (1,), progress=shares.append)
    assert shares == [0, 0.5, 1]


def test_one_photo_is_in_memory_at_a_time(tmp_path: Path) -> None:
    pictures = [picture(seed) for seed in range(6)]
    read = [Photo(str(seed), pixels.copy) for seed, pixels in enumerate(pictures)]
    tracemalloc.start()
    try:
        harvest = cut(read, tmp_path, (1,))
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert harvest.cells == 60
    assert most < 1.5 * pictures[0].nbytes


def test_photos_are_cut_at_several_sizes(tmp_path: Path) -> None:
    harvest = cut(photos(numbered(1024, 512)), tmp_path, (1, 2))
    both = np.concatenate([cells(tmp_path), cells(tmp_path, "validation")]).astype(int)
    widths = np.ptp(both[:, 0, :, 0] * 256 + both[:, 0, :, 1], axis=1) + 1
    assert len(widths) == harvest.cells + harvest.validation_cells
    assert set(widths) == {CELL_PX, 2 * CELL_PX - 1}


def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "train.npy").mkdir()
    with pytest.raises(OSError, match="train"):
        cut(photos(picture(0), picture(1)), tmp_path, (1,))
    assert not (tmp_path / "cells.part").exists()


def test_a_photo_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    def fails() -> U8:
        raise ReadError("gone")

    harvest: Harvest = cut([*photos(picture(0), picture(1)), Photo("card", fails)], tmp_path, (1,))
    assert harvest.skipped == (("card", "gone"),)
