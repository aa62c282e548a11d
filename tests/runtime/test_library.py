"""The model library: a model is installed whole or not at all, and only from what it should come from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import psutil
import pytest

from editor.core.errors import Cancelled, ModelError
from editor.runtime.acceptance import LicenceNotAcceptedError
from editor.runtime.library import Availability, ModelLibrary
from editor.runtime.manifest import Package
from editor.runtime.packages import fetch
from editor.runtime.store import ModelStore
from tests.runtime import models

CONTENT = b"weights of a net"


def wheel(folder: Path, content: bytes = CONTENT, member: str = "tiny/net.onnx") -> Path:
    """A wheel that pip accepts."""
    path = folder / "tiny_net-1.0-py3-none-any.whl"
    info = "tiny_net-1.0.dist-info"
    with ZipFile(path, "w") as archive:
        archive.writestr(member, content)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-net\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


def package(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"name": "tiny-net", "version": "1.0", "sha256": digest, "members": ["tiny/net.onnx"]}


def library(
    tmp_path: Path, came: Path | None = None, listed: Path | None = None, licence: dict[str, Any] | None = None
) -> ModelLibrary:
    """A library that knows one model, to be had from the wheel `listed`; what comes when it is fetched is `came`."""
    shipped = tmp_path / "shipped"
    shipped.mkdir(exist_ok=True)
    (shipped / "net.onnx").write_bytes(CONTENT)
    changes = {"licence": licence} if licence is not None else {}
    models.describe(shipped / "net.onnx", package=package(listed) if listed else None, **changes)
    (shipped / "net.onnx").unlink()

    def fake(wanted: Package, folder: Path, check: Callable[[], None]) -> Path:
        assert came is not None, "nothing is fetched unasked"
        check()
        return came

    user = tmp_path / "user"
    return ModelLibrary(ModelStore([shipped, user]), user, fake)


def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> ModelLibrary:
    """A library whose model comes by https; what comes is `content`."""
    (tmp_path / "net.onnx").write_bytes(CONTENT)
    models.describe(tmp_path / "net.onnx", url="https://example.org/net.onnx")
    (tmp_path / "net.onnx").unlink()

    def fake(url: str, path: Path, size_bytes: int, progress: Callable[[float], None]) -> None:
        assert (url, size_bytes) == ("https://example.org/net.onnx", len(CONTENT))
        path.write_bytes(content)

    monkeypatch.setattr("editor.runtime.library.download", fake)
    user = tmp_path / "user"
    return ModelLibrary(ModelStore([tmp_path, user]), user)


def left_over(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "user").glob("*"))


def test_a_model_is_got_checked_and_removed(tmp_path: Path) -> None:
    source = wheel(tmp_path)
    models_here = library(tmp_path, source, source)
    assert models_here.availability("net") is Availability.GETTABLE
    models_here.get("net")
    assert models_here.availability("net") is Availability.INSTALLED
    assert (tmp_path / "user" / "net.onnx").read_bytes() == CONTENT
    models_here.verify("net")
    models_here.remove("net")
    assert models_here.availability("net") is Availability.GETTABLE
    with pytest.raises(ModelError, match="not installed by you"):
        models_here.remove("net")


def test_a_cancel_after_the_last_byte_installs_nothing(tmp_path: Path) -> None:
    source = wheel(tmp_path)
    models_here = library(tmp_path, source, source)

    def cancel(share: float) -> None:
        if share == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        models_here.get("net", cancel)
    assert left_over(tmp_path) == []


def test_a_package_that_is_another_one_installs_nothing(tmp_path: Path) -> None:
    listed = wheel(tmp_path)
    (tmp_path / "other").mkdir()
    other = wheel(tmp_path / "other", b"something else.")
    models_here = library(tmp_path, other, listed)
    with pytest.raises(ModelError, match="not the one it should be"):
        models_here.get("net")
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("content", [b"too short", CONTENT + b" and more", CONTENT[::-1]])
def test_a_package_with_another_file_installs_nothing(tmp_path: Path, content: bytes) -> None:
    source = wheel(tmp_path, content)
    models_here = library(tmp_path, source, source)
    with pytest.raises(ModelError, match="another file"):
        models_here.get("net")
    assert left_over(tmp_path) == []


def test_a_package_without_the_file_installs_nothing(tmp_path: Path) -> None:
    source = wheel(tmp_path, member="tiny/moved.onnx")
    with pytest.raises(ModelError, match="does not hold"):
        library(tmp_path, source, source).get("net")
    assert left_over(tmp_path) == []


def test_a_downloaded_model_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models_here = downloads(tmp_path, monkeypatch, CONTENT)
    assert models_here.availability("net") is Availability.GETTABLE
    models_here.get("net")
    assert [path.name for path in left_over(tmp_path)] == ["net.onnx"]
    models_here.verify("net")


def test_a_download_of_something_else_is_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="another file"):
        downloads(tmp_path, monkeypatch, CONTENT[::-1]).get("net")
    assert left_over(tmp_path) == []


def test_a_model_that_needs_a_file_says_which(tmp_path: Path) -> None:
    models_here = library(tmp_path)
    assert models_here.availability("net") is Availability.NEEDS_FILE
    with pytest.raises(ModelError, match=r"install its file net\.onnx"):
        models_here.get("net")


def test_a_file_is_recognised_whatever_it_is_called(tmp_path: Path) -> None:
    models_here = library(tmp_path)
    download = tmp_path / "download (1).bin"
    download.write_bytes(CONTENT)
    assert models_here.install(download).id == "net"
    assert models_here.availability("net") is Availability.INSTALLED
    unknown = tmp_path / "net.onnx"
    unknown.write_bytes(b"no net")
    with pytest.raises(ModelError, match="not the file of a known model"):
        models_here.install(unknown)
    with pytest.raises(ModelError, match="can't be read"):
        models_here.install(tmp_path / "missing.onnx")


def test_a_full_disk_leaves_nothing_half_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models_here = library(tmp_path)
    file = tmp_path / "net.onnx"
    file.write_bytes(CONTENT)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ModelError, match="No space left"):
        models_here.install(file)
    assert left_over(tmp_path) == []


NON_COMMERCIAL = {"name": "CC BY-NC 4.0", "link": "https://example.org/nc", "commercial": False}


def test_a_licence_must_be_accepted_before_anything_is_installed(tmp_path: Path) -> None:
    source = wheel(tmp_path)
    models_here = library(tmp_path, source, source, NON_COMMERCIAL)
    file = tmp_path / "net.onnx"
    file.write_bytes(CONTENT)
    assert models_here.availability("net") is Availability.NEEDS_LICENCE
    with pytest.raises(LicenceNotAcceptedError, match=r"CC BY-NC 4\.0.*`kintsugi models accept net`"):
        models_here.get("net")
    with pytest.raises(LicenceNotAcceptedError):
        models_here.install(file)
    assert left_over(tmp_path) == []
    models_here.accept("net")
    assert models_here.availability("net") is Availability.GETTABLE
    models_here.get("net")
    assert models_here.availability("net") is Availability.INSTALLED


def test_a_licence_stays_accepted_until_it_is_another_one(tmp_path: Path) -> None:
    library(tmp_path, licence=NON_COMMERCIAL).accept("net")
    assert library(tmp_path, licence=NON_COMMERCIAL).accepted("net")
    assert not library(tmp_path, licence=NON_COMMERCIAL | {"name": "CC BY-NC-ND 4.0"}).accepted("net")
    assert [path.name for path in left_over(tmp_path)] == ["accepted.json"]


@pytest.mark.parametrize("damaged", ["[", "[1]", '"net"'])
def test_accepted_licences_that_can_not_be_read_are_asked_for_again(tmp_path: Path, damaged: str) -> None:
    models_here = library(tmp_path, licence=NON_COMMERCIAL)
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "accepted.json").write_text(damaged)
    assert not models_here.accepted("net")
    models_here.accept("net")
    assert models_here.accepted("net")


def test_a_commercial_licence_needs_no_consent(tmp_path: Path) -> None:
    assert library(tmp_path).accepted("net")


def test_pip_fetches_the_wheel_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf, target = tmp_path / "shelf", tmp_path / "target"
    shelf.mkdir()
    target.mkdir()
    wanted = Package(**package(wheel(shelf)))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    found = fetch(wanted, target, lambda: None)
    assert found.read_bytes() == (shelf / "tiny_net-1.0-py3-none-any.whl").read_bytes()
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "empty"))
    (tmp_path / "second").mkdir()
    with pytest.raises(ModelError, match="could not be fetched"):
        fetch(wanted, tmp_path / "second", lambda: None)


def test_a_download_stops_when_it_is_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    before = set(psutil.Process().children())

    def cancel() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(Package("tiny-net", "1.0", "0" * 64, ("x",)), tmp_path, cancel)
    assert set(psutil.Process().children()) <= before, "no download goes on behind the user's back"


def test_every_model_that_ships_is_described_without_mistakes() -> None:
    folder = Path(__file__).parents[2] / "models"
    store = ModelStore([folder])
    assert not store.errors
    assert set(store.manifests) == {path.stem for path in folder.glob("*.toml")}
