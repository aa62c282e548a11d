from __future__ import annotations

import dataclasses
import subprocess
import sys

import cv2
import numpy as np
import pytest

from editor.sdk.errors import MaskError
from editor.sdk.plugin import Inputs
from editor.sdk.testing import FakeContext, check_plugin
from plugins.content_fill import PLUGIN, Params, run
from tests.imaging.pictures import F32, Bool, in_16_bit, square_hole, textured


def _inputs(image: F32, hole: Bool, source: Bool | None = None) -> Inputs:
    return Inputs(image, hole.astype(np.float32), ~hole if source is None else source & ~hole)


def _fill(image: F32, hole: Bool, seed: int = 0) -> F32:
    return run(_inputs(image, hole), Params(), FakeContext(seed)).image


def test_it_keeps_the_rules_for_plugins() -> None:
    image, hole = textured(700, 160), square_hole(700, 160, 330, 60, 40)
    hole[100:104, 30:34] = True
    check_plugin(PLUGIN, _inputs(image, hole))


def test_every_filled_pixel_of_a_16_bit_photo_is_the_source_pixel_that_the_map_names() -> None:
    from plugins.content_fill.method import correspond

    photo = in_16_bit(textured(160, 200))
    hole = square_hole(160, 200, 60, 80, 40)
    inputs = _inputs(photo, hole)
    map_y, map_x = correspond(inputs, Params(), FakeContext())
    filled = run(inputs, Params(color_match=0), FakeContext()).image
    integers, sources = (np.round(picture * 65535).astype(np.uint16) for picture in (filled, photo))
    assert np.array_equal(integers, sources[map_y, map_x])
    assert not hole[map_y, map_x].any()


def test_candidates_of_consecutive_seeds_are_different_pictures() -> None:
    image, hole = textured(160, 160), square_hole(160, 160, 60, 60, 40)
    first, second, third = (_fill(image, hole, seed)[hole] for seed in range(3))
    for one, two in ((first, second), (second, third), (first, third)):
        assert np.mean(np.abs(one - two) > 0.01) > 0.3


def test_texture_is_kept() -> None:
    image, hole = textured(200, 200), square_hole(200, 200, 70, 70, 60)
    report = run(_inputs(image, hole), Params(), FakeContext()).report
    assert report["texture (1 = as around it)"] == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_faint_texture_does_not_give_way_to_smooth_places_of_its_colours(seed: int) -> None:
    noise = np.random.default_rng(5)
    slow, fine = (cv2.GaussianBlur(noise.normal(size=(400, 400)), (0, 0), sigma) for sigma in (20, 1.5))
    grey = 0.3 + 0.12 * slow / slow.std() + 0.004 * noise.normal(size=(400, 400))
    grey[:, :240] += 0.03 * (fine / fine.std())[:, :240]
    image = np.repeat(np.clip(grey, 0, 1)[..., None], 3, axis=2).astype(np.float32)
    hole = np.zeros((400, 400), np.bool_)
    hole[100:280, 60:220] = True
    report = run(_inputs(image, hole), Params(), FakeContext(seed=seed)).report
    assert float(report["texture (1 = as around it)"]) > 0.68


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_mottled_ground_goes_on_beside_a_smooth_stone_of_its_mean_colour(seed: int) -> None:
    noise = np.random.default_rng(5)
    mottled = cv2.GaussianBlur(noise.normal(size=(400, 400)), (0, 0), 2)
    grey = 0.4 + 0.15 * np.tanh(2 * mottled / mottled.std()) + 0.02 * noise.normal(size=(400, 400))
    slow = cv2.GaussianBlur(noise.normal(size=(280, 150)), (0, 0), 25)
    grey[60:340, :150] = 0.4 + 0.03 * slow / slow.std() + 0.02 * noise.normal(size=(280, 150))
    image = np.repeat(np.clip(grey, 0, 1)[..., None], 3, axis=2).astype(np.float32)
    report = run(_inputs(image, square_hole(400, 400, 110, 160, 175)), Params(), FakeContext(seed=seed)).report
    assert float(report["texture (1 = as around it)"]) > 0.85


def test_one_candidate_in_three_goes_by_colours_alone() -> None:
    from plugins.content_fill.method import correspond

    noise = np.random.default_rng(5)
    smooth = np.zeros((200, 300), np.bool_)
    smooth[:, 180:] = True
    fine = cv2.GaussianBlur(noise.normal(size=smooth.shape), (0, 0), 1.5) / 0.19
    grey = 0.5 + 0.01 * noise.normal(size=smooth.shape) + np.where(smooth, 0.06, 0.1) * fine
    image = np.repeat(np.clip(grey, 0, 1)[..., None], 3, axis=2).astype(np.float32)
    hole = square_hole(*smooth.shape, 60, 50, 90)
    taken = []
    for seed in range(3):
        map_y, map_x = correspond(_inputs(image, hole), Params(), FakeContext(seed))
        taken.append(np.mean(smooth[map_y, map_x][hole]))
    assert taken[1] > 0.5 > 2 * max(taken[0], taken[2])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_rough_planks_in_front_of_fog_grow_no_stub(seed: int) -> None:
    noise = np.random.default_rng(3)
    wood = cv2.GaussianBlur(noise.normal(size=(640, 440)), (0, 0), sigmaX=3, sigmaY=1)
    y, x = np.mgrid[:640, :440]
    planks = y > 300 + 0.6 * (x - 150)
    fog = 0.5 + 0.0002 * (640 - y) + 0.008 * noise.normal(size=(640, 440))
    grey = np.where(planks, 0.17 + 0.06 * wood / wood.std(), fog)
    image = np.repeat(np.clip(grey, 0, 1)[..., None], 3, axis=2).astype(np.float32)
    hole = np.zeros(planks.shape, np.bool_)
    hole[180:420, 280:] = True
    light = cv2.blur(_fill(image, hole, seed)[..., 0], (5, 5)) > 0.36
    assert np.count_nonzero((light == planks)[hole]) < 120


def test_excluded_places_are_not_copied() -> None:
    image, hole = textured(120, 160), square_hole(120, 160, 40, 60, 30)
    image[:, 110:] = (1.0, 0.0, 0.0)
    source = np.ones_like(hole)
    source[:, 110:] = False
    filled = run(_inputs(image, hole, source), Params(), FakeContext()).image
    assert (filled[hole][:, 1] > 0.05).all()


def test_the_color_of_the_removed_thing_does_not_shine_through() -> None:
    image, hole = textured(120, 120), square_hole(120, 120, 40, 40, 30)
    image[hole] = (0.0, 1.0, 0.0)
    filled = _fill(image, hole)[hole]
    assert (filled[:, 1] < filled[:, 0] + 0.3).all()


def test_a_grey_photo_stays_grey() -> None:
    image = np.repeat(textured(100, 100)[..., :1], 3, axis=2)
    filled = _fill(image, square_hole(100, 100, 40, 40, 20))
    assert np.ptp(filled, axis=2).max() < 1e-6


_SMALL = {
    "corner": (textured(60, 60), square_hole(60, 60, 0, 0, 20)),
    "border": (textured(60, 60), square_hole(60, 60, 45, 20, 15)),
    "one pixel": (textured(40, 40), square_hole(40, 40, 20, 20, 1)),
    "wide and one high": (textured(1, 10_000), square_hole(1, 10_000, 0, 5000, 30)),
    "high and one wide": (textured(300, 1), square_hole(300, 1, 100, 0, 9)),
    "one source pixel": (textured(2, 2), np.array([[True, True], [True, False]])),
    "little source": (textured(30, 30), ~square_hole(30, 30, 4, 4, 3)),
    "wire": (textured(80, 300), np.broadcast_to((np.arange(80) == 40)[:, None], (80, 300)).copy()),
    "two apart": (textured(60, 200), square_hole(60, 200, 20, 10, 10) | square_hole(60, 200, 20, 150, 20)),
}


@pytest.mark.parametrize("name", _SMALL)
def test_holes_at_odd_places_are_filled(name: str) -> None:
    image, hole = _SMALL[name]
    spoiled = image.copy()
    spoiled[hole] = (1.0, 0.0, 1.0)
    filled = _fill(spoiled, hole)
    assert np.array_equal(filled[~hole], spoiled[~hole])
    assert np.isfinite(filled).all()
    assert (np.abs(filled[hole] - (1.0, 0.0, 1.0)).max(axis=1) > 0.1).all()


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (50, 50)])
def test_a_mask_over_everything_is_an_error_for_the_user(rows: int, columns: int) -> None:
    image, hole = textured(rows, columns), np.ones((rows, columns), np.bool_)
    with pytest.raises(MaskError, match="nothing to copy"):
        _fill(image, hole)


def test_a_cancel_is_looked_for_in_every_band_of_rows() -> None:
    context = FakeContext()
    run(_inputs(textured(400, 400), square_hole(400, 400, 100, 100, 200)), Params(), context)
    assert context.checks > 300


def test_nothing_is_left_to_compile_after_warming_up() -> None:
    code = """
import numpy as np
from plugins.content_fill import Params, run, warm_up
from editor.imaging import _blend_kernels, _patch_kernels
from editor.sdk.plugin import Inputs
from editor.sdk.testing import FakeContext
def compiled():
    names = [*vars(_blend_kernels).values(), *vars(_patch_kernels).values()]
    return [len(kernel.signatures) for kernel in names if hasattr(kernel, "signatures")]
warm_up()
before = compiled()
image, hole = np.random.default_rng(0).random((90, 90, 3), np.float32), np.zeros((90, 90), bool)
hole[30:60, 30:60] = True
inputs = Inputs(image, hole.astype(np.float32), ~hole)
for array in (inputs.image, inputs.mask, inputs.source):
    array.flags.writeable = False
run(inputs, Params(), FakeContext())
assert sum(before) > 0 and compiled() == before, (before, compiled())
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_listing_the_plugin_does_not_import_numba() -> None:
    code = "import sys, plugins.content_fill; sys.exit('numba' in sys.modules or 'cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_is_copied_into_an_empty_wedge_can_be_seen() -> None:
    image = textured(120, 160)
    alpha = np.ones((120, 160), np.float32)
    alpha[:20] = 0
    image[:20] = 0
    hole = np.zeros((120, 160), np.bool_)
    hole[:23, :100] = True
    result = run(dataclasses.replace(_inputs(image, hole), alpha=alpha), Params(), FakeContext())
    assert result.alpha is not None
    assert (result.alpha[:23, :100] == 1).all()
    # What lies beside the hole is empty still, and nothing of it was copied.
    assert not result.alpha[:20, 100:].any()
    assert result.image[:23, :100].min() > 0
