"""A method is one declaration: a `Plugin` with its parameters, what it works on, and a pure `run`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from editor.sdk.params import ParamSpec, Value, specs
from editor.sdk.recipe import Recipe

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
        Where a mask or a picture is made without the need of a mask, there are no holes.
    alpha: H x W float32, 0..1, 1 = opaque; None if the picture has none.
    prepared: what the method's `prepare` returned; None if it has none.
    everywhere: whether the mask is 1 in all of the document, also beyond what is handed over here: none was painted, or
        all of it.
    """

    image: Image
    mask: Mask
    source: NDArray[np.bool_]
    alpha: Mask | None = None
    prepared: Any = None
    everywhere: bool = False


class Makes(Enum):
    """What becomes of a method's result.

    PIXELS: a layer above the picture, shown through the mask; `run` returns a `Result`.
    MASK: the current mask; `run` returns a `MaskResult`.
    PICTURE: a new document, of whatever size; `run` returns a `PictureResult`.
    """

    PIXELS = "pixels"
    MASK = "mask"
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class Result:
    """Changed pixels, and what the method measured about its work.

    image: H x W x 3 float32, finite, 0..1, the size of the input; only what lies under the mask is used.
    report: short facts for the status line and the history, e.g. {"found": 12}; whole numbers are counts.
        What a number means is said in its name, e.g. "texture (1 = as around it)".
    alpha: H x W float32, 0..1, of which what lies under the mask is used; None keeps the picture's.
    """

    image: Image
    report: Mapping[str, float | str] = field(default_factory=dict)
    alpha: Mask | None = None


@dataclass(frozen=True, slots=True)
class MaskResult:
    """A mask made by a method, H x W float32, finite, 0..1, the size of the input; 1 = selected.

    One that selects nothing does not replace the user's mask.

    note: what the user should know or do, in one sentence of his language.
    """

    mask: Mask
    report: Mapping[str, float | str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Strip:
    """Full rows of a new picture: h x width x 3 float32 0..1, and their alpha (h x width) if the picture has one."""

    image: Image
    alpha: Mask | None = None


@dataclass(frozen=True, slots=True)
class PictureResult:
    """A new picture, handed over in strips from the top, so that it never lies whole in memory as float32.

    strips: made while they are read; together they have `height` rows, and all have an alpha or none has.
    """

    height: int
    width: int
    strips: Iterator[Strip]
    report: Mapping[str, float | str] = field(default_factory=dict)


Output = Result | MaskResult | PictureResult


@dataclass(frozen=True, slots=True)
class Holes:
    """Each hole of the mask is handed over by itself, with as much of its surroundings as the method asks for.

    Holes whose regions would mostly overlap come together. The margin around a hole's box is
    max(context_px, context_ratio * its longer side), cut to the picture. For a method that copies it is more where the
    user lets too little of that be copied: then it reaches to where enough may be.
    """

    context_px: int
    context_ratio: float = 0.0


def least_source(hole_px: int) -> int:
    """From how many pixels a hole of so many can well be filled: with fewer to copy from, it pays to look farther."""
    return max(1024, hole_px // 2)


@dataclass(frozen=True, slots=True)
class Local:
    """A pixel's result depends on what lies within `halo_px` of it, and on its place in the document: the runner may
    work in parts of any size, in any order.
    """

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

    makes: what `run` returns; a mask or a picture is made of the whole document at once (scope Whole).
    models: ids of models that it runs beside those that its parameters name.
    random: False if another seed gives the same result, so that no seed is asked for.
    keeps_mean: False if a local method moves the mean of what it changes for good reasons; else it is said how far it
        moved.
    candidates: how many results, from consecutive seeds, are offered at once by default.
    task: what it is asked ("fill"), if other methods answer the same: the results of all of a task are offered side by
        side for one mask. They need and make the same.
    offered: told its parameters; whether the result is offered beside those of other methods of the task without being
        asked for. None: always.
    recipe: how its network learns, if it can.
    prepare: sees the whole picture once, before `run` is called on its parts, for what must be the same in all of them;
        `run` gets what it returns as `inputs.prepared`. Of a picture above 4 megapixels it sees full-width bands of
        64 rows from all over it, one below the other, each beginning at a multiple of 64 rows.
    prepares_from: the names of the parameters that `prepare` looks at, so that it need not be asked again when others
        change; None for all.
    upgrade: turns the stored parameters of an older version into today's, so that old records still replay.
    """

    id: str
    version: int
    title: str
    summary: str
    params: type[Any]
    run: Callable[[Inputs, Any, Context], Output]
    needs: Needs = Needs()
    makes: Makes = Makes.PIXELS
    models: tuple[str, ...] = ()
    random: bool = True
    keeps_mean: bool = True
    candidates: int = 1
    task: str = ""
    offered: Callable[[Any], bool] | None = None
    recipe: Recipe | None = None
    prepare: Callable[[Inputs, Any, Context], Any] | None = None
    prepares_from: tuple[str, ...] | None = None
    upgrade: Callable[[int, dict[str, Value]], dict[str, Value]] | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.id):
            raise ValueError(f"plugin id {self.id!r}: lower case letters, digits and _ only")
        if self.version < 1 or self.candidates < 1:
            raise ValueError(f"plugin {self.id}: version and candidates start at 1")
        if not self.title or not self.summary:
            raise ValueError(f"plugin {self.id} needs a title and a summary")
        if self.makes is not Makes.PIXELS and not isinstance(self.needs.scope, Whole):
            raise ValueError(f"plugin {self.id}: a method that makes a {self.makes.value} sees the whole picture")
        unknown = set(self.prepares_from or ()) - {spec.name for spec in self.specs}
        if unknown:
            raise ValueError(f"plugin {self.id}: it prepares from {min(unknown)}, which is no parameter")

    @property
    def local(self) -> bool:
        """Whether it changes pixels by what lies near them: then it can be watched while it works, part by part."""
        return self.makes is Makes.PIXELS and isinstance(self.needs.scope, Local)

    @property
    def specs(self) -> tuple[ParamSpec, ...]:
        return specs(self.params)

    def models_for(self, params: object) -> tuple[str, ...]:
        """The ids of all models that a run with these parameters needs."""
        named = (
            str(getattr(params, spec.name))
            for spec in self.specs
            if spec.role and spec.matters(partial(getattr, params))
        )
        return tuple(dict.fromkeys((*self.models, *named)))
