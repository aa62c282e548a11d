from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from editor import cli
from editor.core.metadata import Metadata
from editor.host.places import Places
from editor.io.picture import Picture
from editor.io.read import read_picture
from editor.io.write import write_picture
from editor.sdk.errors import MaskError, PluginError
from editor.sdk.models import ModelFacts, TensorSpec
from editor.sdk.plugin import Inputs
from editor.sdk.testing import FakeContext, check_plugin
from plugins.select_subject import PLUGIN, Params, run
from tests.runtime.models import PICTURE, describe, subject_net

F32 = NDArray[np.float32]
Tensors = Mapping[str, NDArray[Any]]

RED = np.array([0.9, 0.1, 0.1], np.float32)
FACTS = ModelFacts(
    "u2netp",
    "Fake",
    1,
    (64, 64),
    None,
    (TensorSpec("in", "NCHW", "float32", (-1, 1), "RGB", 3, mean=(0.5,) * 3, deviation=(0.5,) * 3),),
    (TensorSpec("out", "NCHW", "float32", (0, 1), "mask", 1),),
)


def sees_red(model: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
    """Sure of what is red, and a little of its neighbourhood, as networks are."""
    red = (inputs["in"][:, :1] - inputs["in"][:, 1:2]).clip(0, 1)
    near = [np.roll(red, step, axis) for axis in (2, 3) for step in (-1, 0, 1)]
    return {"out": np.asarray(np.mean(near, axis=0), np.float32)}


def scene(height: int, width: int, subject: NDArray[np.bool_]) -> F32:
    image = np.random.default_rng(0).normal(0.4, 0.02, (height, width, 3)).astype(np.float32).clip(0, 1)
    image[subject] = RED
    return image


def disc(height: int, width: int, y: float, x: float, radius: float) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:height, :width]
    return np.asarray(np.hypot(rows - y, columns - x) < radius)


def select(image: F32, alpha: F32 | None = None, **params: Any) -> F32:
    blank = np.ones(image.shape[:2], np.float32)
    context = FakeContext(infer=sees_red, models=[FACTS])
    return run(Inputs(image, blank, blank > 2, alpha), Params(**params), context).mask


def overlap(mask: F32, subject: NDArray[np.bool_]) -> float:
    """Intersection over union."""
    return float(((mask > 0.5) & subject).sum() / ((mask > 0.5) | subject).sum())


def test_it_keeps_the_rules_for_plugins() -> None:
    image = scene(200, 300, disc(200, 300, 90, 150, 60))
    image += np.random.default_rng(1).normal(0, 0.05, image.shape).astype(np.float32)
    blank = np.ones((200, 300), np.float32)
    inputs = Inputs(image.clip(0, 1), blank, blank > 2, blank)
    check_plugin(PLUGIN, inputs, infer=sees_red, models=[FACTS])


def test_what_is_only_seen_near_to_ends_in_no_straight_line() -> None:
    looks = []

    def sees_all_when_near(model: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
        looks.append(model)
        return sees_red(model, inputs) if len(looks) == 1 else {"out": np.ones((1, 1, 64, 64), np.float32)}

    image = scene(600, 800, disc(600, 800, 300, 400, 40))
    blank = np.ones((600, 800), np.float32)
    context = FakeContext(infer=sees_all_when_near, models=[FACTS])
    mask = run(Inputs(image, blank, blank > 2), Params(softness=100), context).mask
    assert len(looks) == 2
    assert mask[300, 400] == 1
    assert max(float(np.abs(np.diff(mask, axis=axis)).max()) for axis in (0, 1)) < 0.3


def test_a_subject_small_in_the_frame_is_found_to_the_pixel() -> None:
    subject = disc(1200, 1600, 700, 300, 12)
    assert overlap(select(scene(1200, 1600, subject)), subject) > 0.97


def test_thin_hairs_are_selected_and_what_lies_between_is_not() -> None:
    subject = disc(600, 600, 300, 300, 150)
    hairs = np.zeros_like(subject)
    hairs[130:152, 240:360:8] = True
    mask = select(scene(600, 600, subject | hairs), reach=2.0)
    assert mask[135:150, 240:360:8].mean() > mask[135:150, 244:360:8].mean() + 0.25


@pytest.mark.parametrize(("height", "width"), [(100, 1000), (1000, 100)])
def test_a_panorama_is_not_squeezed_until_nothing_is_recognised(height: int, width: int) -> None:
    shapes: list[tuple[float, float]] = []

    def look(model: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
        red = np.argwhere(inputs["in"][0, 0] > 0.5)
        rows, columns = np.ptp(red, axis=0) + 1
        shapes.append((rows, columns))
        return sees_red(model, inputs)

    subject = disc(height, width, 50, 50, 30)
    blank = np.ones((height, width), np.float32)
    context = FakeContext(infer=look, models=[FACTS])
    mask = run(Inputs(scene(height, width, subject), blank, blank > 2), Params(), context).mask
    assert overlap(mask, subject) > 0.95
    assert max(shapes[0]) / min(shapes[0]) < 3


def test_what_is_transparent_is_not_selected_whatever_colour_it_hides() -> None:
    subject = disc(200, 200, 100, 60, 40)
    hidden = disc(200, 200, 100, 150, 40)
    hidden[100, :] = True
    mask = select(scene(200, 200, subject | hidden), (~hidden).astype(np.float32), detail=0)
    assert overlap(mask, subject) > 0.9
    assert mask[hidden].max() == 0


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (2, 3)])
def test_tiny_and_thin_pictures_are_selected_or_refused_in_words(size: tuple[int, int]) -> None:
    assert (select(np.broadcast_to(RED, (*size, 3)).copy()) > 0.5).all()
    with pytest.raises(MaskError, match="Nothing stands out"):
        select(np.full((*size, 3), 0.5, np.float32))


def test_a_model_of_another_kind_is_refused() -> None:
    blank = np.ones((20, 20), np.float32)
    facts = ModelFacts("u2netp", "Upscaler", 2, None, 8, FACTS.inputs, FACTS.outputs)
    with pytest.raises(PluginError, match="Upscaler can't find subjects"):
        run(Inputs(blank[..., None].repeat(3, 2), blank, blank > 2), Params(), FakeContext(models=[facts]))


@pytest.mark.parametrize(("dtype", "channels"), [(np.uint8, 3), (np.uint16, 4)])
def test_another_model_is_no_more_than_a_manifest(tmp_path: Path, dtype: Any, channels: int) -> None:
    folder = Places.default().models
    folder.mkdir(parents=True)
    mask = {"layout": "NCHW", "dtype": "float32", "range": [0, 1], "colour": "mask"}
    normal = {"range": [-1, 1], "mean": [0.5] * 3, "deviation": [0.5] * 3}
    describe(
        subject_net(folder / "red.onnx"),
        role="subject",
        overlap_px=None,
        whole=True,
        size={"fixed": [64, 64]},
        inputs=[{"name": "image", **PICTURE, **normal}],
        outputs=[{"name": "result", **mask}],
    )
    subject = disc(120, 160, 60, 70, 30)
    pixels = np.ones((120, 160, channels))
    pixels[..., :3] = scene(120, 160, subject)
    photo, out = tmp_path / "photo.tif", tmp_path / "mask.png"
    write_picture(photo, Picture((pixels * np.iinfo(dtype).max).astype(dtype), Metadata()))
    assert cli.main(["run", "select_subject", str(photo), "--model", "red", "-o", str(out)]) == 0
    written = read_picture(out).pixels
    assert written.shape == (120, 160, 1)
    assert overlap((written[..., 0] / 255).astype(np.float32), subject) > 0.95


def test_listing_the_plugin_does_not_import_opencv() -> None:
    code = "import sys, plugins.select_subject; sys.exit('cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
