"""Bad input gets one clear line, and half a picture never passes as a whole one."""

import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from editor.core.errors import ReadError
from editor.io.picture import Picture
from editor.io.read import read_picture
from editor.io.write import ExportOptions, write_picture
from tests.io.pictures import encoded, exif_block, jpeg, noise, rgb_profile, smooth

SUFFIXES = (".jpg", ".png", ".tif", ".webp", ".bmp")


def refused(path: Path, **options: Any) -> str:
    """The line with which `path` is refused; it must be one line and name the file."""
    with pytest.raises(ReadError) as caught:
        read_picture(path, **options)
    line = str(caught.value)
    assert "\n" not in line
    assert path.name in line
    return line


def written(folder: Path, suffix: str) -> bytes:
    path = folder / f"whole{suffix}"
    write_picture(path, Picture(noise((90, 120, 3))), ExportOptions(bits=8))
    return path.read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_truncated_files_are_refused_wherever_they_end(tmp_path: Path, suffix: str) -> None:
    whole = written(tmp_path, suffix)
    path = tmp_path / f"half{suffix}"
    cuts = [*range(1, 64, 7), *(int(len(whole) * part) for part in np.linspace(0.05, 0.98, 15)), len(whole) - 2]
    for cut in cuts:
        path.write_bytes(whole[:cut])
        refused(path)


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".png"])
def test_half_a_file_is_called_incomplete(tmp_path: Path, suffix: str) -> None:
    whole = written(tmp_path, suffix)
    path = tmp_path / f"half{suffix}"
    path.write_bytes(whole[: len(whole) // 2])
    assert "incomplete" in refused(path)


def test_a_tail_of_zeros_as_cards_leave_it(tmp_path: Path) -> None:
    for suffix in (".jpg", ".png"):
        whole = written(tmp_path, suffix)
        path = tmp_path / f"half{suffix}"
        path.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
        refused(path)


@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_truncated_tiff_of_others(tmp_path: Path, compression: str | None) -> None:
    """Their directory is at the file's beginning, so that a cut hits the pixels."""
    tifffile.imwrite(tmp_path / "a.tif", noise((200, 300, 3)), photometric="rgb", compression=compression)
    whole = (tmp_path / "a.tif").read_bytes()
    for part in (0.3, 0.7, 0.999):
        (tmp_path / "half.tif").write_bytes(whole[: int(len(whole) * part)])
        refused(tmp_path / "half.tif")


def test_a_few_bytes_cut_off_a_jpeg_inside_a_tiff(tmp_path: Path) -> None:
    """The JPEG decoder would fill the rest of the last tile by itself."""
    tifffile.imwrite(tmp_path / "a.tif", noise((200, 300, 3)), photometric="rgb", compression="jpeg", tile=(64, 64))
    whole = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "half.tif").write_bytes(whole[:-200])
    assert "incomplete" in refused(tmp_path / "half.tif")


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_flipped_bit_in_the_pixels(tmp_path: Path, suffix: str) -> None:
    damaged = bytearray(written(tmp_path, suffix))
    damaged[len(damaged) // 2] ^= 0x10
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(damaged)
    assert "damaged" in refused(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_flipped_bytes_never_raise_anything_else(tmp_path: Path, suffix: str) -> None:
    """Damage in the headers: refused or read, but nothing a user should not see."""
    whole = written(tmp_path, suffix)
    path = tmp_path / f"damaged{suffix}"
    rng = np.random.default_rng(3)
    places = [*range(2, 80), *(len(whole) - 1 - int(at) for at in rng.integers(0, 250, 40))]
    for at in places:
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        path.write_bytes(damaged)
        with suppress(ReadError):
            read_picture(path, max_pixels=1_000_000)


def test_empty_missing_folder_and_text(tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        path = tmp_path / f"a{suffix}"
        path.write_bytes(b"")
        assert "empty" in refused(path)
        path.write_text("This is no picture at all, only a few words.")
        assert "not a picture" in refused(path)
    assert "does not exist" in refused(tmp_path / "missing.jpg")
    assert "folder" in refused(tmp_path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is unreadable for root")
def test_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(written(tmp_path, ".png"))
    path.chmod(0)
    assert "may not read" in refused(path)


def test_other_formats_are_named(tmp_path: Path) -> None:
    heic = b"\0\0\0\x18ftypheic" + bytes(100)
    (tmp_path / "a.heic").write_bytes(heic)
    assert "can't open .heic files; convert" in refused(tmp_path / "a.heic")
    (tmp_path / "a.jpg").write_bytes(heic)
    assert "HEIC" in refused(tmp_path / "a.jpg")
    (tmp_path / "a.png").write_bytes(encoded(Image.fromarray(smooth()), "GIF"))
    assert "GIF" in refused(tmp_path / "a.png")


def test_raw_files_do_not_open_as_their_preview(tmp_path: Path) -> None:
    for suffix in (".nef", ".dng", ".CR2"):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(written(tmp_path, ".tif"))
        assert "convert" in refused(path)


def huge_headers(folder: Path) -> list[Path]:
    """65,000 x 65,000 pixels said by the header of a small file."""
    side = 65_000
    found = []

    def save(name: str, data: bytes) -> None:
        (folder / name).write_bytes(data)
        found.append(folder / name)

    png = bytearray(written(folder, ".png"))
    png[16:24] = struct.pack(">II", side, side)
    png[29:33] = struct.pack(">I", zlib.crc32(png[12:29]))
    save("huge.png", bytes(png))
    as_jpeg = bytearray(jpeg(smooth()))
    at = as_jpeg.index(b"\xff\xc0") + 5
    as_jpeg[at : at + 4] = struct.pack(">HH", side, side)
    save("huge.jpg", bytes(as_jpeg))
    bmp = bytearray(encoded(Image.fromarray(smooth()), "BMP"))
    bmp[18:26] = struct.pack("<ii", side, side)
    save("huge.bmp", bytes(bmp))
    tiff = bytearray(encoded(Image.fromarray(smooth()), "TIFF"))
    (directory,) = struct.unpack("<I", tiff[4:8])
    for entry in range(directory + 2, directory + 2 + 12 * tiff[directory], 12):
        if struct.unpack("<H", tiff[entry : entry + 2])[0] in (256, 257):
            tiff[entry + 2 : entry + 12] = struct.pack("<HII", 4, 1, side)
    save("huge.tif", bytes(tiff))
    webp = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (side - 1).to_bytes(3, "little") * 2
    save("huge.webp", b"RIFF" + struct.pack("<I", 4 + len(webp)) + b"WEBP" + webp)
    return found


def test_huge_headers_are_refused_before_decoding(tmp_path: Path) -> None:
    for path in huge_headers(tmp_path):
        assert "65000 x 65000 pixels" in refused(path)


def test_own_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(written(tmp_path, ".png"))
    assert read_picture(path, max_pixels=120 * 90).pixels.shape == (90, 120, 3)
    refused(path, max_pixels=120 * 90 - 1)


def test_broken_profile_is_dropped_with_a_note(tmp_path: Path) -> None:
    sound = rgb_profile()
    for broken in (b"nonsense", sound[:200], sound[:36] + b"xxxx" + sound[40:]):
        for suffix, kind in ((".jpg", "JPEG"), (".png", "PNG"), (".tif", "TIFF"), (".webp", "WEBP")):
            path = tmp_path / f"a{suffix}"
            path.write_bytes(encoded(Image.fromarray(smooth()), kind, icc_profile=broken))
            picture = read_picture(path)
            assert picture.metadata.icc is None
            assert len(picture.notes) == 1
            assert "profile" in picture.notes[0]


def test_broken_exif_is_dropped_with_a_note(tmp_path: Path) -> None:
    for broken in (b"nonsense", exif_block()[:9], b"II*\0\xff\xff\xff\xff"):
        for suffix, kind in ((".jpg", "JPEG"), (".webp", "WEBP")):
            path = tmp_path / f"a{suffix}"
            path.write_bytes(encoded(Image.fromarray(smooth()), kind, exif=b"Exif\0\0" + broken))
            picture = read_picture(path)
            assert picture.metadata.exif is None
            assert picture.notes == ("The EXIF data is damaged and was dropped.",)


def test_blank_exif_is_no_damage(tmp_path: Path) -> None:
    blank = b"Exif\0\0MM\0*\0\0\0\x08" + bytes(6)
    (tmp_path / "a.jpg").write_bytes(jpeg(smooth(), exif=blank))
    picture = read_picture(tmp_path / "a.jpg")
    assert (picture.metadata.exif, picture.notes) == (None, ())


def test_broken_xmp_is_dropped_with_a_note(tmp_path: Path) -> None:
    for broken in (b"\xff\xfe nonsense", b"<x:xmpmeta/>"):
        (tmp_path / "a.jpg").write_bytes(jpeg(smooth(), xmp=broken))
        picture = read_picture(tmp_path / "a.jpg")
        assert picture.metadata.xmp is None
        assert picture.notes == ("The XMP data is damaged and was dropped.",)


def test_a_damaged_chunk_beside_the_pixels_is_passed_over(tmp_path: Path) -> None:
    data = encoded(Image.fromarray(smooth()), "PNG", exif=exif_block())
    (tmp_path / "a.png").write_bytes(data.replace(b"Kamera", b"Kimera"))
    picture = read_picture(tmp_path / "a.png")
    np.testing.assert_array_equal(picture.pixels, smooth())
    assert picture.metadata.exif is None


def test_a_small_chunk_cannot_fill_the_memory(tmp_path: Path) -> None:
    bomb = b"ICC profile\0\0" + zlib.compress(bytes(100 << 20), 9)
    chunk = struct.pack(">I", len(bomb)) + b"iCCP" + bomb + struct.pack(">I", zlib.crc32(b"iCCP" + bomb))
    plain = encoded(Image.fromarray(smooth()), "PNG")
    (tmp_path / "a.png").write_bytes(plain[:33] + chunk + plain[33:])
    assert read_picture(tmp_path / "a.png").notes == ("A damaged colour profile was dropped.",)


def test_unusual_jpegs_are_refused_with_a_reason(tmp_path: Path) -> None:
    data = bytearray(jpeg(smooth()))
    at = data.index(b"\xff\xc0")
    data[at + 1] = 0xC3
    (tmp_path / "a.jpg").write_bytes(bytes(data))
    assert "lossless" in refused(tmp_path / "a.jpg")
