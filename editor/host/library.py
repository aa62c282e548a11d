"""The models that ship and those in the user's data folder."""

from __future__ import annotations

from pathlib import Path

from editor.core.i18n import N_, _
from editor.host.places import Places
from editor.runtime.library import Availability, ModelLibrary
from editor.runtime.manifest import ModelManifest
from editor.runtime.store import ModelStore

STATES = {
    Availability.NEEDS_LICENCE: N_("licence not accepted"),
    Availability.INSTALLED: N_("installed"),
    Availability.GETTABLE: N_("can be got"),
    Availability.NEEDS_FILE: N_("needs a file"),
}
_SHIPPED = Path(__file__).parents[2] / "models"


def store(places: Places) -> ModelStore:
    """All models that this machine knows of."""
    return ModelStore([_SHIPPED, places.models], places.cache / "models")


def library(places: Places) -> ModelLibrary:
    """The same, to be installed into the user's data folder and removed from it."""
    return ModelLibrary(store(places), places.models)


def size_text(manifest: ModelManifest) -> str:
    """How large its files are together, for the user."""
    return _("{size_mb:.1f} MB").format(size_mb=manifest.size_bytes / 1e6)
