"""Forms and the options bar, made from declarations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from editor.host.library import KnownModel
from editor.runtime.library import Availability
from editor.sdk.params import Choice, Doc, Measured, ModelOf, OnlyWith, Range, from_dict, specs
from editor.ui.panels.fields import NumberField
from editor.ui.panels.form import ParamForm
from editor.ui.panels.options import OptionsBar
from editor.ui.tools import TOOLS


@dataclass(frozen=True, slots=True)
class Every:
    """One parameter of each kind."""

    size_px: Annotated[int, Range(1, 2000, unit="px"), Doc("Size", "How large.")] = 60
    strength: Annotated[float, Range(0, 1, step=0.05), Doc("Strength", "How strong.")] = 0.5
    smooth: Annotated[bool, Doc("Smooth", "Whether smooth.")] = True
    kind: Annotated[str, Choice((("a", "First"), ("b", "Second"))), Doc("Kind", "Which one.")] = "a"
    rare: Annotated[int, Range(0, 9), Doc("Rare", "Seldom needed.", advanced=True)] = 3


def form(qtbot: QtBot) -> ParamForm:
    made = ParamForm(specs(Every))
    qtbot.addWidget(made)
    made.show()
    return made


@dataclass(frozen=True, slots=True)
class Found:
    """A number that can be measured, and whose lowest value means something of its own."""

    noise: Annotated[
        float,
        Range(0, 75, step=0.5, lowest="auto"),
        Measured(lambda _inputs, _ctx: 3.0),
        Doc("Noise", "How strong the noise is."),
    ] = 0.0
    other: Annotated[float, Range(0, 75), Doc("Other", "Nothing to measure.")] = 0.0


def test_the_lowest_value_is_shown_by_what_it_means(qtbot: QtBot) -> None:
    made = ParamForm(specs(Found))
    qtbot.addWidget(made)
    field = made.fields["noise"]
    assert isinstance(field, NumberField)
    assert field.box.text() == "auto"
    assert field.value == 0.0
    field.set_value(12.5)
    assert field.box.text() == "12.5"


def test_what_can_be_measured_has_a_button(qtbot: QtBot) -> None:
    made = ParamForm(specs(Found))
    qtbot.addWidget(made)
    (button,) = made.findChildren(QPushButton)
    with qtbot.waitSignal(made.measure_wanted) as asked:
        button.click()
    assert asked.args == ["noise"]


@dataclass(frozen=True, slots=True)
class Learned:
    """A model that is run only if that is wanted."""

    model: Annotated[str, ModelOf("denoise"), OnlyWith("learned"), Doc("Model", "Which one.")] = "net"
    learned: Annotated[bool, Doc("Learned", "Whether a network is used.")] = False


def test_a_long_title_of_a_model_does_not_widen_the_form(qtbot: QtBot) -> None:
    widths = []
    for title in ("Short", "Short" * 20):
        known = {"denoise": [KnownModel("net", title, Availability.INSTALLED)]}
        made = ParamForm(specs(Learned), models=known.__getitem__)
        qtbot.addWidget(made)
        widths.append(made.minimumSizeHint().width())
    assert widths[0] == widths[1]


def test_a_model_is_grey_while_none_is_used(qtbot: QtBot) -> None:
    made = ParamForm(specs(Learned))
    qtbot.addWidget(made)
    assert not made.fields["model"].isEnabled()
    made.set_values({"learned": True})
    assert made.fields["model"].isEnabled()


def test_a_form_shows_the_defaults(qtbot: QtBot) -> None:
    assert from_dict(Every, form(qtbot).values()) == Every()


def test_what_is_set_in_the_form_comes_out_in_the_declared_types(qtbot: QtBot) -> None:
    made = form(qtbot)
    wanted = Every(size_px=200, strength=0.25, smooth=False, kind="b", rare=7)
    with qtbot.waitSignals([made.changed] * 5):
        made.set_values({"size_px": 200, "strength": 0.25, "smooth": False, "kind": "b", "rare": 7})
    assert from_dict(Every, made.values()) == wanted
    assert type(made.values()["size_px"]) is int
    made.reset()
    assert from_dict(Every, made.values()) == Every()


def test_slider_and_number_follow_each_other(qtbot: QtBot) -> None:
    field = form(qtbot).fields["strength"]
    assert isinstance(field, NumberField)
    field.slider.setValue(field.slider.maximum())
    assert field.value == 1.0
    field.box.setValue(0)
    assert field.slider.value() == field.slider.minimum()


def test_every_slider_position_of_a_wide_range_gives_an_allowed_value(qtbot: QtBot) -> None:
    field = form(qtbot).fields["size_px"]
    assert isinstance(field, NumberField)
    seen = []
    for position in range(field.slider.maximum() + 1):
        field.slider.setValue(position)
        seen.append(int(field.spec.check(field.value)))
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (1, 2000)
    assert 30 < seen[len(seen) // 2] < 60  # the middle of a wide range is no far end of it


def test_advanced_parameters_are_folded_away(qtbot: QtBot) -> None:
    made = form(qtbot)
    assert not made.fields["rare"].isVisible()
    more = made.findChild(QToolButton)
    assert more is not None
    more.click()
    assert made.fields["rare"].isVisible()


def test_scrolling_over_a_field_without_focus_changes_nothing(qtbot: QtBot) -> None:
    made = form(qtbot)
    field = made.fields["strength"]
    assert isinstance(field, NumberField)
    made.fields["kind"].setFocus()
    place = QPointF(5, 5)
    event = QWheelEvent(
        place, place, QPoint(0, 0), QPoint(0, 120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(field.slider, event)
    assert field.value == 0.5


def test_the_tooltip_explains_with_range_and_default(qtbot: QtBot) -> None:
    tip = form(qtbot).fields["size_px"].toolTip()
    assert "How large." in tip
    assert "1 to 2000 px; default 60" in tip


def options_bar(qtbot: QtBot) -> tuple[OptionsBar, Callable[[], int]]:
    tool = TOOLS[0]()
    bar = OptionsBar()
    qtbot.addWidget(bar)
    bar.set_tool(tool)
    return bar, lambda: tool.options.size_px


def test_the_options_bar_sets_the_tool(qtbot: QtBot) -> None:
    bar, size_px = options_bar(qtbot)
    bar.fields["size_px"].set_value(123)
    assert size_px() == 123


def test_the_options_bar_follows_what_the_tool_changes_itself(qtbot: QtBot) -> None:
    tool = TOOLS[0]()
    bar = OptionsBar()
    qtbot.addWidget(bar)
    bar.set_tool(tool)
    tool.adjust(tool.options, 100, 0)
    assert bar.fields["size_px"].value == tool.options.size_px == 120


def test_steps_reach_every_size_and_stop_at_the_ends(qtbot: QtBot) -> None:
    bar, size_px = options_bar(qtbot)
    bar.set_number("size_px", 1)
    sizes = [size_px()]
    for _ in range(100):
        bar.step("size_px", 1.15, 1)
        sizes.append(size_px())
    assert sizes[:3] == [1, 2, 3]
    assert sizes[-1] == 2000
    for _ in range(100):
        bar.step("size_px", 1 / 1.15, 1)
    assert size_px() == 1
