"""Methods that make masks and pictures, and those that name a model, on the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import Base

from editor import cli
from editor.core.metadata import Metadata
from editor.host.places import Places
from editor.host.registry import Registry
from editor.io.picture import Picture
from editor.io.read import read_picture
from editor.io.write import write_picture
from editor.sdk.context import Context
from editor.sdk.plugin import Inputs, MaskResult, Plugin, Result
from tests.helpers.documents import noise
from tests.helpers.makers import Named, know_model, mask_maker, picture_maker


def negative(inputs: Inputs, params: Named, ctx: Context) -> Result:
    """What the model makes of the picture, as far as it goes: it is noise, so only the model's id shows."""
    ctx.model(params.model)
    return Result(np.clip(ctx.infer(params.model, {"image": _tensor(inputs)})["result"][0].transpose(1, 2, 0), 0, 1))


def _tensor(inputs: Inputs) -> Any:
    return np.ascontiguousarray(inputs.image.transpose(2, 0, 1)[None])


MODELLED = Plugin(
    id="modelled", version=1, title="Modelled", summary="Asks a model.", params=Named, run=negative, random=False
)
METHODS = Registry({each.id: each for each in (mask_maker(), picture_maker(), MODELLED)})


@dataclass(frozen=True, slots=True)
class Output:
    exit_code: int
    stdout: str
    stderr: str


Run = Callable[..., Output]


@pytest.fixture
def kintsugi(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: object) -> Output:
        code = cli.main([str(word) for word in words], METHODS)
        captured = capsys.readouterr()
        return Output(code, captured.out, captured.err)

    return run


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    write_picture(path, Picture(noise(60, 40), Metadata(), ()))
    return path


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_mask_is_written_in_grey_at_the_photos_size(kintsugi: Run, photo: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"out{suffix}"
    result = kintsugi("run", "pick_bright", photo, "-o", out)
    assert result.exit_code == 0, result.stderr
    assert "outside the mask" not in result.stdout
    assert "selected 0." in result.stdout
    expected = read_picture(photo).pixels.astype(float).mean(axis=2) > 127.5
    np.testing.assert_array_equal(read_picture(out).pixels, expected[..., None] * np.uint8(255))


def test_a_mask_of_nothing_is_written_black_and_the_note_is_a_line(photo: Path, tmp_path: Path, capsys: Any) -> None:
    def nothing(inputs: Inputs, _params: Any, _ctx: Context) -> MaskResult:
        return MaskResult(np.zeros_like(inputs.mask), note="No specks were found: raise the sensitivity.")

    out = tmp_path / "out.png"
    methods = Registry({"pick_bright": mask_maker(nothing)})
    assert cli.main(["run", "pick_bright", str(photo), "-o", str(out)], methods) == 0
    assert not read_picture(out).pixels.any()
    assert "  No specks were found: raise the sensitivity." in capsys.readouterr().out.splitlines()


def test_a_made_mask_can_be_widened(kintsugi: Run, photo: Path, tmp_path: Path) -> None:
    plain, wide = tmp_path / "plain.png", tmp_path / "wide.png"
    kintsugi("run", "pick_bright", photo, "-o", plain)
    kintsugi("run", "pick_bright", photo, "--grow-mask", 2, "-o", wide)
    assert read_picture(wide).pixels.mean() > read_picture(plain).pixels.mean() + 30


def test_masks_of_many_photos_are_named_as_they_are(kintsugi: Run, tmp_path: Path) -> None:
    photos = [tmp_path / f"{index}.jpg" for index in range(3)]
    for path in photos:
        write_picture(path, Picture(noise(60, 40), Metadata(), ()))
    photos[1].write_bytes(b"no picture")
    result = kintsugi("run", "pick_bright", *photos, "--out-dir", tmp_path / "masks")
    assert result.exit_code == 1
    assert "2 of 3 photos done, 1 failed." in result.stdout
    assert sorted(path.name for path in (tmp_path / "masks").iterdir()) == ["0.png", "2.png"]


def test_a_mask_is_not_written_with_loss(kintsugi: Run, photo: Path, tmp_path: Path) -> None:
    result = kintsugi("run", "pick_bright", photo, "-o", tmp_path / "out.jpg")
    assert result.exit_code == 2
    assert ".png" in result.stderr


def test_flags_that_make_no_sense_are_not_offered(kintsugi: Run) -> None:
    masks, pictures = (kintsugi("run", name, "--help").stdout for name in ("pick_bright", "double_size"))
    assert "--grow-mask" in masks
    assert "--quality" not in masks
    assert "--quality" in pictures
    for text in (masks, pictures):
        assert "--mask " not in text
    assert "--grow-mask" not in pictures


def test_a_picture_is_written_with_what_the_photo_says_of_itself(kintsugi: Run, tmp_path: Path) -> None:
    photo, out = tmp_path / "photo.jpg", tmp_path / "out" / "photo.jpg"
    exif = Image.Exif()
    exif[Base.Make] = "Camera"
    exif.get_ifd(Base.ExifOffset)[Base.ExifImageWidth] = 60
    exif.get_ifd(Base.ExifOffset)[Base.ExifImageHeight] = 40
    xmp = (
        b'<x:xmpmeta><rdf:RDF><rdf:Description exif:PixelXDimension="60" tiff:ImageLength="40"/></rdf:RDF></x:xmpmeta>'
    )
    Image.fromarray(noise(60, 40)).save(photo, exif=exif, xmp=xmp)
    result = kintsugi("run", "double_size", photo, "--out-dir", out.parent)
    assert result.exit_code == 0, result.stderr
    assert "120 × 80" in result.stdout
    assert "outside" not in result.stdout
    with Image.open(out) as written:
        assert written.size == (120, 80)
        read = written.getexif()
        assert read[Base.Make] == "Camera"
        inner = read.get_ifd(Base.ExifOffset)
        assert (inner[Base.ExifImageWidth], inner[Base.ExifImageHeight]) == (120, 80)
        assert b'PixelXDimension="120"' in written.info["xmp"]
        assert b'ImageLength="80"' in written.info["xmp"]


def test_a_seed_is_only_asked_for_where_it_matters(kintsugi: Run) -> None:
    assert "--seed" in kintsugi("run", "pick_bright", "--help").stdout
    assert "--seed" not in kintsugi("run", "modelled", "--help").stdout


def test_help_lists_the_models_for_the_use(kintsugi: Run) -> None:
    know_model(Places.default().models, "first")
    know_model(Places.default().models, "second", installed=False)
    know_model(Places.default().models, "unfit", role="subject")
    text = " ".join(kintsugi("run", "modelled", "--help").stdout.split())
    known = text.replace(" ", "").partition("--model[")[2].partition("]")[0].split("|")
    assert {"first", "second"} <= set(known)
    assert "unfit" not in text


def test_an_unknown_model_is_wrong_usage_that_names_the_known(kintsugi: Run, photo: Path, tmp_path: Path) -> None:
    know_model(Places.default().models, "first")
    know_model(Places.default().models, "unfit", role="subject")
    for name in ("nonsense", "unfit"):
        result = kintsugi("run", "modelled", photo, "--model", name, "-o", tmp_path / "out.png")
        assert result.exit_code == 2
        assert name in result.stderr
        assert "there are first" in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("changes", "advice"),
    [({}, "kintsugi models get second"), ({"url": None}, "kintsugi models install FILE")],
    ids=["gettable", "needs a file"],
)
def test_a_model_that_is_not_installed_is_one_line_with_advice(
    kintsugi: Run, photo: Path, tmp_path: Path, changes: dict[str, Any], advice: str
) -> None:
    know_model(Places.default().models, "second", installed=False, **changes)
    know_model(Places.default().models, "first")
    result = kintsugi("run", "modelled", photo, photo, "--model", "second", "--out-dir", tmp_path / "out")
    assert result.exit_code == 1
    assert advice in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_the_named_model_is_run(kintsugi: Run, photo: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        know_model(Places.default().models, name)
        result = kintsugi("run", "modelled", photo, "--model", name, "-o", tmp_path / f"{name}.png")
        assert result.exit_code == 0, result.stderr
    assert (tmp_path / "second.png").exists()
