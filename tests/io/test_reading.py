"""Every kind of picture that photo programs write, made by them and not by us."""

import io
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import DTypeLike
from PIL import Image

from editor.core.errors import MaskError
from editor.core.geometry import Size
from editor.io.read import oriented, read_mask, read_picture
from tests.io.pictures import cmyk_profile, encoded, exif_block, grey_profile, jpeg, noise, rgb_profile, smooth


def save(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
@pytest.mark.parametrize("mode", ["1", "P"])
def test_few_colours_become_grey_or_rgb(tmp_path: Path, kind: str, mode: str) -> None:
    source = Image.fromarray(smooth()).quantize(7) if mode == "P" else Image.fromarray(noise((48, 64))).convert("1")
    picture = read_picture(save(tmp_path / "a", encoded(source, kind)))
    wanted = np.asarray(source.convert("RGB" if mode == "P" else "L"))
    np.testing.assert_array_equal(picture.pixels, wanted.reshape(48, 64, -1))
    assert "converted" in picture.notes[0]


def test_palette_with_transparency(tmp_path: Path) -> None:
    source = Image.fromarray(smooth()).quantize(7)
    picture = read_picture(save(tmp_path / "a.png", encoded(source, "PNG", transparency=3)))
    assert picture.pixels.shape[2] == 4
    np.testing.assert_array_equal(picture.pixels[..., 3] == 0, np.asarray(source) == 3)


def test_progressive_jpeg(tmp_path: Path) -> None:
    data = jpeg(smooth(), progressive=True)
    assert np.abs(read_picture(save(tmp_path / "a.jpg", data)).pixels.astype(int) - smooth()).mean() < 2


BIG_ENDIAN_DEFLATE: dict[str, Any] = {"byteorder": ">", "compression": "zlib", "predictor": True}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "options",
    [{"planarconfig": "separate"}, {"tile": (32, 32)}, {"byteorder": ">"}, {"bigtiff": True}, BIG_ENDIAN_DEFLATE],
)
def test_tiff_layouts(tmp_path: Path, dtype: DTypeLike, options: dict[str, Any]) -> None:
    pixels = noise((50, 70, 3), dtype)
    stored = np.moveaxis(pixels, 2, 0) if "planarconfig" in options else pixels
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", **options)
    picture = read_picture(tmp_path / "a.tif")
    assert picture.pixels.dtype == dtype
    assert picture.pixels.dtype.isnative
    np.testing.assert_array_equal(picture.pixels, pixels)


@pytest.mark.parametrize("compression", ["lzw", "zlib", "packbits", "zstd"])
def test_tiff_compressions(tmp_path: Path, compression: str) -> None:
    pixels = noise((50, 70, 3), np.uint16)
    predictor = compression in ("lzw", "zlib", "zstd")
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", compression=compression, predictor=predictor)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, pixels)


def test_tiff_with_jpeg_inside(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", smooth(), photometric="rgb", compression="jpeg")
    assert np.abs(read_picture(tmp_path / "a.tif").pixels.astype(int) - smooth()).mean() < 3


def test_white_is_zero_is_turned_over(tmp_path: Path) -> None:
    pixels = noise((20, 30))
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="miniswhite")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels[..., 0], 255 - pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_premultiplied_alpha_becomes_straight(tmp_path: Path, dtype: Any) -> None:
    full = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    straight = noise((20, 30, 4), dtype)
    straight[..., 3] = full / 2
    straight[0, :, 3] = 0
    alpha = straight[..., 3:] / full
    stored = np.concatenate((straight[..., :3] * alpha, straight[..., 3:]), axis=2).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", extrasamples=["assocalpha"])
    picture = read_picture(tmp_path / "a.tif")
    assert any("straight" in note for note in picture.notes)
    np.testing.assert_allclose(picture.pixels[1:], straight[1:], atol=2 if full != 1 else 1e-6)
    assert not picture.pixels[0].any()


def test_extra_channels_without_meaning_are_dropped_with_a_note(tmp_path: Path) -> None:
    pixels = noise((20, 30, 5))
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=["unspecified", "unspecified"])
    picture = read_picture(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.pixels, pixels[..., :3])
    assert "dropped" in picture.notes[0]


def test_other_number_formats(tmp_path: Path) -> None:
    for dtype, value, wanted in (
        (np.float64, 0.25, np.float32(0.25)),
        (np.float16, 0.25, np.float32(0.25)),
        (np.uint32, 0x12345678, np.uint16(0x1234)),
    ):
        tifffile.imwrite(tmp_path / "a.tif", np.full((4, 5), value, dtype), photometric="minisblack")
        pixels = read_picture(tmp_path / "a.tif").pixels
        assert (pixels.dtype, pixels[0, 0, 0]) == (wanted.dtype, wanted)


def test_12_bit_is_stretched(tmp_path: Path) -> None:
    pixels = np.array([[0, 2048, 4095, 4095]], np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack", bitspersample=12)
    assert read_picture(tmp_path / "a.tif").pixels[0, :, 0].tolist() == [0, 32775, 65535, 65535]


def test_numbers_that_are_none_are_black_with_a_note(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.array([[np.nan, np.inf, 0.5]], np.float32), photometric="minisblack")
    picture = read_picture(tmp_path / "a.tif")
    assert picture.pixels[0, :, 0].tolist() == [0, 0, 0.5]
    assert picture.notes


def test_a_thumbnail_page_in_front_is_passed_over(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(noise((6, 8, 3)), photometric="rgb", subfiletype=1)
        file.write(smooth(), photometric="rgb")
    picture = read_picture(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.pixels, smooth())
    assert picture.notes == ()


def test_first_of_several_pages(tmp_path: Path) -> None:
    pages = noise((3, 20, 30, 3))
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="rgb")
    picture = read_picture(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.pixels, pages[0])
    assert picture.notes == ("Only the first of 3 pages was opened.",)


INKS = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255], [100, 50, 20, 10]]], np.uint8)


def ink_files(path: Path, profile: bytes | None) -> list[Path]:
    inks = np.repeat(np.repeat(INKS, 16, 0), 16, 1)
    as_jpeg = encoded(
        Image.fromarray(inks, "CMYK"), "JPEG", quality=100, **({"icc_profile": profile} if profile else {})
    )
    found = [save(path / "cmyk.jpg", as_jpeg)]
    for name, dtype in (("8.tif", np.uint8), ("16.tif", np.uint16)):
        stored = inks.astype(dtype) * (257 if dtype == np.uint16 else 1)
        tifffile.imwrite(path / name, stored, photometric="separated", iccprofile=profile)
        found.append(path / name)
    return found


@pytest.mark.parametrize("with_profile", [True, False])
def test_cmyk_becomes_srgb(tmp_path: Path, with_profile: bool) -> None:
    for path in ink_files(tmp_path, cmyk_profile() if with_profile else None):
        picture = read_picture(path)
        assert picture.metadata.icc is None
        assert any("CMYK" in note and ("approximate" in note) != with_profile for note in picture.notes)
        seen = picture.pixels[8, 8::16] / np.iinfo(picture.pixels.dtype).max * 255
        # The test's profile has a lighter cyan than the textbook's.
        cyan, mixed = ([0, 213, 238], [163, 211, 227]) if with_profile else ([0, 255, 255], [149, 197, 226])
        np.testing.assert_allclose(seen, [[255] * 3, cyan, [0] * 3, mixed], atol=3)


def test_ycck_jpeg(tmp_path: Path) -> None:
    inks = np.repeat(np.repeat(INKS, 16, 0), 16, 1)
    data = imagecodecs.jpeg8_encode(255 - inks, level=100, colorspace="CMYK", outcolorspace="YCCK")
    with Image.open(io.BytesIO(data)) as image:
        wanted = np.asarray(image.convert("RGB"))
    np.testing.assert_allclose(read_picture(save(tmp_path / "a.jpg", bytes(data))).pixels, wanted, atol=1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once(tmp_path: Path, orientation: int) -> None:
    """As Pillow does it, which is a second opinion."""
    from PIL import ImageOps

    pixels = smooth(64, 48)
    block = exif_block(orientation=orientation)
    data = encoded(Image.fromarray(pixels), "PNG", exif=block)
    with Image.open(io.BytesIO(data)) as image:
        wanted = np.asarray(ImageOps.exif_transpose(image))
    picture = read_picture(save(tmp_path / "a.png", data))
    np.testing.assert_array_equal(picture.pixels, wanted)
    assert picture.pixels.flags.c_contiguous
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extratags=[(274, 3, 1, orientation, True)])
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, wanted)
    np.testing.assert_array_equal(oriented(pixels, orientation), wanted)


def test_content_decides_and_the_wrong_name_is_said(tmp_path: Path) -> None:
    data = encoded(Image.fromarray(smooth()), "PNG")
    picture = read_picture(save(tmp_path / "a.jpg", data))
    np.testing.assert_array_equal(picture.pixels, smooth())
    assert picture.notes == ("a.jpg is really a PNG file, in spite of its name.",)


def test_mask_from_grey_colour_16_bit_and_alpha(tmp_path: Path) -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[5:9, 3:20] = 255
    mask[6, 6] = 100
    full = np.full((20, 30), 255, np.uint8)
    on_alpha = np.dstack((full, full, full, mask))
    files = {
        "grey.png": imagecodecs.png_encode(mask),
        "16.png": imagecodecs.png_encode(mask.astype(np.uint16) * 257),
        "rgb.png": imagecodecs.png_encode(np.dstack((mask, mask, mask))),
        "opaque.png": imagecodecs.png_encode(np.dstack((mask, mask, mask, full))),
        "alpha.png": imagecodecs.png_encode(on_alpha),
    }
    for name, data in files.items():
        np.testing.assert_array_equal(read_mask(save(tmp_path / name, bytes(data)), Size(30, 20)), mask, err_msg=name)
    with pytest.raises(MaskError, match=r"30 x 20 pixels.*31 x 20"):
        read_mask(tmp_path / "grey.png", Size(31, 20))


def test_profiles_that_fit_stay_and_others_go(tmp_path: Path) -> None:
    grey = Image.fromarray(smooth()[..., 0].copy())
    colour = Image.fromarray(smooth())
    for image, profile, kept in (
        (grey, grey_profile(), True),
        (grey, rgb_profile(), False),
        (colour, rgb_profile(), True),
        (colour, grey_profile(), False),
    ):
        picture = read_picture(save(tmp_path / "a.jpg", encoded(image, "JPEG", icc_profile=profile)))
        assert picture.metadata.icc == (profile if kept else None)
        assert bool(picture.notes) != kept


def test_pictures_behind_the_main_one_are_said(tmp_path: Path) -> None:
    picture = read_picture(save(tmp_path / "a.jpg", jpeg(smooth()) + jpeg(smooth(16, 12))))
    assert picture.pixels.shape == (48, 64, 3)
    assert "behind it" in picture.notes[0]
