"""What a training is begun with: the open document as a photo, and a name that is free."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.errors import ModelError
from editor.core.i18n import _, ngettext
from editor.host.documents import OPEN_SUFFIXES
from editor.host.training_data import U8, Harvest, Photo, photos_in, rgb8
from editor.runtime.manifest import ModelManifest
from editor.runtime.manifest_text import printable
from editor.runtime.tuning.folder import Order
from editor.sdk.plugin import Plugin

PHOTO_MINUTES = 3
"""How long one photo is learned: who waits for its result has it in mind still."""

PREPARING = 0.5
"""For how long planes are added to what is learned from, at most, as a share of the time that it then learns."""

_SELECTED = 128
"""From which value on a pixel of the mask counts as selected, as for the masks that say where to copy from."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user chose. photos: those that are in no file. paths: of photos and of folders. photo: what the one
    photo is called that the model is to be for, if it is for one."""

    name: str
    method: str
    base: str
    photos: tuple[Photo, ...]
    paths: tuple[Path, ...]
    order: Order
    photo: str = ""

    def all_photos(self) -> list[Photo]:
        """Looks into the folders. Raises NotEnoughError if there is no photo at all."""
        if self.photos and not self.paths:
            return [*self.photos]
        return [*self.photos, *photos_in(self.paths)]


def for_photo(
    plugin: Plugin,
    name: str,
    state: DocumentState,
    model: str,
    bases: Sequence[ModelManifest],
    taken: Collection[str],
) -> Choice:
    """A training of PHOTO_MINUTES on the open document alone, for a model that is made for it.

    What is masked to be filled is not learned from; where a mask only limits what is worked on, all is.

    Args:
        plugin: the method that learns.
        name: of the document, for the user.
        model: the method's chosen one, which is gone on from if it can be; else the first of `bases` is.
        bases: the models that can be gone on from.
        taken: the names that the new model must not have.

    Raises:
        ModelError: there is nothing to go on from, and a photo is not enough to begin with nothing.
    """
    if not bases:
        raise ModelError(
            _("{method} has no model here that could learn this photo; get one, see Edit, Models….").format(
                method=_(plugin.title)
            )
        )
    ids = [manifest.id for manifest in bases]
    prepares = plugin.recipe is not None and bool(plugin.recipe.prepares)
    minutes = PHOTO_MINUTES / (1 + PREPARING) if prepares else float(PHOTO_MINUTES)
    called = photo_name(name)
    photo = Photo(name, partial(_flattened, state), _unmasked(state) if plugin.needs.mask else None)
    return Choice(
        free_name(called, taken),
        plugin.id,
        model if model in ids else ids[0],
        (photo,),
        (),
        Order(None, minutes),
        called,
    )


def photo_of(state: DocumentState, name: str, *, selected: bool) -> Photo:
    """The document as it looks now; of `selected` only what its mask selects."""
    where = state.mask.read(state.size.rect)[..., 0] >= _SELECTED if selected else None
    return Photo(name, partial(_flattened, state), where)


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, with a number if a name like it is taken."""
    known = {name.casefold() for name in taken}
    name, number = wanted, 1
    while name.casefold() in known:
        number += 1
        name = f"{wanted} {number}"
    return name


def subject(names: Sequence[str]) -> str:
    """What chosen photos and folders are called together, for the name of a model."""
    if not names:
        return ""
    first = Path(names[0])
    # A document in no file yet may have a full stop anywhere in its name.
    name = first.stem if first.suffix.lower() in OPEN_SUFFIXES else names[0]
    return name if len(names) == 1 else _("{name} and more").format(name=name)


def photo_name(name: str) -> str:
    """What a document is called where a model is made for it: the same for the photo and for a project of it."""
    return printable(subject([name])) or _("Photo")


def harvest_text(harvest: Harvest) -> str:
    """What was cut, in one line."""
    learned = ngettext("{cells} patches of {count} photo", "{cells} patches of {count} photos", len(harvest.learned))
    text = learned.format(cells=harvest.cells, count=len(harvest.learned))
    if not harvest.by_photo:
        return _("{learned}; a part of it is held back to measure on").format(learned=text)
    held = ngettext(
        "{count} photo is held back to measure on", "{count} photos are held back to measure on", len(harvest.held_back)
    )
    return f"{text}; {held.format(count=len(harvest.held_back))}"


def _unmasked(state: DocumentState) -> NDArray[np.bool_] | None:
    if state.mask.empty:
        return None
    unmasked: NDArray[np.bool_] = state.mask.read(state.size.rect)[..., 0] == 0
    return unmasked


def _flattened(state: DocumentState) -> U8:
    return rgb8(state.read(state.size.rect))
