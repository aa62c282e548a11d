"""A method is one declaration: a `Plugin` with its parameters, what it works on, and a pure `run`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from editor.sdk.params import ParamSpec, Value, specs

if TYPE_CHECKING:
    from editor.sdk.context import Context

Image = NDArray[np.float32]
"""H x W x 3, float32, RGB in the document's own encoding, 0..1 (a float document may exceed it)."""

Mask = NDArray[np.float32]
"""H x W, float32, 0..1; 1 = work here."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a method works on. The arrays are read-only.

    image: H x W x 3 float32 RGB 0..1.
    mask: H x W float32, 0 = leave alone, above 0 = change, 1 = change fully; all 1 if the user painted none.
    source: H x W bool, True where pixels may be copied from: outside every hole, inside the area that the user allowed.
    """

    image: Image
    mask: Mask
    source: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Result:
    """What a method returns: the pixels, and what it measured about its work.

    image: H x W x 3 float32, finite, 0..1, the size of the input; only what lies under the mask is used.
    report: short facts for the status line and the history, e.g. {"texture": 0.98}.
    """

    image: Image
    report: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Holes:
    """Each hole of the mask is handed over by itself, with as much of its surroundings as the method asks for.

    Holes whose regions would mostly overlap come together. The margin around a hole's box is
    max(context_px, context_ratio * its longer side), cut to the picture.
    """

    context_px: int
    context_ratio: float = 0.0


@dataclass(frozen=True, slots=True)
class Local:
    """A pixel's result depends on what lies within `halo_px` of it: the runner may work tile by tile."""

    halo_px: int


@dataclass(frozen=True, slots=True)
class Whole:
    """The method wants the whole picture at once."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a method works on.

    mask: True if it cannot work without one; with False a mask only limits where the result is applied.
    source: True if it copies from elsewhere in the picture, so that the user may restrict from where.
    scope: how the picture is handed over.
    """

    mask: bool = False
    source: bool = False
    scope: Holes | Local | Whole = Whole()


@dataclass(frozen=True, slots=True)
class Plugin:
    """The declaration of a method; its id is the name of its folder.

    candidates: how many results, from consecutive seeds, are offered at once by default.
    upgrade: turns the stored parameters of an older version into today's, so that old records still replay.
    """

    id: str
    version: int
    title: str
    summary: str
    params: type[Any]
    run: Callable[[Inputs, Any, Context], Result]
    needs: Needs = Needs()
    models: tuple[str, ...] = ()
    candidates: int = 1
    upgrade: Callable[[int, dict[str, Value]], dict[str, Value]] | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.id):
            raise ValueError(f"plugin id {self.id!r}: lower case letters, digits and _ only")
        if self.version < 1 or self.candidates < 1:
            raise ValueError(f"plugin {self.id}: version and candidates start at 1")
        if not self.title or not self.summary:
            raise ValueError(f"plugin {self.id} needs a title and a summary")
        specs(self.params)

    @property
    def specs(self) -> tuple[ParamSpec, ...]:
        return specs(self.params)
