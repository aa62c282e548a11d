"""What a training is begun with: the open document as a photo, and a name that is free."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from editor.core.document import DocumentState
from editor.core.i18n import _, ngettext
from editor.host.documents import OPEN_SUFFIXES
from editor.host.training_data import U8, Harvest, Photo, photos_in, rgb8
from editor.runtime.tuning.folder import Order

_SELECTED = 128
"""From which value on a pixel of the mask counts as selected, as for the masks that say where to copy from."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user chose. photos: those that are in no file. paths: of photos and of folders."""

    name: str
    method: str
    base: str
    photos: tuple[Photo, ...]
    paths: tuple[Path, ...]
    order: Order

    def all_photos(self) -> list[Photo]:
        """Looks into the folders. Raises NotEnoughError if there is no photo at all."""
        if self.photos and not self.paths:
            return [*self.photos]
        return [*self.photos, *photos_in(self.paths)]


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


def _flattened(state: DocumentState) -> U8:
    return rgb8(state.read(state.size.rect))
