"""GAN fill on the command line, with tiny models in the place of those that invent a fill."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from editor import cli
from editor.core.metadata import Metadata
from editor.host.places import Places
from editor.host.registry import Registry
from editor.io.picture import Picture
from editor.io.read import read_picture
from editor.io.write import write_picture
from plugins.gan_inpaint import PLUGIN
from tests.runtime.test_fill_models import stand_in

METHODS = Registry({PLUGIN.id: PLUGIN})
U16 = NDArray[np.uint16]


def save(path: Path, pixels: NDArray[np.uint8] | U16) -> Path:
    write_picture(path, Picture(pixels, Metadata(), ()))
    return path


def ramp(high: int, wide: int) -> U16:
    y, x = np.mgrid[:high, :wide]
    return np.dstack((20000 + 40 * x, 15000 + 30 * y, 30000 + 10 * (x + y))).astype(np.uint16)


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    values = np.zeros((300, 700, 1), np.uint8)
    values[100:160, 200:330] = 255
    return save(tmp_path / "mask.png", values)


@pytest.mark.parametrize("model", ["lama", "migan"])
def test_photos_of_16_bit_are_filled_in_a_batch(
    model: str, tmp_path: Path, mask: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tiny models blacken what they shall fill: a cast like any other, of which nothing must be left."""
    folder = Places.default().models
    folder.mkdir(parents=True, exist_ok=True)
    if model == "lama":
        nodes = [
            helper.make_node("Sub", ["one", "mask"], ["kept"]),
            helper.make_node("Mul", ["image", "kept"], ["dark"]),
            helper.make_node("Mul", ["dark", "top"], ["output"]),
        ]
        stand_in(folder, model, TensorProto.FLOAT, [512, 512], nodes)
    else:
        nodes = [
            helper.make_node("Div", ["mask", "top"], ["kept"]),
            helper.make_node("Mul", ["image", "kept"], ["result"]),
        ]
        stand_in(folder, model, TensorProto.UINT8, ["h", "w"], nodes)
    manifest = folder / f"{model}.toml"
    # What ships under this id would come first.
    text = manifest.read_text(encoding="utf-8").replace(f'id = "{model}"', 'id = "tiny"')
    manifest.write_text(text, encoding="utf-8")
    manifest.rename(folder / "tiny.toml")
    whole = ramp(300, 700)
    hole = np.zeros((300, 700), np.bool_)
    hole[100:160, 200:330] = True
    damaged = np.where(hole[..., None], np.uint16(65535), whole)
    photos = [save(tmp_path / f"{name}.tif", damaged) for name in ("one", "two")]
    words = ["run", "gan_inpaint", *map(str, photos), "--mask", str(mask), "--model", "tiny"]
    code = cli.main([*words, "--out-dir", str(tmp_path / "out")], METHODS)
    said = capsys.readouterr()
    assert code == 0, said.err
    for photo in photos:
        result = read_picture(tmp_path / "out" / photo.name).pixels
        assert result.dtype == np.uint16
        assert np.array_equal(result[~hole], whole[~hole])
        assert np.abs(result[hole].astype(float) - whole[hole]).max() < 0.03 * 65535


def test_a_model_that_is_not_there_is_one_line_with_advice(
    tmp_path: Path, mask: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = save(tmp_path / "photo.tif", ramp(300, 700))
    words = ["run", "gan_inpaint", str(photo), "--mask", str(mask), "--model", "lama", "-o", str(tmp_path / "out.tif")]
    assert cli.main(words, METHODS) == 1
    said = capsys.readouterr().err
    assert "models get lama" in said
    assert len(said.strip().splitlines()) == 1
