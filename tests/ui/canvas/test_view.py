"""What the canvas shows, and how one moves about in it."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QNativeGestureEvent, QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from editor.core.geometry import Rect
from editor.host import mask_edits
from editor.ui import theme
from editor.ui.canvas.pyramid import Pyramid
from editor.ui.canvas.ring import Ring
from editor.ui.canvas.view import CanvasView
from editor.ui.tools.lasso import LassoTool
from tests.ui.canvas.views import (
    ALT,
    MIDDLE,
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
    rgb,
    shot,
    state_of,
    wheel,
)

SURROUND = (theme.SURROUND.red(), theme.SURROUND.green(), theme.SURROUND.blue())


def test_a_photo_is_fitted_and_shown_pixel_by_pixel_at_100_percent(qtbot: QtBot) -> None:
    pixels = noise(1000, 700)
    view, _ = opened(qtbot, state_of(pixels))
    assert view.document_rect_visible() == Rect(0, 0, 1000, 700)
    assert 0.39 < view.zoom <= 0.4
    fitted = shot(view)
    assert (fitted[0] == SURROUND).all()
    assert np.abs(fitted[20:280, 20:380].mean(axis=(0, 1)) - pixels.mean(axis=(0, 1))).max() < 1
    view.zoom_to(1.0)
    seen = view.document_rect_visible()
    assert np.array_equal(shot(view), pixels[seen.slices])
    assert (seen.width, seen.height) == (400, 300)


def test_a_small_photo_is_not_blown_up(qtbot: QtBot) -> None:
    view, _ = opened(qtbot, state_of(noise(50, 40)))
    assert view.zoom == 1.0


def test_nothing_open(qtbot: QtBot) -> None:
    view, _ = opened(qtbot, state_of(noise(500, 400)))
    view.set_session(None)
    drag(view, (10, 10), (50, 50))
    wheel(view, QPointF(100, 100), 120)
    view.zoom_fit()
    assert view.document_rect_visible().empty
    assert (shot(view) == SURROUND).all()


@pytest.mark.parametrize("keys", [Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier, ALT])
def test_the_wheel_zooms_and_keeps_what_is_under_the_pointer(qtbot: QtBot, keys: Qt.KeyboardModifier) -> None:
    view, _ = opened(qtbot, state_of(noise(3000, 2000)))
    place, fit = QPointF(130, 170), view.zoom
    image = view.image_point(place)
    for _ in range(15):
        wheel(view, place, 120, keys)
        assert (view.widget_point(*image) - place).manhattanLength() <= 1.01
    assert view.zoom == pytest.approx(fit * 1.25**15, rel=0.05)
    for _ in range(15):
        wheel(view, place, -120, keys)
    assert view.zoom == pytest.approx(fit, rel=0.02)
    assert (view.widget_point(*image) - place).manhattanLength() <= 1.01


def test_zooming_and_panning_tell_the_pixel_that_comes_under_the_pointer(qtbot: QtBot) -> None:
    view, _ = opened(qtbot, state_of(noise(3000, 2000)))
    told: list[tuple[float, float]] = []
    move(view, (500, 400))
    place = QPointF(at(view, (500, 400)))
    view.cursor_moved.connect(lambda x, y: told.append((x, y)))
    view.zoom_to(1.0)
    assert told[-1] == view.image_point(place)
    before = told[-1]
    wheel(view, place, 120, SHIFT)
    assert told[-1] == (before[0], before[1] - 120)


def test_100_percent_keeps_what_is_under_the_pointer(qtbot: QtBot) -> None:
    view, session = opened(qtbot, state_of(noise(3000, 2000)))
    session.commit(mask_edits.fill_rect(session.state, "mask", Rect(2000, 300, 2200, 500)), "Brush stroke")
    move(view, (700, 400))
    place = QPointF(at(view, (700, 400)))
    image = view.image_point(place)
    view.zoom_actual()
    assert view.zoom == 1
    assert (view.widget_point(*image) - place).manhattanLength() <= 1.01


@pytest.mark.parametrize("middle", [(2100, 400), (1500, 1000)], ids=["mask", "none"])
def test_100_percent_without_a_pointer_shows_the_mask_or_the_middle(qtbot: QtBot, middle: tuple[int, int]) -> None:
    view, session = opened(qtbot, state_of(noise(3000, 2000)))
    move(view, (700, 400))
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    if middle == (2100, 400):
        session.commit(mask_edits.fill_rect(session.state, "mask", Rect(2000, 300, 2200, 500)), "Brush stroke")
    view.set_covered(100)
    view.zoom_actual()
    assert view.zoom == 1
    free = QPointF(view.width() / 2, (view.height() - 100) / 2)
    assert (view.widget_point(*middle) - free).manhattanLength() <= 10


def test_many_small_turns_are_one_large_one(qtbot: QtBot) -> None:
    view, _ = opened(qtbot, state_of(noise(3000, 2000)))
    view.zoom_to(8.0)
    for _ in range(40):
        wheel(view, QPointF(200, 150), 3)
    assert view.zoom == pytest.approx(10, rel=0.1)


def test_two_fingers_zoom(qtbot: QtBot) -> None:
    view, _ = opened(qtbot, state_of(noise(3000, 2000)))
    view.zoom_to(1.0)
    place = QPointF(130, 170)
    image = view.image_point(place)
    pinch = Qt.NativeGestureType.ZoomNativeGesture
    device = QPointingDevice.primaryPointingDevice()
    event = QNativeGestureEvent(pinch, device, 2, place, place, place, 0.5, QPointF())
    QApplication.sendEvent(view, event)
    assert view.zoom == 1.5
    assert (view.widget_point(*image) - place).manhattanLength() <= 1.01


def test_panning_with_middle_button_space_and_shift_wheel(qtbot: QtBot) -> None:
    view, session = opened(qtbot, state_of(noise(1000, 700)))
    view.zoom_to(1.0)
    before = view.document_rect_visible()
    drag(view, (500, 350), (470, 330), button=MIDDLE)
    assert view.document_rect_visible() == before.shift(30, 20)
    QTest.keyPress(view, Qt.Key.Key_Space)
    drag(view, (500, 350), (520, 340))
    QTest.keyRelease(view, Qt.Key.Key_Space)
    assert view.document_rect_visible() == before.shift(10, 30)
    wheel(view, QPointF(100, 100), 120, SHIFT)
    assert view.document_rect_visible() == before.shift(10, -90)
    assert np.array_equal(shot(view), noise(1000, 700)[view.document_rect_visible().slices])
    assert session.state.mask.empty


def test_zoom_keys_step_through_the_usual_zooms(qtbot: QtBot) -> None:
    view, _ = opened(qtbot, state_of(noise(3000, 2000)))
    view.zoom_to(0.5)
    seen = []
    for _ in range(4):
        view.zoom_step(+1)
        seen.append(view.zoom)
    assert seen == pytest.approx([2 / 3, 1, 1.5, 2])
    view.zoom_step(-1)
    assert view.zoom == 1.5


def test_a_fitted_view_stays_fitted_and_another_keeps_its_middle(qtbot: QtBot) -> None:
    view, _ = opened(qtbot, state_of(noise(1000, 700)))
    view.resize(800, 600)
    assert view.zoom == pytest.approx(0.8, rel=0.01)
    view.zoom_to(2.0)
    middle = view.image_point(QPointF(400, 300))
    view.resize(600, 300)
    assert view.image_point(QPointF(300, 150)) == pytest.approx(middle, abs=1)
    assert view.zoom == 2.0


def test_another_state_is_shown_at_the_same_place(qtbot: QtBot) -> None:
    pixels = noise(1000, 700)
    view, session = opened(qtbot, state_of(pixels))
    view.zoom_to(1.0)
    drag(view, (500, 350), (480, 390), button=MIDDLE)
    seen = view.document_rect_visible()
    candidate = session.state.with_layer(
        replace(session.state.layers[0], id=1, pixels=state_of(255 - pixels).layers[0].pixels)
    )
    view.show_state(candidate)
    assert view.document_rect_visible() == seen
    assert np.array_equal(shot(view), 255 - pixels[seen.slices])
    view.show_state(None)
    assert np.array_equal(shot(view), pixels[seen.slices])


def test_a_committed_change_is_seen_unless_another_state_is_shown(qtbot: QtBot) -> None:
    view, session = opened(qtbot, state_of(flat(300, 200, 10, 20, 30)))
    opened_state = session.state
    session.commit(state_of(flat(300, 200, 90, 80, 70)), "change")
    assert shot(view)[150, 200].tolist() == [90, 80, 70]
    view.show_state(opened_state)
    session.commit(state_of(flat(300, 200, 1, 2, 3)), "change")
    assert shot(view)[150, 200].tolist() == [10, 20, 30]
    session.undo()
    view.show_state(None)
    assert shot(view)[150, 200].tolist() == [90, 80, 70]


def test_a_state_of_another_size_is_shown_whole(qtbot: QtBot) -> None:
    view, session = opened(qtbot, state_of(flat(300, 200, 10, 20, 30)))
    session.commit(state_of(flat(900, 900, 90, 80, 70)), "crop")
    assert view.document_rect_visible() == Rect(0, 0, 900, 900)
    drag(view, (400, 400), (500, 450))
    assert session.state.mask.read(Rect(450, 425, 451, 426))[0, 0, 0] == 255


def test_a_split_shows_two_states_and_its_divider_can_be_dragged(qtbot: QtBot) -> None:
    view, session = opened(qtbot, state_of(flat(300, 200, 10, 20, 30)))
    view.show_split(state_of(flat(300, 200, 90, 80, 70)))
    row = shot(view)[70]
    assert row[190].tolist() == [90, 80, 70]
    assert row[210].tolist() == [10, 20, 30]
    drag(view, (150, 100), (80, 100), (50, 100))
    assert session.state.mask.empty
    row = shot(view)[70]
    assert row[90].tolist() == [90, 80, 70]
    assert row[110].tolist() == [10, 20, 30]
    view.show_split(None)
    assert (shot(view)[70, 50:350] == (10, 20, 30)).all()


def tinted(view: CanvasView, point: tuple[float, float]) -> list[int]:
    place = at(view, point)
    colour: list[int] = shot(view)[place.y(), place.x()].tolist()
    return colour


def test_masks_are_tinted_as_strongly_as_they_cover(qtbot: QtBot) -> None:
    state = state_of(flat(400, 300, 100, 100, 100))
    writer = state.mask.write()
    writer.write(Rect(0, 0, 400, 1), np.full((1, 400, 1), 9, np.uint8))
    ramp = np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (100, 256, 1))
    writer.write(Rect(0, 100, 256, 200), ramp)
    view, session = opened(qtbot, state.with_mask("mask", writer.freeze()))
    view.set_tint(QColor(0, 255, 0))
    row = shot(view)[150].astype(int)
    assert row[255].tolist() == [50, 178, 50]
    assert row[128].tolist() == [75, 139, 75]
    assert (np.diff(row[:256, 1]) >= 0).all()
    assert (row[256:] == 100).all()
    view.set_masks_visible(False)
    assert (shot(view)[150] == 100).all()
    view.set_masks_visible(True)
    session.commit(mask_edits.clear(session.state, "mask"), "clear")
    assert (shot(view)[150] == 100).all()


def test_include_and_exclude_have_colours_of_their_own(qtbot: QtBot) -> None:
    state = state_of(flat(400, 300, 100, 100, 100))
    state = mask_edits.fill_rect(state, "include", Rect(0, 0, 100, 300))
    state = mask_edits.fill_rect(state, "exclude", Rect(300, 0, 400, 300))
    view, _ = opened(qtbot, state)
    assert np.argmax(tinted(view, (50, 150))) == 1
    assert np.argmax(tinted(view, (350, 150))) == 0
    assert tinted(view, (200, 150)) == [100, 100, 100]
    # Unlike the mask, in stripes.
    assert len(np.unique(shot(view)[150, :100, 1])) == len(np.unique(shot(view)[150, 300:, 0])) == 2


def test_the_shimmer_moves_within_the_mask_only_and_ends(qtbot: QtBot) -> None:
    state = mask_edits.fill_rect(state_of(flat(400, 300, 40, 40, 40)), "mask", Rect(100, 100, 300, 200))
    view, _ = opened(qtbot, state)
    quiet = shot(view)
    view.set_busy(Rect(90, 90, 310, 210))
    lit = np.zeros((300, 400), bool)

    def moved() -> bool:
        nonlocal lit
        lit |= (shot(view) != quiet).any(axis=2)
        return bool(lit[150, 120] and lit[150, 280])

    qtbot.waitUntil(moved, timeout=10_000)
    lit[100:200, 100:300] = False
    assert not lit.any()
    view.set_busy(None)
    assert np.array_equal(shot(view), quiet)


def test_the_brush_shows_its_size_where_the_pointer_is(qtbot: QtBot) -> None:
    view, _ = opened(qtbot, state_of(flat(400, 300, 100, 100, 100)))
    view.tool.options = replace(view.tool.options, size_px=80, hardness=50)
    move(view, (200, 150))
    ring = np.argwhere((rgb(view.grab().toImage()) != 100).any(axis=2))
    distance = np.hypot(*(ring - (150, 200)).T)
    assert distance.max() < 43
    assert ((distance > 38) | (np.abs(distance - 20) < 2)).all()
    assert (np.abs(distance - 20) < 2).any()
    assert view.cursor().shape() == Qt.CursorShape.BlankCursor
    view.set_tool(LassoTool())
    assert (shot(view) == 100).all()
    assert view.cursor().shape() == Qt.CursorShape.CrossCursor


def test_the_pointers_place_is_told_in_image_pixels(qtbot: QtBot) -> None:
    view, _ = opened(qtbot, state_of(noise(1000, 700)))
    view.zoom_to(2.0)
    place = at(view, (480, 350))
    with qtbot.waitSignal(view.cursor_moved) as told:
        QTest.mouseMove(view, place)
    assert told.args == pytest.approx(view.image_point(QPointF(place)))


def test_view_changed_is_told_once_a_change(qtbot: QtBot) -> None:
    view, _ = opened(qtbot, state_of(noise(1000, 700)))
    changes: list[float] = []
    view.view_changed.connect(lambda: changes.append(view.zoom))
    view.zoom_to(2.0)
    view.zoom_to(2.0)
    drag(view, (500, 350), (490, 350), button=MIDDLE)
    view.zoom_fit()
    view.zoom_fit()
    assert len(changes) == 3


def test_on_a_dense_screen_100_percent_is_a_pixel_for_a_device_pixel(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CanvasView, "devicePixelRatioF", lambda _view: 2.0)
    view, session = opened(qtbot, state_of(noise(1000, 700)))
    assert view.zoom == pytest.approx(0.8, rel=0.01)
    view.zoom_to(1.0)
    assert view.document_rect_visible() == Rect(100, 50, 900, 650)
    drag(view, (300, 300), (500, 300))
    mask = mask_of(session.state)
    assert mask[300, 400] == 255
    assert not mask[340:].any()


def test_a_document_that_is_drawn_while_the_view_is_hidden_is_there_when_it_is_shown(qtbot: QtBot) -> None:
    view, _ = opened(qtbot, state_of(flat(300, 200, 10, 20, 30)))
    view.hide()
    view.show_state(state_of(flat(300, 200, 90, 80, 70)))
    view.show()
    assert shot(view)[150, 200].tolist() == [90, 80, 70]


def test_a_rough_picture_becomes_exact_when_there_is_nothing_else_to_do(qtbot: QtBot) -> None:
    pixels = noise(4000, 3000)
    view, _ = opened(qtbot, state_of(pixels), 1500, 1100)
    view.zoom_to(0.6)
    view.settle()
    exact = view.grab().toImage()
    view.zoom_to(1.0)
    view.grab()
    view.zoom_to(0.6)
    assert view.grab().toImage() != exact
    qtbot.waitUntil(lambda: view.grab().toImage() == exact, timeout=10_000)


def test_letting_go_of_another_button_does_not_end_a_drag(qtbot: QtBot) -> None:
    view, session = opened(qtbot, state_of(noise(400, 300)))
    press(view, (100, 100))
    move(view, (150, 100))
    press(view, (150, 100), MIDDLE)
    release(view, (150, 100), MIDDLE)
    move(view, (250, 100))
    release(view, (250, 100))
    assert mask_of(session.state)[100, 240] == 255
    assert len(session.history.steps) == 2


def caches() -> list[object]:
    return [found for found in gc.get_objects() if issubclass(type(found), Pyramid | Ring)]


def test_the_caches_of_a_closed_document_are_freed_at_once(qtbot: QtBot) -> None:
    state = mask_edits.fill_rect(state_of(noise(600, 400)), "mask", Rect(10, 10, 50, 50))
    others = caches()
    view, session = opened(qtbot, state)
    view.show_split(session.opened)
    drag(view, (100, 100), (200, 200))
    view.set_busy(Rect(0, 0, 300, 300))
    shot(view)
    mine = [weakref.ref(cache) for cache in caches() if not any(cache is other for other in others)]
    assert len(mine) == 8
    gc.disable()
    try:
        view.set_session(None)
        assert [cache() for cache in mine if cache() is not None] == []
    finally:
        gc.enable()
