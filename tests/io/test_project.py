"""Projects come back exactly as they were, other programs can open them, and theirs open here."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import DTypeLike, NDArray
from PIL import Image

from editor.core.document import DocumentState
from editor.core.errors import ReadError
from editor.core.geometry import Rect, Size
from editor.core.layers import Layer
from editor.core.metadata import Metadata
from editor.core.tiles import TileMap
from editor.io.project import read_project, write_project
from tests.io.pictures import IPTC, XMP, exif_block, noise, rgb_profile, smooth

RECORD = MappingProxyType({"method": "content_fill", "params": {"grow_px": 8}, "seed": 7, "sizes": [1, 2]})


def painted(size: Size, rect: Rect, seed: int = 1) -> TileMap:
    writer = TileMap.blank(size, 1, np.uint8).write()
    writer.write(rect, noise((rect.height, rect.width, 1), seed=seed))
    return writer.freeze()


def document(channels: int = 3, dtype: DTypeLike = np.uint8) -> DocumentState:
    state = DocumentState.from_pixels(
        noise((300, 520, channels), dtype), Metadata(rgb_profile(), exif_block(), XMP, IPTC), "photo"
    )
    rect = Rect(270, 20, 400, 280)
    writer = state.layers[0].pixels.write()
    writer.write(rect, noise((rect.height, rect.width, channels), dtype, seed=2))
    fill = Layer(3, 'Fill "1" <ü>', writer.freeze(), painted(state.size, rect), 0.75, True, RECORD)
    hidden = Layer(5, "hidden", writer.freeze(), None, 1.0, False)
    state = state.with_layer(fill).with_layer(hidden)
    for index, name in enumerate(("mask", "include", "exclude")):
        state = state.with_mask(name, painted(state.size, Rect(0, 10 * index, 90, 299), seed=index))  # type: ignore[arg-type]  # a MaskName
    return state


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_everything_comes_back_exactly(tmp_path: Path, channels: int, dtype: DTypeLike) -> None:
    before = document(channels, dtype)
    write_project(tmp_path / "a.ora", before)
    after, notes = read_project(tmp_path / "a.ora")
    assert notes == ()
    assert after.metadata == before.metadata
    for mine, theirs in zip(before.layers, after.layers, strict=True):
        assert (mine.id, mine.name, mine.opacity, mine.visible) == (
            theirs.id,
            theirs.name,
            theirs.opacity,
            theirs.visible,
        )
        assert (mine.mask is None) == (theirs.mask is None)
        assert theirs.record == mine.record
    for one, other in zip(before.maps(), after.maps(), strict=True):
        assert (one.channels, one.dtype, one.size) == (other.channels, other.dtype, other.size)
        np.testing.assert_array_equal(one.read(one.size.rect), other.read(other.size.rect))


def test_masks_stay_sparse(tmp_path: Path) -> None:
    before = document()
    write_project(tmp_path / "a.ora", before)
    after, _notes = read_project(tmp_path / "a.ora")
    assert after.mask.tiles.keys() == before.mask.tiles.keys()
    assert after.layers[1].mask is not None
    assert before.layers[1].mask is not None
    assert after.layers[1].mask.tiles.keys() == before.layers[1].mask.tiles.keys()


def png(data: bytes) -> NDArray[Any]:
    return np.asarray(imagecodecs.png_decode(data))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_file_is_openraster(tmp_path: Path, dtype: DTypeLike) -> None:
    state = document(dtype=dtype)
    write_project(tmp_path / "a.ora", state)
    assert (tmp_path / "a.ora").read_bytes()[30:54] == b"mimetypeimage/openraster"
    with zipfile.ZipFile(tmp_path / "a.ora") as archive:
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        np.testing.assert_array_equal(png(archive.read("mergedimage.png")), state.read(state.size.rect))
        thumbnail = Image.open(io.BytesIO(archive.read("Thumbnails/thumbnail.png")))
        assert (thumbnail.format, max(thumbnail.size)) == ("PNG", 256)
        fill = png(archive.read("data/layer1.png"))
    assert state.layers[1].mask is not None
    mask = state.layers[1].mask.read(state.size.rect)[..., 0]
    box = state.layers[1].mask.bounds
    np.testing.assert_array_equal(fill[..., 3] // (257 if dtype == np.uint16 else 1), mask[box.slices])
    np.testing.assert_array_equal(fill[..., :3], state.layers[1].pixels.read(box))


def test_a_copy_without_our_entries_opens_as_other_programs_show_it(tmp_path: Path) -> None:
    state = document()
    write_project(tmp_path / "a.ora", state)
    strip(tmp_path / "a.ora", tmp_path / "b.ora")
    after, notes = read_project(tmp_path / "b.ora")
    assert notes
    assert [layer.name for layer in after.layers] == ["photo", 'Fill "1" <ü>', "hidden"]
    assert after.metadata.icc == rgb_profile()
    np.testing.assert_array_equal(after.read(after.size.rect), state.read(state.size.rect))


def strip(source: Path, target: Path, **changed: bytes) -> None:
    """A copy without Kintsugi's own entries, or with them and a changed stack.xml."""
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as copy:
        for name in archive.namelist():
            if changed or not name.startswith("kintsugi/"):
                copy.writestr(name, changed["stack"] if name == "stack.xml" and changed else archive.read(name))


def test_a_change_by_another_program_counts(tmp_path: Path) -> None:
    state = document()
    write_project(tmp_path / "a.ora", state)
    with zipfile.ZipFile(tmp_path / "a.ora") as archive:
        stack = archive.read("stack.xml").replace(b'name="photo"', b'name="changed"')
    strip(tmp_path / "a.ora", tmp_path / "b.ora", stack=stack)
    after, notes = read_project(tmp_path / "b.ora")
    assert after.layers[0].name == "changed"
    assert any("changed it" in note for note in notes)


def foreign(path: Path, stack: str, pictures: dict[str, NDArray[Any]]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr("stack.xml", f'<?xml version="1.0"?><image version="0.0.3" w="64" h="48">{stack}</image>')
        for name, pixels in pictures.items():
            archive.writestr(name, bytes(imagecodecs.png_encode(pixels)))
    return path


def sticker(alpha: int) -> NDArray[np.uint8]:
    return np.dstack((np.full((20, 30, 3), (200, 10, 60), np.uint8), np.full((20, 30), alpha, np.uint8)))


def test_foreign_layers_with_offset_group_and_opacity(tmp_path: Path) -> None:
    base = smooth()
    path = foreign(
        tmp_path / "a.ora",
        '<stack><stack x="2" opacity="0.5"><layer name="top" src="b.png" x="40" y="-4"/></stack>'
        '<layer name="off" src="b.png" visibility="hidden"/><layer name="base" src="a.png"/></stack>',
        {"a.png": base, "b.png": sticker(255)},
    )
    state, notes = read_project(path)
    assert [layer.name for layer in state.layers] == ["base", "off", "top"]
    assert "another program" in notes[0]
    wanted = base.astype(float)
    wanted[:16, 42:] = (wanted[:16, 42:] + (200, 10, 60)) / 2
    np.testing.assert_allclose(state.read(state.size.rect), wanted, atol=1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_foreign_layers_over_nothing_are_merged(tmp_path: Path, dtype: Any) -> None:
    scale = 257 if dtype == np.uint16 else 1
    path = foreign(
        tmp_path / "a.ora",
        '<stack><stack visibility="hidden"><layer src="c.png" x="10"/></stack>'
        '<layer src="b.png" x="10"/><layer src="b.png" y="24" opacity="0.5"/><layer src="a.png"/></stack>',
        {"a.png": sticker(128), "b.png": sticker(255).astype(dtype) * scale, "c.png": smooth()},
    )
    state, notes = read_project(path)
    assert (len(state.layers), state.channels, state.dtype) == (1, 4, dtype)
    assert "merged" in notes[1]
    seen = state.read(state.size.rect) // scale
    assert seen[5, 5].tolist() == [200, 10, 60, 128]
    assert seen[5, 20].tolist() == [200, 10, 60, 255]
    assert seen[30, 5].tolist() == [200, 10, 60, 128 if dtype == np.uint8 else 127]
    assert seen[46, 60].tolist() == [0, 0, 0, 0]


def test_foreign_blending_opens_the_merged_picture(tmp_path: Path) -> None:
    stack = '<stack><layer src="a.png" composite-op="svg:multiply"/><layer src="a.png"/></stack>'
    merged = smooth()[::-1].copy()
    state, notes = read_project(foreign(tmp_path / "a.ora", stack, {"a.png": smooth(), "mergedimage.png": merged}))
    np.testing.assert_array_equal(state.read(state.size.rect), merged)
    assert "blending" in notes[1]
    with pytest.raises(ReadError, match="flatten"):
        read_project(foreign(tmp_path / "b.ora", stack, {"a.png": smooth()}))


def test_damaged_projects_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    write_project(path, replace(document(), layers=document().layers[:1]))
    whole = path.read_bytes()
    damaged = tmp_path / "damaged.ora"
    for cut in (0, 1, 60, len(whole) // 2, len(whole) - 10):
        damaged.write_bytes(whole[:cut])
        with pytest.raises(ReadError, match=r"damaged\.ora is"):
            read_project(damaged)
    broken = bytearray(whole)
    broken[len(whole) // 3] ^= 0xFF
    damaged.write_bytes(broken)
    with pytest.raises(ReadError):
        read_project(damaged)
    with pytest.raises(ReadError, match="does not exist"):
        read_project(tmp_path / "missing.ora")
    with pytest.raises(ReadError, match="folder"):
        read_project(tmp_path)


@pytest.mark.parametrize(
    "stack",
    [
        "",
        "<stack/>",
        '<stack><layer src="missing.png"/></stack>',
        '<stack><layer src="a.png" x="one"/></stack>',
        "<stack>" * 3000 + '<layer src="a.png"/>' + "</stack>" * 3000,
        "<stack>",
    ],
)
def test_nonsense_in_foreign_projects(tmp_path: Path, stack: str) -> None:
    with pytest.raises(ReadError, match="damaged"):
        read_project(foreign(tmp_path / "a.ora", stack, {"a.png": smooth()}))


def test_entities_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    with zipfile.ZipFile(path, "w") as archive:
        text = '<!DOCTYPE x [<!ENTITY a "aaa">]><image w="64" h="48">'
        text += '<stack><layer src="a.png" name="&a;"/></stack></image>'
        archive.writestr("stack.xml", text)
        archive.writestr("a.png", bytes(imagecodecs.png_encode(smooth())))
    with pytest.raises(ReadError):
        read_project(path)


def test_a_huge_foreign_canvas_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("stack.xml", '<image w="65000" h="65000"><stack><layer src="a.png"/></stack></image>')
        archive.writestr("a.png", bytes(imagecodecs.png_encode(smooth())))
    with pytest.raises(ReadError, match="65000"):
        read_project(path)
