"""A library of three tiny models and a network that can be held up."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

from editor.core.errors import ModelError
from editor.runtime.library import ModelLibrary
from editor.runtime.manifest import Package
from editor.runtime.store import ModelStore
from tests.runtime import models

NON_COMMERCIAL = {"name": "CC BY-NC 4.0", "link": "https://example.org/nc", "commercial": False}


class Network:
    """Stands in for the package registry. go: cleared it holds downloads up. broken: it fails."""

    def __init__(self, archive: Path) -> None:
        self.go = threading.Event()
        self.go.set()
        self.broken = False
        self.asked: list[str] = []
        self._archive = archive

    def fetch(self, package: Package, folder: Path, check: Callable[[], None]) -> Path:
        assert folder.is_dir()
        self.asked.append(package.name)
        check()
        while not self.go.wait(0.01):
            check()
        if self.broken:
            raise ModelError("The network is down; try again.")
        return self._archive


def make(folder: Path) -> tuple[ModelLibrary, Network]:
    """A library of "net", which can be fetched, "own", whose file one must have, and "art", not for commercial use.

    The files of all three lie in `folder`/files.
    """
    shipped, files = folder / "shipped", folder / "files"
    shipped.mkdir()
    files.mkdir()
    for name in ("net", "own", "art"):
        (shipped / f"{name}.onnx").write_bytes(b"weights of " + name.encode())
    archive = folder / "tiny.whl"
    with ZipFile(archive, "w") as wheel:
        wheel.write(shipped / "net.onnx", "net.onnx")
    package = {
        "name": "tiny",
        "version": "1.0",
        "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
        "members": ["net.onnx"],
    }
    models.describe(shipped / "net.onnx", title="Fine net", role="denoise", package=package)
    models.describe(shipped / "own.onnx", title="Own net", role="upscale")
    url = "https://example.org/art.onnx"
    models.describe(shipped / "art.onnx", title="Art net", role="denoise", licence=NON_COMMERCIAL, url=url)
    for path in shipped.glob("*.onnx"):
        path.rename(files / path.name)
    network = Network(archive)
    return ModelLibrary(ModelStore([shipped, folder / "user"]), folder / "user", network.fetch), network
