"""The models that ship and those in the user's data folder, and how they stand for whoever wants to run them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that could be run; `availability` says whether it can be now. photo: the one that it was made for, if it
    was for one."""

    id: str
    title: str
    availability: Availability
    photo: str = ""

    @property
    def installed(self) -> bool:
        return self.availability is Availability.INSTALLED

    @property
    def advice(self) -> str:
        """What the user does to have it."""
        if self.availability is Availability.GETTABLE:
            text = _("The model {title} is not installed: get it with `kintsugi models get {id}`.")
        elif self.availability is Availability.NEEDS_LICENCE:
            text = _(
                "The licence of the model {title} is not accepted yet: read it with `kintsugi models accept {id}`."
            )
        else:
            text = _("The model {title} is not installed: install its file with `kintsugi models install FILE`.")
        return text.format(title=_(self.title), id=self.id)


def store(places: Places) -> ModelStore:
    """All models that this machine knows of."""
    return ModelStore([_SHIPPED, places.models], places.cache / "models")


def library(places: Places) -> ModelLibrary:
    """The same, to be installed into the user's data folder and removed from it."""
    return ModelLibrary(store(places), places.models)


def size_text(manifest: ModelManifest) -> str:
    """How large its files are together, for the user."""
    return _("{size_mb:.1f} MB").format(size_mb=manifest.size_bytes / 1e6)


def of_role(models: ModelLibrary, role: str) -> tuple[KnownModel, ...]:
    """The models for a use, in the order of their ids."""
    return tuple(_known(models, id_) for id_, each in sorted(models.store.manifests.items()) if each.role == role)


def missing(models: ModelLibrary, ids: Iterable[str]) -> tuple[KnownModel, ...]:
    """Those that are not installed. Raises ModelError if one is unknown."""
    return tuple(model for model in (_known(models, id_) for id_ in ids) if not model.installed)


def installed(models: ModelLibrary, model_id: str) -> bool:
    """Whether a model can be run; one that is not known can't."""
    return model_id in models.store.manifests and _known(models, model_id).installed


def _known(models: ModelLibrary, model_id: str) -> KnownModel:
    manifest = models.store.manifest(model_id)
    photo = manifest.trained.photo if manifest.trained is not None else ""
    return KnownModel(model_id, manifest.title, models.availability(model_id), photo)
