"""`kintsugi measure`: what a method should be told of a photo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest

from editor import cli
from editor.core.metadata import Metadata
from editor.host.registry import Registry
from editor.io.picture import Picture
from editor.io.write import write_picture
from editor.sdk.context import Context
from editor.sdk.errors import MaskError
from editor.sdk.params import Doc, Measured, Range
from editor.sdk.plugin import Inputs
from tests.helpers.documents import local_method, method


def brightness(inputs: Inputs, ctx: Context) -> float:
    """The mean under the mask, in 255 levels; nothing is to be found in black."""
    ctx.check()
    found = round(255 * float(inputs.image[inputs.mask > 0].mean()))
    if not found:
        raise MaskError("All is black: mark something light.")
    return found


@dataclass(frozen=True, slots=True)
class Found:
    light: Annotated[float, Range(0, 200), Measured(brightness), Doc("Light", "How light it is.")] = 0.0
    other: Annotated[float, Range(0, 1), Doc("Other", "Nothing to measure.")] = 0.0


METHODS = Registry({"soften": local_method(params=Found), "flat_fill": method()})


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.full((40, 60, 3), 50, np.uint8)
    pixels[10:20, 30:50] = 150
    pixels[30:] = 0
    return _save(tmp_path / "photo.png", pixels)


def _save(path: Path, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Path:
    write_picture(path, Picture(pixels, Metadata(), ()))
    return path


def _mask(path: Path, top: int, bottom: int) -> Path:
    values = np.zeros((40, 60, 1), np.uint8)
    values[top:bottom, 30:50] = 255
    return _save(path, values)


def test_the_values_come_as_flags_for_run(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["measure", "soften", str(photo)], METHODS) == 0
    assert capsys.readouterr().out == "--light 46.0\n"
    assert cli.main(["measure", "soften", str(photo), "--mask", str(_mask(tmp_path / "m.png", 10, 20))], METHODS) == 0
    assert capsys.readouterr().out == "--light 150.0\n"


@pytest.mark.expects_log_error
def test_where_nothing_can_be_measured_a_line_says_why(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["measure", "soften", str(photo), "--mask", str(_mask(tmp_path / "m.png", 30, 40))], METHODS) == 1
    assert capsys.readouterr().err == "kintsugi: All is black: mark something light.\n"


def test_only_methods_with_something_to_measure_are_offered(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["measure", "--help"], METHODS) == 0
    out = capsys.readouterr().out
    assert "soften" in out
    assert "flat_fill" not in out
