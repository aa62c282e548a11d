"""Which blocks survive in which format, byte for byte, and what is said about the others."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import ExifTags, Image

from editor.core.metadata import Metadata
from editor.io import exif, jpeg_segments
from editor.io.picture import Picture
from editor.io.read import read_picture
from editor.io.write import ExportOptions, write_picture
from tests.io.pictures import (
    IPTC,
    MAKER_NOTE,
    OLD_THUMBNAIL_COLOUR,
    XMP,
    encoded,
    exif_block,
    grey_profile,
    jpeg,
    old_thumbnail,
    rgb_profile,
    smooth,
)


def full_metadata(order: str = "<") -> Metadata:
    return Metadata(rgb_profile(), exif_block(order), XMP, IPTC)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_blocks_survive(tmp_path: Path, suffix: str, order: str, dtype: Any) -> None:
    pixels: NDArray[Any] = smooth().astype(dtype) * (257 if dtype == np.uint16 else 1)
    before = full_metadata(order)
    path = tmp_path / f"a{suffix}"
    notes = write_picture(path, Picture(pixels, before), ExportOptions(lossless=True))
    after = read_picture(path).metadata
    assert (after.icc, after.xmp) == (before.icc, before.xmp)
    assert after.exif is not None
    seen = Image.Exif()
    seen.load(after.exif)
    assert (seen[0x010F], seen[0x0112]) == ("Kamera Werke", 1)
    assert seen.get_ifd(0x8769)[0x927C] == MAKER_NOTE
    assert after.exif.index(MAKER_NOTE) == exif_block(order).index(MAKER_NOTE)
    assert seen.get_ifd(0x8825)[2] == (47.0, 22.0, 30.0)
    assert exif.resolution_dpi(after.exif) == (300.0, 300.0)
    has_iptc = suffix in (".jpg", ".tif")
    assert after.iptc == (IPTC if has_iptc else None)
    assert any("IPTC" in note for note in notes) != has_iptc
    if suffix != ".tif":
        assert after.exif == before.exif


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_other_programs_find_the_blocks(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_picture(path, Picture(smooth(), full_metadata()))
    with Image.open(path) as image:
        assert image.info["icc_profile"] == rgb_profile()
        assert image.getexif()[0x010F] == "Kamera Werke"
        assert image.getexif().get_ifd(0x8769)[0x927C] == MAKER_NOTE
        packet = image.info["xmp"]
        assert packet == XMP
        if suffix in (".jpg", ".png", ".tif"):
            assert [round(value) for value in image.info["dpi"]] == [300, 300]


def test_grey_profile_survives_in_grey_files(tmp_path: Path) -> None:
    grey = Picture(smooth()[..., :1].copy(), Metadata(icc=grey_profile()))
    for suffix in (".jpg", ".png", ".tif"):
        assert write_picture(tmp_path / f"a{suffix}", grey) == ()
        assert read_picture(tmp_path / f"a{suffix}").metadata.icc == grey_profile()
    assert "profile" in write_picture(tmp_path / "a.webp", grey)[0]
    assert read_picture(tmp_path / "a.webp").notes == ()


def test_bmp_says_that_everything_is_lost(tmp_path: Path) -> None:
    notes = write_picture(tmp_path / "a.bmp", Picture(smooth(), full_metadata()))
    assert notes == ("BMP has no place for colour profile, EXIF, XMP, IPTC; left out.",)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_old_thumbnail_is_in_no_file_and_made_anew_where_it_belongs(tmp_path: Path, suffix: str, order: str) -> None:
    old = old_thumbnail()
    source = tmp_path / "source.jpg"
    pixels = smooth(640, 480)
    source.write_bytes(jpeg(pixels, exif=b"Exif\0\0" + exif_block(order, thumbnail=old)))
    path = tmp_path / f"a{suffix}"
    write_picture(path, Picture(pixels, read_picture(source).metadata))
    assert old[20:60] not in path.read_bytes()
    if suffix == ".jpg":
        with Image.open(path) as image:
            first = image.getexif().get_ifd(ExifTags.IFD.IFD1)
        block = jpeg_segments.exif_of(jpeg_segments.parse(path.read_bytes()))
        assert block is not None
        small = np.asarray(Image.open(io.BytesIO(block[first[0x0201] : first[0x0201] + first[0x0202]])))
    elif suffix == ".tif":
        with tifffile.TiffFile(path) as file:
            assert len(file.pages) == 2
            assert file.pages[1].aspage().is_reduced
            small = file.pages[1].asarray()
        assert read_picture(path).notes == ()
    else:
        return
    assert small.shape == (120, 160, 3)
    assert np.abs(small[60, 80].astype(int) - pixels[240, 320]).max() < 12
    assert np.abs(small.astype(int) - np.array(OLD_THUMBNAIL_COLOUR)).max(axis=2).min() > 20


def test_no_thumbnail_where_there_was_none(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.jpg", Picture(smooth(), full_metadata()))
    write_picture(tmp_path / "a.tif", Picture(smooth(), full_metadata()))
    block = read_picture(tmp_path / "a.jpg").metadata.exif
    assert block is not None
    assert not exif.has_thumbnail(block)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert len(file.pages) == 1


def test_orientation_is_reset_in_exif_and_xmp_and_the_size_follows(tmp_path: Path) -> None:
    for value in (b'tiff:Orientation="6"', b"tiff:Orientation='6'"):
        packet = XMP.replace(b'tiff:Orientation="1"', value)
        data = jpeg(smooth(64, 48), exif=b"Exif\0\0" + exif_block(orientation=6), xmp=packet)
        (tmp_path / "a.jpg").write_bytes(data)
        picture = read_picture(tmp_path / "a.jpg")
        assert picture.pixels.shape == (64, 48, 3)
        assert picture.metadata.exif == exif_block(orientation=1, pixel_size=(48, 64))
        assert picture.metadata.xmp == packet.replace(b"6", b"1")
        write_picture(tmp_path / "b.jpg", picture)
        assert read_picture(tmp_path / "b.jpg").pixels.shape == (64, 48, 3)


def test_pictures_inside_xmp_are_emptied(tmp_path: Path) -> None:
    secret = b"iVBORw0KGgo" * 20
    inner = (
        b'<xmp:Thumbnails xmlns:xmp="x"><rdf:Alt><rdf:li xmlns:xmpGImg="y"><xmpGImg:width>9</xmpGImg:width>'
        b"<xmpGImg:image>" + secret + b"</xmpGImg:image></rdf:li></rdf:Alt></xmp:Thumbnails>"
    )
    packet = XMP.replace(b"<dc:creator>", inner + b"<dc:creator>").replace(
        b"<rdf:Description ", b'<rdf:Description xmlns:GImage="z" GImage:Data="' + secret + b'" '
    )
    for suffix in (".jpg", ".png", ".tif", ".webp"):
        write_picture(tmp_path / f"a{suffix}", Picture(smooth(), Metadata(xmp=packet)))
        assert read_picture(tmp_path / f"a{suffix}").metadata.xmp == packet.replace(secret, b"")


def test_large_xmp_is_split_in_jpeg_and_put_together_again(tmp_path: Path) -> None:
    packet = XMP.replace(b"<dc:creator>Ada", b"<dc:creator>" + b"Ada " * 50_000)
    path = tmp_path / "a.jpg"
    assert write_picture(path, Picture(smooth(), Metadata(xmp=packet))) == ()
    back = read_picture(path)
    assert back.notes == ()
    assert back.metadata.xmp is not None
    assert b"Ada " * 50_000 in back.metadata.xmp
    assert b"HasExtendedXMP" not in back.metadata.xmp
    assert back.metadata.xmp.count(b"<rdf:RDF") == 1
    with Image.open(path) as image:
        assert len(image.info["xmp"]) < 65_000


@pytest.mark.parametrize(("size", "split"), [(jpeg_segments.MAX_XMP, False), (jpeg_segments.MAX_XMP + 1, True)])
def test_xmp_is_split_only_where_it_must_be(tmp_path: Path, size: int, split: bool) -> None:
    packet = XMP.replace(b"Ada", b"A" * (size - len(XMP) + 3))
    write_picture(tmp_path / "a.jpg", Picture(smooth(), Metadata(xmp=packet)))
    assert (b"HasExtendedXMP" in (tmp_path / "a.jpg").read_bytes()) == split
    assert (read_picture(tmp_path / "a.jpg").metadata.xmp == packet) != split


def test_damaged_extended_xmp_is_dropped_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    write_picture(path, Picture(smooth(), Metadata(xmp=XMP.replace(b"Ada", b"Ada" * 50_000))))
    path.write_bytes(path.read_bytes().replace(b"AdaAda", b"AdaXda", 1))
    back = read_picture(path)
    assert back.metadata.xmp is not None
    assert back.notes == ("The extended part of the XMP is damaged and was dropped.",)


def test_exif_too_large_for_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    block = exif_block(maker_note=bytes(70_000), thumbnail=old_thumbnail())
    notes = write_picture(path, Picture(smooth(), Metadata(exif=block)))
    assert "maker" in notes[0]
    back = read_picture(path).metadata.exif
    assert back is not None
    seen = Image.Exif()
    seen.load(back)
    assert seen[0x010F] == "Kamera Werke"
    for suffix in (".png", ".webp", ".tif"):
        assert write_picture(tmp_path / f"a{suffix}", Picture(smooth(), Metadata(exif=block))) == ()


def test_large_profile_and_iptc_are_split_in_jpeg(tmp_path: Path) -> None:
    profile = rgb_profile()
    profile = (len(profile) + 200_000).to_bytes(4, "big") + profile[4:] + bytes(200_000)
    records = IPTC + b"\x1c\x02\x78\xff\xfe" * 20_000
    write_picture(tmp_path / "a.jpg", Picture(smooth(), Metadata(icc=profile, iptc=records)))
    back = read_picture(tmp_path / "a.jpg").metadata
    assert (back.icc, back.iptc) == (profile, records)


def test_broken_blocks_are_left_out_on_writing(tmp_path: Path) -> None:
    notes = write_picture(tmp_path / "a.jpg", Picture(smooth(), Metadata(exif=b"nonsense")))
    assert notes == ("The EXIF data is damaged and was left out.",)


@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF"])
def test_a_scan_without_exif_keeps_its_resolution(tmp_path: Path, source: str) -> None:
    (tmp_path / "scan").write_bytes(encoded(Image.fromarray(smooth()), source, dpi=(600, 600)))
    picture = read_picture(tmp_path / "scan")
    for suffix in (".jpg", ".png", ".tif"):
        write_picture(tmp_path / f"a{suffix}", picture)
        with Image.open(tmp_path / f"a{suffix}") as image:
            assert [round(value) for value in image.info["dpi"]] == [600, 600]


def test_exif_in_a_bigtiff_is_dropped_with_a_note(tmp_path: Path) -> None:
    data = encoded(Image.fromarray(smooth()), "TIFF", big_tiff=True, exif=exif_block())
    assert data[:4] == b"II+\0"
    (tmp_path / "a.tif").write_bytes(data)
    picture = read_picture(tmp_path / "a.tif")
    assert picture.metadata.exif is None
    assert "BigTIFF" in picture.notes[0]


def test_webp_with_the_marker_of_jpeg_before_its_exif(tmp_path: Path) -> None:
    """Some programs write it so; Pillow takes one marker off."""
    data = encoded(Image.fromarray(smooth()), "WEBP", exif=b"Exif\0\0" * 2 + exif_block())
    (tmp_path / "a.webp").write_bytes(data)
    assert read_picture(tmp_path / "a.webp").metadata.exif == exif_block()


def test_a_camera_without_a_resolution_unit(tmp_path: Path) -> None:
    block = exif_block().replace(b"\x28\x01\x03\x00\x01\x00\x00\x00\x02", b"\x28\x01\x03\x00\x01\x00\x00\x00\x00")
    write_picture(tmp_path / "a.tif", Picture(smooth(), Metadata(exif=block)))
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        tags = file.pages[0].aspage().tags
        assert 282 in tags
        assert 296 not in tags
