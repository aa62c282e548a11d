"""What is written comes back: the same pixels, at the same depth, and readable by others."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import DTypeLike
from PIL import Image

from editor.core.errors import ParamError, WriteError
from editor.io.picture import Picture
from editor.io.read import read_picture
from editor.io.write import ExportOptions, write_picture
from tests.io.pictures import noise, smooth

EXACT: list[tuple[str, int, DTypeLike]] = [
    *((".png", channels, dtype) for channels in (1, 2, 3, 4) for dtype in (np.uint8, np.uint16)),
    *((".tif", channels, dtype) for channels in (1, 2, 3, 4) for dtype in (np.uint8, np.uint16, np.float32)),
    *((".webp", channels, np.uint8) for channels in (3, 4)),
    *((".bmp", channels, np.uint8) for channels in (1, 3)),
]


@pytest.mark.parametrize(("suffix", "channels", "dtype"), EXACT)
def test_lossless_formats_return_the_same_bits(tmp_path: Path, suffix: str, channels: int, dtype: DTypeLike) -> None:
    pixels = noise((301, 203, channels), dtype)
    path = tmp_path / f"picture{suffix}"
    notes = write_picture(path, Picture(pixels), ExportOptions(lossless=True))
    back = read_picture(path)
    assert notes == ()
    assert back.notes == ()
    assert back.pixels.dtype == pixels.dtype
    assert back.pixels.flags.c_contiguous
    np.testing.assert_array_equal(back.pixels, pixels)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 10_000, 3), (10_000, 1, 3)])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp", ".bmp", ".jpg"])
def test_narrow_pictures(tmp_path: Path, suffix: str, shape: tuple[int, ...]) -> None:
    path = tmp_path / f"picture{suffix}"
    pixels = np.full(shape, 90, np.uint8)
    write_picture(path, Picture(pixels), ExportOptions(lossless=True))
    np.testing.assert_allclose(read_picture(path).pixels, pixels, atol=2)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_other_programs_read_our_tiff(tmp_path: Path, dtype: DTypeLike, channels: int) -> None:
    pixels = noise((70, 90, channels), dtype)
    path = tmp_path / "picture.tif"
    write_picture(path, Picture(pixels))
    np.testing.assert_array_equal(tifffile.imread(path).reshape(pixels.shape), pixels)
    if dtype == np.uint8:
        with Image.open(path) as image:
            np.testing.assert_array_equal(np.asarray(image).reshape(pixels.shape), pixels)


def test_frozen_pixels_can_be_written(tmp_path: Path) -> None:
    pixels = noise((9, 8, 3))
    pixels.flags.writeable = False
    for suffix in (".png", ".tif", ".webp", ".bmp", ".jpg"):
        write_picture(tmp_path / f"picture{suffix}", Picture(pixels))


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_lossy_formats_stay_close(tmp_path: Path, suffix: str) -> None:
    pixels = smooth()
    path = tmp_path / f"picture{suffix}"
    assert write_picture(path, Picture(pixels)) == ()
    assert np.abs(read_picture(path).pixels.astype(int) - pixels).mean() < 2


def test_grey_stays_grey_in_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    write_picture(path, Picture(smooth()[..., :1].copy()))
    assert read_picture(path).pixels.shape[2] == 1


def test_quality_and_subsampling_reach_the_file(tmp_path: Path) -> None:
    pixels = noise((64, 64, 3))
    sizes = []
    for quality, subsampling in ((95, "4:4:4"), (95, "4:2:0"), (40, "4:2:0")):
        path = tmp_path / "picture.jpg"
        write_picture(path, Picture(pixels), ExportOptions(quality, subsampling))
        sizes.append(path.stat().st_size)
    assert sizes[0] > sizes[1] > sizes[2]


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".png", ".tif"])
def test_16_bit_is_rounded_to_the_nearest_8_bit_level(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture{suffix}"
    levels = np.arange(0, 256, 8, dtype=np.uint16) * 257
    for offset in (-128, 128):
        wide = np.clip(levels.astype(int) + offset, 0, 65535).astype(np.uint16)
        pixels = np.repeat(np.repeat(wide[None, :, None], 16, 0), 16, 1)
        notes = write_picture(path, Picture(np.repeat(pixels, 3, 2)), ExportOptions(100, bits=8, lossless=True))
        assert [note for note in notes if "8 bits" in note]
        back = read_picture(path).pixels
        assert back.dtype == np.uint8
        np.testing.assert_allclose(back[8, 8::16, 0], levels // 257, atol=1 if suffix == ".jpg" else 0)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_8_bit_is_spread_over_16(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture{suffix}"
    pixels = noise((20, 30, 3))
    assert write_picture(path, Picture(pixels), ExportOptions(bits=16)) == ()
    np.testing.assert_array_equal(read_picture(path).pixels, pixels.astype(np.uint16) * 257)


def test_float_values_beyond_white_survive_tiff_and_are_cut_in_png(tmp_path: Path) -> None:
    pixels = np.array([[[-0.5], [0.25], [3.0]]], np.float32)
    assert write_picture(tmp_path / "a.tif", Picture(pixels)) == ()
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, pixels)
    assert write_picture(tmp_path / "a.png", Picture(pixels)) == (
        "Floating-point values were rounded to 16 bits for PNG.",
    )
    assert read_picture(tmp_path / "a.png").pixels[0, :, 0].tolist() == [0, 16384, 65535]


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_transparency_is_put_on_white_where_there_is_none(tmp_path: Path, suffix: str, dtype: Any) -> None:
    full = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    pixels = np.zeros((32, 48, 4), dtype)
    pixels[:, 16:32, 3] = full / 2
    pixels[:, 32:, 3] = full
    notes = write_picture(tmp_path / f"a{suffix}", Picture(pixels), ExportOptions(100))
    assert any("white" in note for note in notes)
    np.testing.assert_allclose(read_picture(tmp_path / f"a{suffix}").pixels[16, [8, 24, 40], 0], [255, 128, 0], atol=1)


def test_colour_under_full_transparency_is_kept_in_webp(tmp_path: Path) -> None:
    pixels = noise((20, 20, 4))
    pixels[..., 3] = 0
    write_picture(tmp_path / "a.webp", Picture(pixels), ExportOptions(lossless=True))
    np.testing.assert_array_equal(read_picture(tmp_path / "a.webp").pixels, pixels)


@pytest.mark.parametrize(("suffix", "side"), [(".jpg", 65_501), (".webp", 16_384)])
def test_pictures_too_large_for_the_format(tmp_path: Path, suffix: str, side: int) -> None:
    with pytest.raises(WriteError, match="at most"):
        write_picture(tmp_path / f"a{suffix}", Picture(np.zeros((1, side, 1), np.uint8)))
    assert list(tmp_path.iterdir()) == []


def test_unknown_suffix_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"\.gif.*\.tiff"):
        write_picture(tmp_path / "a.gif", Picture(noise((2, 2, 3))))


def test_options_out_of_range() -> None:
    for wrong in ({"quality": 0}, {"quality": 101}, {"subsampling": "4:1:1"}, {"bits": 12}):
        with pytest.raises(ParamError):
            ExportOptions(**wrong)
