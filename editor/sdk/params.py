"""Parameters declared once: a frozen dataclass of annotated fields.

    @dataclass(frozen=True, slots=True)
    class Params:
        detail: Annotated[int, Range(0, 100, unit="%"), Doc("Detail", "How much texture is kept.")] = 50

The panel, the command-line flags, presets, history entries and help pages are all made from `specs(Params)`.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from editor.core.errors import ParamError
from editor.core.i18n import N_, _

if TYPE_CHECKING:
    from editor.sdk.context import Context
    from editor.sdk.plugin import Inputs

Value = bool | int | float | str
P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Range:
    """Smallest and largest allowed value of a number, both inclusive.

    lowest: what is shown in place of the smallest, if that means something of its own.
    """

    low: float
    high: float
    step: float | None = None
    unit: str = ""
    lowest: str = ""

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high and math.isfinite(value)

    def __str__(self) -> str:
        text = _("{low:g} to {high:g}").format(low=self.low, high=self.high)
        return f"{text} {_(self.unit)}" if self.unit else text


@dataclass(frozen=True, slots=True)
class Choice:
    """The allowed values of a text field, each with the label shown for it, as (value, label) pairs."""

    options: tuple[tuple[str, str], ...]

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(value for value, _ in self.options)


@dataclass(frozen=True, slots=True)
class ModelOf:
    """A text field that names a model for this use (a `role` of the manifests), whatever the library has of them."""

    role: str


@dataclass(frozen=True, slots=True)
class OnlyWith:
    """A field that has no meaning unless another one, yes-or-no or a choice, has one of these values.

    A model's field that has none runs no model. With several such notes all must hold.
    """

    field: str
    values: tuple[Value, ...] = (True,)


@dataclass(frozen=True, slots=True)
class Measured:
    """A number that can be measured in a picture.

    by: gets the part of the picture under the user's mask (`inputs.mask` says which pixels of it are), or all of the
        picture, as `Plugin.prepare` sees it; returns a number within the range. Raises an error that says what to mark
        where nothing can be measured.
    """

    by: Callable[[Inputs, Context], float]


@dataclass(frozen=True, slots=True)
class Doc:
    """The field's label and the sentence or two that explain it to a photographer."""

    label: str
    help: str
    advanced: bool = False


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """One field of a parameter class, as everything that shows or reads parameters sees it.

    role: of the models that it may name; empty if it names none.
    only_with: what other fields must be for it to have a meaning.
    measured: how it is measured in a picture, if it can be.
    """

    name: str
    type: type
    default: Value
    doc: Doc
    range: Range | None = None
    choice: Choice | None = None
    role: str = ""
    measured: Measured | None = None
    only_with: tuple[OnlyWith, ...] = ()

    def matters(self, value_of: Callable[[str], Value]) -> bool:
        """Whether it has a meaning beside the values of the other fields."""
        return all(value_of(needed.field) in needed.values for needed in self.only_with)

    @property
    def flag(self) -> str:
        """The command-line flag: field `grow_px` is `--grow-px`."""
        return "--" + self.name.replace("_", "-")

    def check(self, value: object) -> Value:
        """The value in the field's own type.

        Raises:
            ParamError: it has the wrong type, is not finite, or is not allowed.
        """
        if self.type is float and type(value) is int and abs(value) <= sys.float_info.max:
            value = float(value)
        if type(value) is not self.type:
            raise ParamError(
                _("{label}: {value!r} is not {kind}.").format(
                    label=_(self.doc.label), value=value, kind=_(_TYPE_NAMES[self.type])
                )
            )
        if self.range is not None and isinstance(value, (int, float)) and not self.range.holds(value):
            raise ParamError(
                _("{label}: {value} is outside {range}.").format(label=_(self.doc.label), value=value, range=self.range)
            )
        if self.choice is not None and value not in self.choice.values:
            raise ParamError(
                _("{label}: {value!r} is not one of {known}.").format(
                    label=_(self.doc.label), value=value, known=", ".join(self.choice.values)
                )
            )
        return value  # type: ignore[return-value]  # type(value) is one of Value's members here


_TYPE_NAMES = {bool: N_("yes or no"), int: N_("a whole number"), float: N_("a number"), str: N_("a text")}


def specs(params: type[Any]) -> tuple[ParamSpec, ...]:
    """The fields of a parameter class, in order.

    Raises:
        TypeError: a field has no Doc or no default, a number has no Range, a text no Choice or ModelOf, a default is
            not allowed, what is measured is no number, or a field goes with values that no other one can have.
    """
    if not dataclasses.is_dataclass(params):
        raise TypeError(f"{params.__name__} is not a dataclass")
    hints = get_type_hints(params, include_extras=True)
    found = tuple(_spec(params, field, hints[field.name]) for field in dataclasses.fields(params))
    possible: dict[str, tuple[Value, ...]] = {spec.name: (False, True) for spec in found if spec.type is bool}
    possible |= {spec.name: spec.choice.values for spec in found if spec.choice is not None}
    for spec in found:
        for needed in spec.only_with:
            if not set(needed.values) <= set(possible.get(needed.field, ())):
                raise TypeError(f"{params.__name__}.{spec.name} goes with values that {needed.field} cannot have")
    return found


def _spec(params: type[Any], field: dataclasses.Field[Any], hint: Any) -> ParamSpec:
    where = f"{params.__name__}.{field.name}"
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{where} is not Annotated")
    kind, *notes = get_args(hint)
    if kind not in _TYPE_NAMES:
        raise TypeError(f"{where} is a {kind}, not a bool, int, float or str")
    doc = next((note for note in notes if isinstance(note, Doc)), None)
    bounds = next((note for note in notes if isinstance(note, Range)), None)
    choice = next((note for note in notes if isinstance(note, Choice)), None)
    if doc is None or not doc.label or not doc.help:
        raise TypeError(f"{where} has no Doc with a label and a help text")
    if kind in (int, float) and bounds is None:
        raise TypeError(f"{where} is a number without a Range")
    model = next((note for note in notes if isinstance(note, ModelOf)), None)
    if kind is str and choice is None and model is None:
        raise TypeError(f"{where} is a text without a Choice or ModelOf")
    if field.default is dataclasses.MISSING:
        raise TypeError(f"{where} has no default")
    measured = next((note for note in notes if isinstance(note, Measured)), None)
    if measured is not None and bounds is None:
        raise TypeError(f"{where} is measured, but is no number")
    role = model.role if model else ""
    only_with = tuple(note for note in notes if isinstance(note, OnlyWith))
    spec = ParamSpec(field.name, kind, field.default, doc, bounds, choice, role, measured, only_with)
    try:
        spec.check(field.default)
    except ParamError as error:
        raise TypeError(f"{where}: its default is not allowed: {error}") from error
    return spec


def to_dict(params: object) -> dict[str, Value]:
    """The values of a parameter object by field name, ready for JSON."""
    return {spec.name: getattr(params, spec.name) for spec in specs(type(params))}


def from_dict(params: type[P], values: Mapping[str, object]) -> P:
    """A parameter object from (some of) its values; what is not named keeps its default.

    Raises:
        ParamError: a name is unknown or a value is not allowed.
    """
    known = {spec.name: spec for spec in specs(params)}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ParamError(
            _("Unknown parameter {name!r}; there are {known}.").format(
                name=unknown[0], known=", ".join(known) or _("none")
            )
        )
    return params(**{name: known[name].check(value) for name, value in values.items()})
