from __future__ import annotations

import os
from pathlib import Path

import pytest

from editor.core.errors import ModelError
from editor.runtime.store import ModelStore
from tests.runtime import models


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    folder = tmp_path / "shipped"
    folder.mkdir()
    (folder / "net.onnx").write_bytes(b"weights")
    models.describe(folder / "net.onnx")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def test_file_beside_its_manifest(shipped: Path, data: Path) -> None:
    store = ModelStore([shipped, data])
    assert list(store.manifests) == ["net"]
    assert store.installed("net")
    assert store.locate("net") == shipped / "net.onnx"


def test_file_in_the_users_folder(shipped: Path, data: Path) -> None:
    (shipped / "net.onnx").rename(data / "net.onnx")
    store = ModelStore([shipped, data])
    assert store.installed("net")
    assert store.locate("net") == data / "net.onnx"


def test_missing_file_says_what_to_put_where(shipped: Path, data: Path) -> None:
    (shipped / "net.onnx").unlink()
    store = ModelStore([shipped, data])
    assert not store.installed("net")
    with pytest.raises(ModelError, match=r"'Net' is not installed: put the file net\.onnx") as caught:
        store.locate("net")
    assert str(data) in str(caught.value)


def test_unknown_model_names_the_known_ones(shipped: Path) -> None:
    with pytest.raises(ModelError, match=r"no model called 'nut'.*net"):
        ModelStore([shipped]).locate("nut")


def test_another_file_of_the_same_length_is_found_out_also_later(shipped: Path) -> None:
    store = ModelStore([shipped])
    store.locate("net")
    (shipped / "net.onnx").write_bytes(b"wEights")
    os.utime(shipped / "net.onnx", ns=(1, 1))  # clocks of file systems can be too coarse for two writes in a row
    with pytest.raises(ModelError, match="is damaged or is another file: delete"):
        store.locate("net")


def test_an_unchanged_file_is_hashed_once(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ModelStore([shipped])
    store.locate("net")
    monkeypatch.setattr("hashlib.file_digest", None)
    store.locate("net")


def test_incomplete_file(shipped: Path) -> None:
    (shipped / "net.onnx").write_bytes(b"wei")
    store = ModelStore([shipped])
    assert not store.installed("net")
    with pytest.raises(ModelError, match="is incomplete: delete"):
        store.locate("net")


def test_file_that_belongs_to_the_model_is_missing(shipped: Path) -> None:
    (shipped / "net.onnx.data").write_bytes(b"more")
    files = [models.file_entry(shipped / name) for name in ("net.onnx", "net.onnx.data")]
    models.describe(shipped / "net.onnx", files=files)
    store = ModelStore([shipped])
    assert store.locate("net") == shipped / "net.onnx"
    (shipped / "net.onnx.data").unlink()
    assert not store.installed("net")
    with pytest.raises(ModelError, match=r"net\.onnx\.data"):
        store.locate("net")


def test_a_bad_manifest_is_listed_and_stops_nothing(shipped: Path) -> None:
    (shipped / "bad.toml").write_text("id = 3")
    store = ModelStore([shipped])
    assert list(store.manifests) == ["net"]
    assert list(store.errors) == [shipped / "bad.toml"]


def test_the_earlier_folder_wins(shipped: Path, data: Path) -> None:
    (data / "net.onnx").write_bytes(b"others")
    models.describe(data / "net.onnx", title="Impostor")
    store = ModelStore([shipped, data])
    assert store.manifest("net").title == "Net"
    assert "id of another one" in str(store.errors[data / "net.toml"])


def test_new_manifests_are_found_on_refresh(shipped: Path, data: Path) -> None:
    store = ModelStore([shipped, data])
    (data / "mine.onnx").write_bytes(b"trained")
    models.describe(data / "mine.onnx")
    store.refresh()
    assert sorted(store.manifests) == ["mine", "net"]


def test_folders_that_do_not_exist_hold_nothing(tmp_path: Path) -> None:
    assert not ModelStore([tmp_path / "nowhere"]).manifests
