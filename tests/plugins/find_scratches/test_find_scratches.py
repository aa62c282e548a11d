from __future__ import annotations

import subprocess
import sys
from typing import Any

import cv2
import numpy as np
import pytest

from editor.sdk.plugin import Inputs, MaskResult
from editor.sdk.testing import FakeContext, check_plugin
from plugins.find_scratches import PLUGIN, Params
from tests.imaging.pictures import F32

LINE = ((40, 30), (200, 110))


def ground(height: int = 240, width: int = 260) -> F32:
    """Light that falls off, an edge, and grain."""
    rows, columns = np.mgrid[:height, :width]
    light = 0.35 + 0.2 * rows / height + 0.15 * (columns + 0.3 * rows > 0.6 * width)
    grain = np.random.default_rng(0).normal(0, 0.01, light.shape)
    return np.repeat(np.asarray(light + grain, np.float32)[..., None], 3, axis=2)


def with_line(picture: F32, thick: int, tone: float, line: tuple[tuple[int, int], tuple[int, int]] = LINE) -> F32:
    drawn = picture.copy()
    cv2.line(drawn, *line, (tone, tone, tone), thick, cv2.LINE_AA)
    return drawn


def along(line: tuple[tuple[int, int], tuple[int, int]] = LINE) -> tuple[slice | np.ndarray, ...]:
    share = np.linspace(0.05, 0.95, 100)
    return tuple(np.rint(line[0][k] + share * (line[1][k] - line[0][k])).astype(int) for k in (1, 0))


def result(picture: F32, alpha: F32 | None = None, **params: Any) -> MaskResult:
    size = picture.shape[:2]
    inputs = Inputs(picture, np.ones(size, np.float32), np.ones(size, np.bool_), alpha)
    made = PLUGIN.run(inputs, Params(**params), FakeContext())
    assert isinstance(made, MaskResult)
    return made


def test_it_keeps_the_rules_for_plugins() -> None:
    picture = with_line(ground(), 1, 0.95)
    picture = with_line(picture, 1, 0.05, ((20, 200), (240, 150)))
    picture = with_line(picture, 9, 0.95, ((230, 20), (180, 220)))
    # So faint that it is found with more sensitivity only.
    picture = with_line(picture, 1, 0.48, ((10, 90), (110, 190)))
    size = picture.shape[:2]
    check_plugin(PLUGIN, Inputs(picture, np.ones(size, np.float32), np.ones(size, np.bool_)))


@pytest.mark.parametrize("thick", [1, 3, 5])
@pytest.mark.parametrize("tone", [0.95, 0.05])
def test_a_scratch_is_covered_and_little_else(thick: int, tone: float) -> None:
    made = result(with_line(ground(), thick, tone))
    assert made.mask[along()].mean() > 0.95
    drawn = np.zeros(made.mask.shape, np.uint8)
    cv2.line(drawn, *LINE, 1, thick + 18)
    assert not made.mask[drawn == 0].any()
    px = np.count_nonzero(made.mask)
    assert made.report == {"scratches cover": f"{px:,} px, {100 * px / made.mask.size:.2f} % of the picture"}


def test_a_broken_scratch_is_bridged() -> None:
    picture = ground()
    for start in (15, 90, 165):
        picture = with_line(picture, 1, 0.95, ((start, 60), (start + 55, 60)))
    assert result(picture, widest_px=3).mask[60, 25:210].mean() > 0.95


def test_neither_an_edge_nor_grain_is_a_scratch() -> None:
    made = result(ground())
    assert not made.mask.any()
    assert not made.report
    assert made.note == "No scratches were found: raise the sensitivity, or the widest that is looked for."


def test_tone_says_which_are_meant() -> None:
    bright, dark = ((20, 40), (240, 60)), ((20, 200), (240, 150))
    picture = with_line(with_line(ground(), 1, 0.95, bright), 1, 0.05, dark)
    made = result(picture, tone="dark").mask
    assert made[along(dark)].mean() > 0.95
    assert not made[along(bright)].any()


def test_a_line_wider_than_the_widest_is_left() -> None:
    for thick in (5, 9):
        picture = with_line(ground(), thick, 0.95)
        assert not result(picture, widest_px=3).mask.any()
        assert result(picture, widest_px=12).mask[along()].mean() > 0.9


def test_the_lines_of_a_pattern_are_no_scratches() -> None:
    picture = ground()
    for x in range(10, 250, 7):
        picture = with_line(picture, 1, 0.95, ((x, 10), (x, 230)))
    assert not result(picture).mask.any()


def test_the_mask_grows_as_it_is_told() -> None:
    picture = with_line(ground(), 1, 0.95)
    sizes = [np.count_nonzero(result(picture, grow_px=grow).mask) for grow in (0, 2, 5)]
    length = np.hypot(LINE[1][0] - LINE[0][0], LINE[1][1] - LINE[0][1])
    assert sizes[1] - sizes[0] == pytest.approx(4 * length, rel=0.35)
    assert sizes[2] - sizes[1] == pytest.approx(6 * length, rel=0.35)


def test_a_thin_line_stays_thin_where_wide_ones_are_looked_for_too() -> None:
    picture = with_line(ground(), 1, 0.95)
    sizes = [np.count_nonzero(result(picture, widest_px=widest).mask) for widest in (3, 14)]
    assert sizes[1] < 1.2 * sizes[0]


def test_bands_of_rows_fit_together() -> None:
    line = ((30, 100), (230, 700))
    made = result(with_line(ground(800), 1, 0.95, line))
    assert made.mask[along(line)].mean() > 0.98


def test_what_is_transparent_has_no_scratches() -> None:
    picture = with_line(ground(), 1, 0.95)
    alpha = np.ones(picture.shape[:2], np.float32)
    alpha[:, 100:] = 0
    made = result(picture, alpha)
    assert made.mask[:, :100].any()
    assert not made.mask[:, 100:].any()


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (1, 3000), (3000, 1), (5, 900)])
@pytest.mark.parametrize("tone", [0.0, 0.5, 1.0])
def test_odd_pictures_have_none(size: tuple[int, int], tone: float) -> None:
    assert not result(np.full((*size, 3), tone, np.float32), widest_px=14, sensitivity=100).mask.any()


def test_nothing_is_left_to_compile_after_warming_up() -> None:
    code = """
import numpy as np
from editor.imaging import _chain_kernels, _line_kernels
from editor.sdk.plugin import Inputs
from editor.sdk.testing import FakeContext
from plugins.find_scratches import Params, run, warm_up
def compiled():
    names = [*vars(_chain_kernels).values(), *vars(_line_kernels).values()]
    return [len(kernel.signatures) for kernel in names if hasattr(kernel, "signatures")]
warm_up()
before = compiled()
image = np.full((300, 200, 3), 0.5, np.float32)
image[:, 99:101] = 1
inputs = Inputs(image, np.ones((300, 200), np.float32), np.ones((300, 200), bool))
image.flags.writeable = False
assert run(inputs, Params(), FakeContext()).mask.any()
assert sum(before) > 0 and compiled() == before, (before, compiled())
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
