"""EXIF blocks are changed in place, and nothing of an old thumbnail can be dug up again."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from editor.io import exif
from editor.io.ifd import IfdError
from tests.io.pictures import MAKER_NOTE, exif_block, jpeg, old_thumbnail, smooth


def by_pillow(block: bytes) -> Any:
    """The block as another program sees it."""
    found = Image.Exif()
    found.load(b"Exif\0\0" + block)
    return found


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_read_and_reset_in_place(order: str, orientation: int) -> None:
    block = exif_block(order, orientation)
    assert exif.orientation(block) == orientation
    changed = exif.upright(block, 700, 500)
    seen = by_pillow(changed)
    assert seen[0x0112] == 1
    assert (seen.get_ifd(0x8769)[0xA002], seen.get_ifd(0x8769)[0xA003]) == (700, 500)
    assert changed.index(MAKER_NOTE) == block.index(MAKER_NOTE)
    assert sum(a != b for a, b in zip(block, changed, strict=True)) <= 9


def test_nonsense_orientation_counts_as_upright() -> None:
    assert exif.orientation(exif_block(orientation=0)) == 1
    assert exif.orientation(exif_block(orientation=77)) == 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_old_thumbnail_is_gone(order: str) -> None:
    old = old_thumbnail()
    block = exif_block(order, thumbnail=old)
    assert exif.has_thumbnail(block)
    cleaned = exif.without_thumbnail(block)
    assert not exif.has_thumbnail(cleaned)
    assert old[:4] not in cleaned
    assert old[20:40] not in cleaned
    assert len(cleaned) < len(block)
    seen = by_pillow(cleaned)
    assert seen[0x010F] == "Kamera Werke"
    assert seen.get_ifd(0x8769)[0x927C] == MAKER_NOTE
    assert seen.get_ifd(0x8825)[2] == (47.0, 22.0, 30.0)


def test_an_uncompressed_thumbnail_is_gone() -> None:
    pixels = bytes(range(199, 0, -1))
    cleaned = exif.without_thumbnail(exif_block(thumbnail=pixels, thumbnail_tags=(0x0111, 0x0117)))
    assert pixels[:8] not in cleaned
    assert pixels[-8:] not in cleaned
    assert by_pillow(cleaned).get_ifd(0x8769)[0x927C] == MAKER_NOTE


def test_a_preview_inside_the_maker_note_is_gone() -> None:
    old = old_thumbnail()
    block = exif_block(maker_note=MAKER_NOTE + old + b"after")
    cleaned = exif.without_thumbnail(block)
    note = by_pillow(cleaned).get_ifd(0x8769)[0x927C]
    assert note == MAKER_NOTE + bytes(len(old)) + b"after"


@pytest.mark.parametrize("order", ["<", ">"])
def test_new_thumbnail_can_be_found(order: str) -> None:
    new = jpeg(smooth(32, 24))
    block = exif.with_thumbnail(exif.without_thumbnail(exif_block(order, thumbnail=old_thumbnail())), new)
    seen = by_pillow(block)
    first = seen.get_ifd(ExifTags.IFD.IFD1)
    at, size = first[0x0201], first[0x0202]
    assert block[at : at + size] == new
    assert np.asarray(Image.open(io.BytesIO(block[at : at + size]))).shape == (24, 32, 3)


def test_resolution() -> None:
    assert exif.resolution_dpi(exif_block()) == (300.0, 300.0)


def test_rebuilt_without_maker_note_keeps_the_rest() -> None:
    seen = by_pillow(exif.without_maker_note(exif_block(">", orientation=6)))
    assert (seen[0x010F], seen[0x0112]) == ("Kamera Werke", 6)
    assert 0x927C not in seen.get_ifd(0x8769)
    assert seen.get_ifd(0x8769)[0xA002] == 64
    assert seen.get_ifd(0x8825)[2] == (47.0, 22.0, 30.0)


def test_rebuilding_keeps_the_maker_note_where_it_was() -> None:
    block = exif_block()
    rebuilt = exif.from_tiff(block)
    assert rebuilt.index(MAKER_NOTE) == block.index(MAKER_NOTE)
    assert by_pillow(rebuilt).get_ifd(0x8769)[0x927C] == MAKER_NOTE


@pytest.mark.parametrize("order", ["<", ">"])
def test_damaged_blocks_never_raise_anything_else(order: str) -> None:
    """Every cut, and every byte of the structure turned over."""
    block = exif_block(order, thumbnail=old_thumbnail())
    broken = [block[:cut] for cut in range(0, 400, 3)]
    for at in range(260):
        turned = bytearray(block)
        turned[at] ^= 0xFF
        broken.append(bytes(turned))
    refused = 0
    for each in broken:
        try:
            exif.check(each)
            exif.orientation(each)
            cleaned = exif.upright(exif.without_thumbnail(each), 10, 10)
            exif.with_thumbnail(cleaned, b"x")
            exif.resolution_dpi(cleaned)
            exif.without_maker_note(each)
        except IfdError:
            refused += 1
    assert 0 < refused < len(broken)
