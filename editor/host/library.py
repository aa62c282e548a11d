"""The models that ship and those in the user's data folder."""

from __future__ import annotations

from pathlib import Path

from editor.host.places import Places
from editor.runtime.library import ModelLibrary
from editor.runtime.store import ModelStore

_SHIPPED = Path(__file__).parents[2] / "models"


def store(places: Places) -> ModelStore:
    """All models that this machine knows of."""
    return ModelStore([_SHIPPED, places.models], places.cache / "models")


def library(places: Places) -> ModelLibrary:
    """The same, to be installed into the user's data folder and removed from it."""
    return ModelLibrary(store(places), places.models)
