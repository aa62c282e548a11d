"""Parameters declared once: what a declaration must have, and which values are let in."""

import math
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editor.sdk.errors import ParamError
from editor.sdk.params import Choice, Doc, Measured, OnlyWith, Range, Value, from_dict, specs, to_dict


@dataclass(frozen=True, slots=True)
class Params:
    grow_px: Annotated[int, Range(0, 64, unit="px"), Doc("Grow", "How far the mask grows.")] = 8
    strength: Annotated[float, Range(0, 1, step=0.1), Doc("Strength", "How strong.", advanced=True)] = 0.5
    mode: Annotated[str, Choice((("fast", "Fast"), ("fine", "Fine"))), Doc("Mode", "How carefully.")] = "fast"
    grain: Annotated[bool, Doc("Grain", "Whether grain is added.")] = True


def test_a_declaration_is_read_in_order() -> None:
    grow, strength, mode, grain = specs(Params)
    assert (grow.name, grow.type, grow.default, grow.flag) == ("grow_px", int, 8, "--grow-px")
    assert str(grow.range) == "0 to 64 px"
    assert (strength.doc.label, strength.doc.advanced) == ("Strength", True)
    assert mode.choice is not None
    assert mode.choice.values == ("fast", "fine")
    assert (grain.type, grain.range, grain.choice) == (bool, None, None)


def test_values_go_round() -> None:
    params = Params(grow_px=3, strength=0.25, mode="fine", grain=False)
    values = to_dict(params)
    assert values == {"grow_px": 3, "strength": 0.25, "mode": "fine", "grain": False}
    assert from_dict(Params, values) == params
    assert from_dict(Params, {}) == Params()
    assert from_dict(Params, {"mode": "fine"}) == Params(mode="fine")


@given(st.builds(Params, st.integers(0, 64), st.floats(0, 1), st.sampled_from(["fast", "fine"]), st.booleans()))
def test_every_allowed_value_goes_round(params: Params) -> None:
    assert from_dict(Params, to_dict(params)) == params


def test_a_whole_number_is_good_enough_for_a_real_one() -> None:
    strength = from_dict(Params, {"strength": 1}).strength
    assert strength == 1.0
    assert type(strength) is float


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"grow_px": 65}, "Grow: 65 is outside 0 to 64 px."),
        ({"grow_px": -1}, "Grow: -1 is outside 0 to 64 px."),
        ({"grow_px": 3.0}, "Grow: 3.0 is not a whole number."),
        ({"grow_px": True}, "Grow: True is not a whole number."),
        ({"grow_px": "3"}, "Grow: '3' is not a whole number."),
        ({"grow_px": None}, "Grow: None is not a whole number."),
        ({"strength": math.nan}, "Strength: nan is outside 0 to 1."),
        ({"strength": math.inf}, "Strength: inf is outside 0 to 1."),
        ({"grow_px": 10**400}, f"Grow: {10**400} is outside 0 to 64 px."),
        ({"strength": 10**400}, f"Strength: {10**400} is not a number."),
        ({"strength": True}, "Strength: True is not a number."),
        ({"mode": "slow"}, "Mode: 'slow' is not one of fast, fine."),
        ({"grain": 1}, "Grain: 1 is not yes or no."),
        ({"blur": 1}, "Unknown parameter 'blur'; there are grow_px, strength, mode, grain."),
    ],
)
def test_what_is_not_allowed_is_refused_in_words(values: dict[str, object], line: str) -> None:
    with pytest.raises(ParamError) as caught:
        from_dict(Params, values)
    assert str(caught.value) == line


DOC = Doc("Label", "Help.")


def declared(hint: Any, default: Any = 1) -> type:
    """A dataclass with one field."""
    namespace = {"__annotations__": {"value": hint}, "value": default}
    if default is None:
        del namespace["value"]
    return dataclass(frozen=True)(type("Declared", (), namespace))


@pytest.mark.parametrize(
    ("hint", "default", "reason"),
    [
        (int, 1, "not Annotated"),
        (Annotated[int, Range(0, 9)], 1, "no Doc"),
        (Annotated[int, Range(0, 9), Doc("", "Help.")], 1, "no Doc"),
        (Annotated[int, Range(0, 9), Doc("Label", "")], 1, "no Doc"),
        (Annotated[int, DOC], 1, "without a Range"),
        (Annotated[float, DOC], 1.0, "without a Range"),
        (Annotated[str, DOC], "a", "without a Choice"),
        (Annotated[bool, Measured(lambda _inputs, _ctx: 1), DOC], True, "measured, but is no number"),
        (Annotated[list[int], DOC], 1, "not a bool, int, float or str"),
        (Annotated[int, Range(0, 9), DOC], None, "no default"),
        (Annotated[int, Range(0, 9), DOC], field(default_factory=int), "no default"),
        (Annotated[int, Range(0, 9), DOC], 10, "default is not allowed"),
        (Annotated[int, Range(0, 9), DOC], 1.5, "default is not allowed"),
        (Annotated[str, Choice((("a", "A"),)), DOC], "b", "default is not allowed"),
    ],
)
def test_an_incomplete_declaration_is_a_mistake_of_the_programmer(hint: Any, default: Value, reason: str) -> None:
    with pytest.raises(TypeError, match=reason):
        specs(declared(hint, default))


@pytest.mark.parametrize("needed", [OnlyWith("other"), OnlyWith("mode"), OnlyWith("mode", ("fast", "slow"))])
def test_what_a_field_goes_with_must_be_possible(needed: OnlyWith) -> None:
    @dataclass(frozen=True)
    class Tied:
        mode: Annotated[str, Choice((("fast", "Fast"), ("fine", "Fine"))), DOC] = "fast"
        value: Annotated[int, Range(0, 9), needed, DOC] = 1

    with pytest.raises(TypeError, match=f"Tied.value goes with values that {needed.field} cannot have"):
        specs(Tied)


def test_a_field_matters_where_all_that_it_goes_with_is_so() -> None:
    @dataclass(frozen=True)
    class Tied:
        mode: Annotated[str, Choice((("fast", "Fast"), ("fine", "Fine"))), DOC] = "fast"
        grain: Annotated[bool, DOC] = False
        value: Annotated[int, Range(0, 9), OnlyWith("mode", ("fine",)), OnlyWith("grain"), DOC] = 1

    value = specs(Tied)[2]
    for mode, grain, wanted in (("fine", False, False), ("fast", True, False), ("fine", True, True)):
        values: dict[str, Value] = {"mode": mode, "grain": grain}
        assert value.matters(values.__getitem__) is wanted


def test_only_dataclasses_declare_parameters() -> None:
    with pytest.raises(TypeError, match="not a dataclass"):
        specs(int)
