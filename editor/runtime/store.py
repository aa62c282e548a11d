"""Finds models: their manifests and their files, in the project's own folder and the user's."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from editor.core.errors import ModelError
from editor.core.i18n import _
from editor.runtime.manifest import ModelFile, ModelManifest


class ModelStore:
    """The manifests (`*.toml`) of some folders, and the verified files that belong to them.

    A file may lie in any of the folders. Where two manifests have one id, that of the earlier folder counts, so that
    nothing in the user's folder replaces what ships with the editor. Safe to use from several threads.

    cache: where models that are converted from other formats are kept; None if none can be.
    """

    def __init__(self, folders: Sequence[Path], cache: Path | None = None) -> None:
        self._folders = tuple(folders)
        self._cache = cache
        self._lock = threading.Lock()
        self._hashes: dict[Path, tuple[tuple[int, int], str]] = {}
        self._manifests: Mapping[str, ModelManifest] = {}
        self._errors: Mapping[Path, ModelError] = {}
        self.refresh()

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where manifests and files are looked for, in this order."""
        return self._folders

    @property
    def manifests(self) -> Mapping[str, ModelManifest]:
        """The known models by id, whether or not their files are here."""
        return self._manifests

    @property
    def errors(self) -> Mapping[Path, ModelError]:
        """The manifests that could not be used, and why."""
        return self._errors

    def refresh(self) -> None:
        """Looks for manifests anew."""
        manifests: dict[str, ModelManifest] = {}
        errors: dict[Path, ModelError] = {}
        for path in (path for folder in self._folders for path in sorted(folder.glob("*.toml"))):
            try:
                manifest = ModelManifest.read(path)
            except ModelError as error:
                errors[path] = error
                continue
            if manifest.id in manifests:
                errors[path] = ModelError(
                    _("The model description {path} has the id of another one: {id}.").format(path=path, id=manifest.id)
                )
                continue
            manifests[manifest.id] = manifest
        self._manifests, self._errors = MappingProxyType(manifests), MappingProxyType(errors)

    def manifest(self, model_id: str) -> ModelManifest:
        """Raises ModelError if no such model is known, even after looking for manifests anew."""
        if model_id not in self._manifests:
            self.refresh()
        try:
            return self._manifests[model_id]
        except KeyError:
            raise ModelError(
                _("There is no model called {id!r}. Known are: {known}.").format(
                    id=model_id, known=", ".join(sorted(self._manifests)) or _("none")
                )
            ) from None

    def installed(self, model_id: str) -> bool:
        """Whether all files are here in full length; their contents are checked by `locate`."""
        manifest = self.manifest(model_id)
        return any(
            all(_size_of(folder / file.name) == file.size_bytes for file in manifest.files) for folder in self._folders
        )

    def locate(self, model_id: str) -> Path:
        """The model's ONNX file, after checking it and what lies beside it against the manifest.

        One that has to be converted is, the first time: that takes seconds.

        Raises:
            ModelError: the model is unknown, a file is missing, incomplete or not the expected one, or it cannot be
                converted.
        """
        manifest = self.manifest(model_id)
        first = manifest.files[0]
        folder = next((folder for folder in self._folders if (folder / first.name).is_file()), None)
        if folder is None:
            raise self._missing(manifest, first)
        paths = [folder / file.name for file in manifest.files]
        for file, path in zip(manifest.files, paths, strict=True):
            self._verify(manifest, file, path)
        if not manifest.convert:
            return paths[0]
        if self._cache is None:
            raise ModelError(
                _("The model {model!r} has to be converted first, and there is no place for it.").format(
                    model=_(manifest.title)
                )
            )
        from editor.runtime.converted import converted  # it brings much with it that a list of models does without

        return converted(manifest, paths, self._cache, self._sha256)

    def forget_converted(self, manifest: ModelManifest) -> None:
        """Deletes what was converted from the model's files; that they can't be deleted is no more than a pity."""
        if manifest.convert and self._cache is not None:
            from editor.runtime.converted import forget

            forget(manifest, self._cache)

    def _missing(self, manifest: ModelManifest, file: ModelFile) -> ModelError:
        return ModelError(
            _(
                "The model {model!r} is not installed: put the file {name} ({size_mb} MB) into {folder} and try again."
            ).format(
                model=manifest.title,
                name=file.name,
                size_mb=max(1, round(file.size_bytes / 1e6)),
                folder=self._folders[-1],
            )
        )

    def _verify(self, manifest: ModelManifest, file: ModelFile, path: Path) -> None:
        try:
            size = _size_of(path)
            if size is None:
                raise self._missing(manifest, file)
            right = size == file.size_bytes and self._sha256(path) == file.sha256
        except OSError as error:
            raise ModelError(
                _("The file of the model {model!r} cannot be read ({reason}): {path}.").format(
                    model=manifest.title, reason=error.strerror, path=path
                )
            ) from error
        if not right:
            if size < file.size_bytes:
                problem = _("The file of the model {model!r} is incomplete: delete {path} and install the model again.")
            else:
                problem = _(
                    "The file of the model {model!r} is damaged or is another file: delete {path} and install the "
                    "model again."
                )
            raise ModelError(problem.format(model=manifest.title, path=path))

    def _sha256(self, path: Path) -> str:
        """The hash of a file, remembered for as long as its length and time of change stay as they are."""
        stat = path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        with self._lock:
            known = self._hashes.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        with self._lock:
            self._hashes[path] = (stamp, digest)
        return digest


def _size_of(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
