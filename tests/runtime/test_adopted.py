"""Files of the user's own: installed with a description of what they do, and removed with it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from editor.core.errors import Cancelled, ModelError, UnknownModelError
from editor.runtime import onnx
from editor.runtime.library import Availability, ModelLibrary
from editor.runtime.manifest import PICTURE_ROLES, ModelManifest
from editor.runtime.manifest_text import free_id
from editor.runtime.probe import memory
from editor.runtime.providers import Provider
from editor.runtime.store import ModelStore
from editor.runtime.tiled import run_checked
from tests.runtime import models


@pytest.fixture
def library(tmp_path: Path) -> ModelLibrary:
    return ModelLibrary(ModelStore([tmp_path / "shipped", tmp_path / "user"]), tmp_path / "user")


def left_over(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "user").glob("*"))


def test_an_unknown_model_is_asked_about_and_then_installed(tmp_path: Path, library: ModelLibrary) -> None:
    path = models.spread(tmp_path / "Clean Up 2.onnx", (2, 5))
    with pytest.raises(UnknownModelError, match=r"--for ROLE.*: upscale, denoise, subject, fill, style\.") as caught:
        library.install(path)
    assert "\n" not in str(caught.value)
    manifest = library.adopt(path, "denoise")
    assert library.store.manifests["clean_up_2"] == manifest
    assert (manifest.id, manifest.title, manifest.role) == ("clean_up_2", "Clean Up 2", "denoise")
    assert (manifest.overlap_px, manifest.scale, manifest.own) == (5, 1, True)
    assert not manifest.must_be_accepted
    assert library.availability("clean_up_2") is Availability.INSTALLED
    assert left_over(tmp_path) == ["clean_up_2.onnx", "clean_up_2.toml"]
    library.verify("clean_up_2")
    assert ModelStore([tmp_path / "user"]).manifest("clean_up_2") == manifest
    assert path.exists()


def test_what_was_found_is_enough_to_run_it(tmp_path: Path, library: ModelLibrary) -> None:
    manifest = library.adopt(models.doubler_nhwc(tmp_path / "net.onnx"), "upscale")
    session = onnx.load(library.store.locate(manifest.id), [Provider.CPU])
    picture = np.random.default_rng(0).random((8, 6, 3), np.float32)
    inputs = {manifest.inputs[0].name: manifest.inputs[0].from_picture(picture)}
    result = run_checked(session, manifest, inputs, lambda: False)[manifest.outputs[0].name]
    np.testing.assert_array_equal(manifest.outputs[0].to_picture(result), picture.repeat(2, 0).repeat(2, 1))


def test_a_model_of_ones_own_is_removed_with_its_description(tmp_path: Path, library: ModelLibrary) -> None:
    library.adopt(models.conv_net(tmp_path / "net.onnx"), "style")
    library.remove("net")
    assert left_over(tmp_path) == []
    assert "net" not in library.store.manifests


def test_one_that_lost_its_file_is_removed_all_the_same(tmp_path: Path, library: ModelLibrary) -> None:
    library.adopt(models.conv_net(tmp_path / "net.onnx"), "style")
    (tmp_path / "user" / "net.onnx").unlink()
    library.remove("net")
    assert left_over(tmp_path) == []


def test_a_subject_is_looked_for_in_the_whole_photo_at_one_size(tmp_path: Path, library: ModelLibrary) -> None:
    manifest = library.adopt(models.finder(tmp_path / "net.onnx"), "subject")
    assert (manifest.size.fixed, manifest.overlap_px) == ((512, 512), None)
    assert manifest.outputs[0].colour == "mask"


def test_deviations_from_the_mean_are_written_down(tmp_path: Path, library: ModelLibrary) -> None:
    manifest = library.adopt(models.finder_of_deviations(tmp_path / "net.onnx"), "subject")
    assert manifest.inputs[0].deviation == (0.229, 0.224, 0.225)


def test_a_filler_keeps_its_mask(tmp_path: Path, library: ModelLibrary) -> None:
    manifest = library.adopt(models.filler(tmp_path / "net.onnx", keep=True), "fill")
    assert {spec.name: spec.colour for spec in manifest.inputs} == {"image": "RGB", "mask": "keep"}


@pytest.mark.parametrize(
    ("make", "role", "reason"),
    [
        (models.conv_net, "upscale", "it enlarges 1 times"),
        (models.doubler_nhwc, "denoise", "it enlarges 2 times"),
        (models.conv_net, "subject", "it gives pictures with 3 channels"),
        (models.finder, "denoise", "it gives pictures with 1 channels"),
        (models.conv_net, "fill", "it takes no mask"),
        (models.filler, "style", "it wants a mask"),
        (models.conv_net, "faces", "is nothing that a model can be for"),
    ],
)
def test_a_model_that_is_not_for_this_is_not_installed(
    tmp_path: Path, library: ModelLibrary, make: models.Make, role: str, reason: str
) -> None:
    with pytest.raises(ModelError, match=reason):
        library.adopt(make(tmp_path / "net.onnx"), role)
    assert left_over(tmp_path) == []


def test_a_model_without_finite_values_is_not_installed(tmp_path: Path, library: ModelLibrary) -> None:
    image = models.value("image", (1, 3, "h", "w"))
    with pytest.raises(ModelError, match="no numbers"):
        library.adopt(models.one_step(tmp_path / "net.onnx", "Acosh", image), "style")
    assert left_over(tmp_path) == []


def test_a_model_that_runs_for_ever_is_not_installed(
    tmp_path: Path, library: ModelLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = models.endless_picture(tmp_path / "net.onnx")
    polled = 0

    def cancel() -> bool:
        nonlocal polled
        polled += 1
        return polled > 3

    with pytest.raises(Cancelled):
        library.adopt(path, "denoise", cancel=cancel)
    assert left_over(tmp_path) == []


def test_a_full_disk_leaves_nothing_half_installed(
    tmp_path: Path, library: ModelLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = models.conv_net(tmp_path / "net.onnx")
    rename = Path.replace

    def full(source: Path, target: Path) -> Path:
        if source.name.endswith(".toml.part"):
            raise OSError(28, "No space left on device")
        return rename(source, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ModelError, match="No space left"):
        library.adopt(path, "denoise")
    assert left_over(tmp_path) == []


def test_a_known_file_is_what_it_is_known_for(tmp_path: Path) -> None:
    (tmp_path / "shipped").mkdir()
    path = models.conv_net(tmp_path / "net.onnx")
    models.describe(path, role="denoise").rename(tmp_path / "shipped" / "net.toml")
    library = ModelLibrary(ModelStore([tmp_path / "shipped", tmp_path / "user"]), tmp_path / "user")
    assert library.adopt(path, "style").role == "denoise"
    assert left_over(tmp_path) == ["net.onnx"]


def test_nothing_that_is_there_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "shipped").mkdir()
    known = models.conv_net(tmp_path / "net.onnx")
    models.describe(known, id="other").rename(tmp_path / "shipped" / "other.toml")
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "NET_2.onnx").write_bytes(b"something")
    library = ModelLibrary(ModelStore([tmp_path / "shipped", tmp_path / "user"]), tmp_path / "user")
    models.spread(tmp_path / "net.onnx")
    assert library.adopt(tmp_path / "net.onnx", "denoise").id == "net_3"
    assert (tmp_path / "user" / "NET_2.onnx").read_bytes() == b"something"


@pytest.mark.parametrize(
    ("stem", "model_id"),
    [
        ("2x_Schärfer (v1.2)", "model_2x_scharfer_v1_2"),
        ("模型", "model"),
        ("CON", "model_con"),
        ("../../etc", "etc"),
        ("x" * 300, "x" * 60),
    ],
)
def test_any_name_becomes_an_id(stem: str, model_id: str) -> None:
    assert free_id(stem, ()) == model_id


@pytest.mark.skipif(os.name == "nt", reason="Windows does not allow such names")
def test_a_name_made_to_deceive_stays_a_name(tmp_path: Path, library: ModelLibrary) -> None:
    path = models.conv_net(tmp_path / 'x"\nrole = "fill"\x1b[2J\x7f.onnx')
    manifest = library.adopt(path, "denoise")
    assert (manifest.title, manifest.role) == ('x" role = "fill" [2J', "denoise")


def test_names_of_tensors_may_hold_anything(tmp_path: Path, library: ModelLibrary) -> None:
    image = models.value('in"\n\x7fé😀', (1, 3, "h", "w"))
    manifest = library.adopt(models.one_step(tmp_path / "net.onnx", "Abs", image), "denoise")
    assert manifest.inputs[0].name == 'in"\n\x7fé😀'


def test_memory_that_could_not_be_measured_is_said_to_be_assumed(
    tmp_path: Path, library: ModelLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_RESET", tmp_path / "missing" / "clear_refs")
    manifest = library.adopt(models.conv_net(tmp_path / "net.onnx"), "denoise")
    assert manifest.memory_mb_per_mp == 5000
    assert "# assumed" in (tmp_path / "user" / "net.toml").read_text(encoding="utf-8")


def test_every_role_for_pictures_has_its_need() -> None:
    from editor.runtime.adopted import _NEEDS

    assert set(_NEEDS) == set(PICTURE_ROLES)


def test_only_ones_own_model_may_lack_the_licences_link(tmp_path: Path) -> None:
    licence = {"name": "unknown", "commercial": False}
    path = models.conv_net(tmp_path / "net.onnx")
    assert ModelManifest.read(models.describe(path, licence=licence, own=True)).licence.link == ""
    with pytest.raises(ModelError, match=r"licence\.link is missing"):
        models.read(path, licence=licence)
