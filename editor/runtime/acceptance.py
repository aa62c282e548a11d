"""Which licences the user has accepted: a small JSON file that names each model's licence as it was then."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

from editor.core.errors import ModelError
from editor.core.i18n import _
from editor.runtime.manifest import ModelManifest

_LOG = logging.getLogger("kintsugi.runtime")


class LicenceNotAcceptedError(ModelError):
    """The user has to agree to a model's licence first. manifest: the model's."""

    def __init__(self, manifest: ModelManifest) -> None:
        super().__init__(
            _(
                "The licence of the model {model!r}, {licence}, must be accepted first: under Edit, Models, or with "
                "`kintsugi models accept {id}`."
            ).format(model=_(manifest.title), licence=manifest.licence.name, id=manifest.id)
        )
        self.manifest = manifest


class Acceptances:
    """Licence names by model id. A file that can't be read counts as empty: the user is asked again, no more."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def covers(self, manifest: ModelManifest) -> bool:
        """Whether the model may be used: its licence needs no consent, or has it under the name that it has now."""
        return not manifest.must_be_accepted or self._read().get(manifest.id) == manifest.licence.name

    def add(self, manifest: ModelManifest) -> None:
        """Remembers that the user accepts the model's licence.

        Raises:
            ModelError: the file can't be written.
        """
        part = self._path.with_suffix(".part")
        text = json.dumps(self._read() | {manifest.id: manifest.licence.name}, indent=1, sort_keys=True)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
        except OSError as error:
            raise ModelError(
                _("{path} can't be written: {reason}.").format(path=self._path, reason=error.strerror or error)
            ) from error

    def _read(self) -> dict[str, str]:
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(model_id): str(licence) for model_id, licence in stored.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError) as error:
            _LOG.warning("The accepted licences in %s are not readable: %s", self._path, error)
            return {}
