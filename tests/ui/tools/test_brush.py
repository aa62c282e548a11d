"""Painting masks with brush and eraser."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from editor.core.document import MaskName
from editor.core.geometry import Rect
from editor.core.session import Session
from editor.ui.canvas.view import CanvasView
from editor.ui.tools import TOOLS, Drag, Stage
from editor.ui.tools.brush import MAX_SIZE_PX, BrushTool, EraserTool
from editor.ui.tools.lasso import LassoTool
from editor.ui.tools.loops import closes_loop
from tests.ui.canvas.views import (
    ALT,
    RIGHT,
    SHIFT,
    drag,
    flat,
    mask_of,
    move,
    noise,
    opened,
    pen,
    press,
    release,
    shot,
    state_of,
)

LINE = ((60.0, 100.0), (200.0, 100.0), (343.0, 100.0))


@pytest.fixture
def desk(qtbot: QtBot) -> tuple[CanvasView, Session]:
    """A view of a 400 x 300 photo at 100 %, with a hard brush of 40 px."""
    view, session = opened(qtbot, state_of(flat(400, 300, 100, 100, 100)))
    view.tool.options = replace(view.tool.options, size_px=40, hardness=100)
    return view, session


def labels(session: Session) -> list[str]:
    return [step.label for step in session.history.line()]


def test_a_stroke_covers_its_way_and_nothing_else_and_is_one_step(
    qtbot: QtBot, desk: tuple[CanvasView, Session]
) -> None:
    view, session = desk
    with qtbot.waitSignal(view.stroke_finished) as told:
        drag(view, *LINE)
    assert told.args == ["Brush stroke"]
    mask = mask_of(session.state)
    assert (mask[82:119, 60:340] == 255).all()
    rows, columns = np.nonzero(mask)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == pytest.approx((80, 120, 40, 363), abs=1)
    assert labels(session) == ["Open", "Brush stroke"]
    session.undo()
    assert session.state.mask.empty


def test_a_stroke_is_seen_before_it_is_finished(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    plain = shot(view)
    press(view, LINE[0])
    move(view, LINE[1])
    assert (shot(view)[100, 150] != plain[100, 150]).any()
    assert np.array_equal(shot(view)[150:], plain[150:])
    assert session.state.mask.empty
    release(view, LINE[1])


def test_a_click_is_one_dab(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    drag(view, (200, 150))
    mask = mask_of(session.state)
    assert mask[150, 200] == 255
    assert (mask > 0).sum() == pytest.approx(np.pi * 20**2, rel=0.1)


def test_escape_leaves_nothing(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    plain = shot(view)
    press(view, LINE[0])
    move(view, LINE[1])
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert np.array_equal(shot(view), plain)
    move(view, LINE[2])
    release(view, LINE[2])
    assert session.state.mask.empty
    assert labels(session) == ["Open"]
    assert np.array_equal(shot(view), plain)
    drag(view, *LINE)
    assert labels(session) == ["Open", "Brush stroke"]


def test_undo_and_another_tool_in_mid_stroke_give_it_up(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    drag(view, (60, 250), (340, 250))
    press(view, LINE[0])
    move(view, LINE[1])
    session.undo()
    release(view, LINE[1])
    assert session.state.mask.empty
    press(view, LINE[0])
    move(view, LINE[1])
    view.set_tool(LassoTool())
    release(view, LINE[1])
    assert session.state.mask.empty


def test_alt_and_the_eraser_subtract(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    drag(view, *LINE)
    drag(view, (200, 60), (200, 140), keys=ALT)
    mask = mask_of(session.state)
    assert not mask[85:115, 185:215].any()
    assert mask[100, 100] == mask[100, 300] == 255
    eraser = EraserTool()
    eraser.options = replace(eraser.options, size_px=60, hardness=100)
    view.set_tool(eraser)
    drag(view, *LINE)
    assert session.state.mask.empty
    assert labels(session) == ["Open", "Brush stroke", "Erase stroke", "Erase stroke"]


def test_opacity_limits_a_stroke(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    view.tool.options = replace(view.tool.options, opacity=40)
    drag(view, *LINE)
    drag(view, *LINE)
    assert mask_of(session.state).max() == 102


@pytest.mark.parametrize("name", ["include", "exclude"])
def test_strokes_go_to_the_chosen_mask(desk: tuple[CanvasView, Session], name: MaskName) -> None:
    view, session = desk
    view.set_painted(name)
    drag(view, *LINE)
    assert session.state.mask.empty
    assert session.state.masked(name).read(Rect(200, 100, 201, 101))[0, 0, 0] == 255


def test_shift_click_goes_straight_from_the_last_end(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    drag(view, (50, 50), (60, 50))
    drag(view, (350, 250), keys=SHIFT)
    mask = mask_of(session.state)
    for part in np.linspace(0, 1, 50):
        assert mask[int(50 + 200 * part), int(60 + 290 * part)] == 255
    assert mask[250, 60] == mask[50, 350] == 0
    assert labels(session) == ["Open", "Brush stroke", "Brush stroke"]


def test_another_document_is_not_joined_by_a_straight_stroke(desk: tuple[CanvasView, Session]) -> None:
    view, _ = desk
    drag(view, (50, 50), (60, 50))
    other = Session.open(state_of(flat(400, 300, 50, 50, 50)), None, "Open")
    view.set_session(other)
    drag(view, (350, 250), keys=SHIFT)
    assert not mask_of(other.state)[:200].any()


def test_a_pen_paints_as_wide_as_it_is_pressed(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    for kind, x, pressure in (
        (QEvent.Type.TabletPress, 60, 0.25),
        (QEvent.Type.TabletMove, 150, 0.25),
        (QEvent.Type.TabletMove, 250, 1.0),
        (QEvent.Type.TabletMove, 340, 1.0),
        (QEvent.Type.TabletRelease, 340, 0.0),
    ):
        assert pen(view, kind, (x, 100), pressure).isAccepted()
    mask = mask_of(session.state)
    light, full = (mask[:, column] > 127 for column in (100, 300))
    assert light.sum() == pytest.approx(10, abs=2)
    assert full.sum() == pytest.approx(40, abs=2)
    assert labels(session) == ["Open", "Brush stroke"]
    view.tool.options = replace(view.tool.options, pressure_size=False)
    for kind in (QEvent.Type.TabletPress, QEvent.Type.TabletRelease):
        pen(view, kind, (100, 200), 0.25)
    assert (mask_of(session.state)[:, 100] > 127).sum() == pytest.approx(50, abs=3)


def test_alt_and_right_drag_change_size_and_hardness(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    view.tool.options = replace(view.tool.options, size_px=40, hardness=50)
    drag(view, (100, 150), (150, 150), (200, 150), button=RIGHT, keys=ALT)
    assert (view.tool.options.size_px, view.tool.options.hardness) == (80, 50)
    drag(view, (100, 150), (100, 110), button=RIGHT, keys=ALT)
    assert (view.tool.options.size_px, view.tool.options.hardness) == (80, 70)
    drag(view, (10, 290), (390, 10), button=RIGHT, keys=ALT)
    assert view.tool.options.hardness == 100
    assert view.tool.options.size_px <= MAX_SIZE_PX
    before = view.tool.options
    press(view, (100, 150), RIGHT, ALT)
    move(view, (200, 200))
    assert view.tool.options != before
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.tool.options == before
    assert labels(session) == ["Open"]


def ring(radius: float, turn: float = 2 * np.pi) -> list[tuple[float, float]]:
    angles = np.linspace(0, turn, 30)
    return list(zip((200 + radius * np.cos(angles)).tolist(), (150 + radius * np.sin(angles)).tolist(), strict=True))


def test_circling_something_covers_it(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    view.tool.options = replace(view.tool.options, size_px=20)
    drag(view, *ring(100))
    assert (mask_of(session.state)[80:220, 130:270] == 255).all()
    assert labels(session) == ["Open", "Brush stroke"]
    session.undo()
    drag(view, *ring(100, 1.5 * np.pi))
    assert mask_of(session.state)[150, 200] == 0
    session.undo()
    view.tool.options = replace(view.tool.options, fill_loops=False)
    drag(view, *ring(100))
    assert mask_of(session.state)[150, 200] == 0


def test_what_is_taken_for_a_loop() -> None:
    assert closes_loop(ring(100), 20)
    assert not closes_loop(ring(100, np.pi), 20)
    assert not closes_loop(ring(12), 20)
    around_a_wire = [(0.0, 0.0), (1000.0, 0.0), (2000.0, 0.0), (2000.0, 50.0), (1000.0, 50.0), (0.0, 50.0), (0.0, 5.0)]
    assert closes_loop(around_a_wire, 20)
    assert not closes_loop([(x, y / 8) for x, y in around_a_wire], 20)
    back_and_forth = [(x, 100.0 + 3 * (x % 2)) for x in [*range(0, 300, 10), *range(300, 0, -10)]]
    assert not closes_loop(back_and_forth, 20)
    eight = [(200 + 100 * np.sin(t), 150 + 60 * np.sin(2 * t)) for t in np.linspace(0, 2 * np.pi, 60)]
    assert not closes_loop(eight, 20)


def test_painting_while_another_state_is_shown_keeps_the_strokes(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    candidate = state_of(noise(400, 300))
    view.show_state(candidate)
    drag(view, *LINE)
    assert mask_of(session.state)[100, 200] == 255
    shown = shot(view)
    assert np.array_equal(shown[200:], noise(400, 300)[200:])
    assert (shown[100, 200] != noise(400, 300)[100, 200]).any()


class Broken(BrushTool):
    """Fails at the first move."""

    def drag(self, stage: Stage) -> Drag:
        event = yield
        event = yield
        raise ZeroDivisionError(stage, event)


def test_what_a_tool_raises_ends_its_drag(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    view.set_tool(Broken())
    press(view, LINE[0])
    with pytest.raises(ZeroDivisionError):
        move(view, LINE[1])
    move(view, LINE[2])
    release(view, LINE[2])
    view.set_tool(BrushTool())
    drag(view, *LINE)
    assert labels(session) == ["Open", "Brush stroke"]


def test_every_tool_has_a_title_a_key_and_options_of_its_own() -> None:
    one, other = [make() for make in TOOLS], [make() for make in TOOLS]
    assert len({tool.id for tool in one}) == len({tool.shortcut for tool in one}) == len(TOOLS)
    assert all(tool.title for tool in one)
    assert all(mine is not theirs for mine, theirs in zip(one, other, strict=True))


def test_a_huge_brush_on_a_small_photo(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    view.tool.options = replace(view.tool.options, size_px=MAX_SIZE_PX)
    drag(view, *LINE)
    assert (mask_of(session.state) == 255).all()
