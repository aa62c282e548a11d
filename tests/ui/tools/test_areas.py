"""Lasso, rectangle and ellipse, hand and magnifying glass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from editor.core.document import MaskName
from editor.core.session import Session
from editor.ui.canvas.view import CanvasView
from editor.ui.tools.lasso import LassoTool
from editor.ui.tools.pan import PanTool
from editor.ui.tools.shape import ShapeTool
from editor.ui.tools.zoom import ZoomTool
from tests.ui.canvas.views import (
    ALT,
    SHIFT,
    at,
    drag,
    flat,
    mask_of,
    move,
    noise,
    opened,
    press,
    release,
    shot,
    state_of,
)

TRIANGLE = ((100.0, 50.0), (300.0, 50.0), (200.0, 250.0))


@pytest.fixture
def desk(qtbot: QtBot) -> tuple[CanvasView, Session]:
    """A view of a 400 x 300 photo at 100 %."""
    return opened(qtbot, state_of(flat(400, 300, 100, 100, 100)))


def test_the_lasso_closes_and_fills_with_a_soft_edge(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    view.set_tool(LassoTool())
    drag(view, *TRIANGLE)
    mask = mask_of(session.state)
    assert mask[100, 200] == 255
    assert not mask[200, :160].any()
    assert not mask[:45].any()
    assert (mask > 127).sum() == pytest.approx(200 * 200 / 2, rel=0.03)
    assert ((mask > 0) & (mask < 255)).any()
    assert [step.label for step in session.history.line()] == ["Open", "Lasso"]
    drag(view, *TRIANGLE, keys=ALT)
    assert (mask_of(session.state) > 127).sum() == 0


def test_the_lasso_shows_its_line_and_escape_leaves_nothing(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    view.set_tool(LassoTool())
    plain = shot(view)
    press(view, TRIANGLE[0])
    move(view, TRIANGLE[1])
    assert (shot(view)[48:53, 200] != 100).any()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert np.array_equal(shot(view), plain)
    release(view, TRIANGLE[1])
    drag(view, (200, 100))
    assert len(session.history.steps) == 1


@pytest.mark.parametrize("erase", [False, True])
def test_a_rectangle_covers_whole_pixels(desk: tuple[CanvasView, Session], erase: bool) -> None:
    view, session = desk
    tool = ShapeTool()
    view.set_tool(tool)
    drag(view, (300, 200), (120, 80))
    if erase:
        tool.options = replace(tool.options, erase=True)
        drag(view, (120, 80), (200, 200))
    mask = mask_of(session.state)
    expected = np.zeros((300, 400), np.uint8)
    expected[80:200, 200 if erase else 120 : 300] = 255
    assert np.array_equal(mask, expected)


def test_an_ellipse_fills_its_box(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    tool = ShapeTool()
    tool.options = replace(tool.options, kind="ellipse")
    view.set_tool(tool)
    drag(view, (120, 80), (300, 200))
    mask = mask_of(session.state)
    assert (mask > 127).sum() == pytest.approx(np.pi * 90 * 60, rel=0.02)
    assert mask[140, 210] == 255
    assert mask[85, 125] == 0


def test_shift_makes_a_square(desk: tuple[CanvasView, Session]) -> None:
    view, session = desk
    view.set_tool(ShapeTool())
    places = [at(view, point) for point in ((100, 100), (180, 130))]
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, places[0])
    QTest.mouseMove(view, places[1])
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, SHIFT, places[1])
    rows, columns = np.nonzero(mask_of(session.state))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (100, 179, 100, 179)


def test_shapes_beyond_the_photo_are_cut_and_outside_it_nothing_happens(qtbot: QtBot) -> None:
    view, session = opened(qtbot, state_of(flat(200, 150, 100, 100, 100)))
    view.set_tool(ShapeTool())
    drag(view, (-50, -20), (40, 30))
    assert (mask_of(session.state) > 0).sum() == 40 * 30
    drag(view, (-50, -20), (-10, 100))
    drag(view, (100, 100))
    assert len(session.history.steps) == 2


def test_the_hand_keeps_what_it_holds(qtbot: QtBot) -> None:
    view, session = opened(qtbot, state_of(noise(1000, 700)))
    view.set_tool(PanTool())
    view.zoom_to(2.0)
    held, target = (500.0, 350.0), at(view, (530.0, 360.0))
    drag(view, held, (510, 352), (530, 360))
    assert view.widget_point(*held).toPoint() == target
    assert len(session.history.steps) == 1


def test_the_glass_zooms_around_the_click(qtbot: QtBot) -> None:
    view, _ = opened(qtbot, state_of(noise(3000, 2000)))
    view.set_tool(ZoomTool())
    view.zoom_to(0.5)
    point = (1400.0, 900.0)
    there = QPointF(at(view, point))
    drag(view, point)
    assert view.zoom == pytest.approx(0.75, rel=0.01)
    assert (view.widget_point(*point) - there).manhattanLength() <= 2
    drag(view, point, keys=ALT)
    assert view.zoom == pytest.approx(0.5, rel=0.01)
    drag(view, point, (1440, 900), (1640, 900))
    assert view.zoom == pytest.approx(1.0, rel=0.02)
    assert (view.widget_point(*point) - there).manhattanLength() <= 3


@pytest.mark.parametrize(
    ("name", "label"), [("include", "Lasso (copy only from)"), ("exclude", "Lasso (never copy from)")]
)
def test_the_history_says_which_mask_an_area_went_to(
    desk: tuple[CanvasView, Session], name: MaskName, label: str
) -> None:
    view, session = desk
    view.set_painted(name)
    view.set_tool(LassoTool())
    drag(view, *TRIANGLE)
    assert session.history.current.label == label
