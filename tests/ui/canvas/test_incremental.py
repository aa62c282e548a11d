"""What the canvas keeps from frame to frame equals what a new canvas draws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from editor.core.brush import Brush, Stroke
from editor.core.document import DocumentState, MaskName
from editor.core.geometry import Rect
from editor.core.session import Session
from editor.ui.canvas.grid import Scale, Viewport
from editor.ui.canvas.scene import Scene
from tests.ui.canvas.views import drawn, noise, state_of

TINT = QColor(200, 30, 30)
WIDTH, HEIGHT = 1100, 800
VIEW = 500, 360

places = st.tuples(st.integers(-50, WIDTH + 50), st.integers(-50, HEIGHT + 50))


@dataclass(frozen=True)
class Paint:
    """A stroke on a mask, given up in the middle or not."""

    name: MaskName
    way: list[tuple[int, int]]
    radius_px: float
    erase: bool
    give_up: bool


@dataclass(frozen=True)
class Retouch:
    """A layer with a mask, as an accepted candidate makes it."""

    box: Rect
    seed: int


@dataclass(frozen=True)
class Look:
    """Pan and zoom."""

    dx: int
    dy: int
    zoom: float


names: st.SearchStrategy[MaskName] = st.sampled_from(["mask", "include"])
boxes = st.builds(lambda x, y, w, h: Rect(x, y, x + w, y + h), *(st.integers(0, 600),) * 2, *(st.integers(1, 200),) * 2)
looks = st.builds(
    Look,
    st.integers(-250, 250),
    st.integers(-250, 250),
    st.sampled_from([0.05, 0.3, 0.45, 0.5, 0.7, 1.0, 1.3, 2.0, 5.0]) | st.floats(0.01, 32),
)
paints = st.builds(
    Paint, names, st.lists(places, min_size=1, max_size=4), st.floats(1, 120), st.booleans(), st.booleans()
)
actions = st.lists(
    paints
    | looks
    | st.builds(Retouch, boxes, st.integers(0, 9))
    | st.sampled_from(["undo", "redo", "original", "resize"]),
    min_size=1,
    max_size=10,
)


class Hands:
    """Does the actions to a scene, drawing after each as a paint event would."""

    def __init__(self, state: DocumentState) -> None:
        self.session = Session.open(state, None, "Open")
        self.scene = Scene(state, Viewport.fitted(state.size, *VIEW), TINT)
        self.session.changed.connect(self._changed)

    def do(self, action: Paint | Retouch | Look | str) -> None:
        if isinstance(action, Paint):
            self._paint(action)
        elif isinstance(action, Retouch):
            self._retouch(action)
        elif isinstance(action, Look):
            viewport = self.scene.viewport.panned(action.dx, action.dy).held(self.scene.size)
            place = viewport.middle
            self.scene.viewport = viewport.placed(Scale.near(action.zoom), viewport.to_image(*place), *place).held(
                self.scene.size
            )
        elif action == "undo":
            self.session.undo()
        elif action == "redo":
            self.session.redo()
        elif action == "original":
            self.scene.show(self.session.opened)
        else:
            viewport = self.scene.viewport
            size = (700, 250) if viewport.width == VIEW[0] else VIEW
            self.scene.viewport = viewport.resized(*size).held(self.scene.size)
        self.scene.draw()

    def _changed(self, _before: DocumentState, after: DocumentState) -> None:
        self.scene.show_masks(after)
        self.scene.show(after)

    def _paint(self, paint: Paint) -> None:
        state = self.session.state
        writer = state.masked(paint.name).write()
        stroke = Stroke(writer, Brush(paint.radius_px, 0.5, 1.0, paint.erase))
        for x, y in paint.way:
            dirty = stroke.to(x, y)
            self.scene.preview(paint.name, writer, dirty)
            self.scene.draw()
        if paint.give_up:
            self.scene.end_preview()
        else:
            self.session.commit(state.with_mask(paint.name, writer.freeze()), "Stroke")
            self.scene.end_preview()

    def _retouch(self, retouch: Retouch) -> None:
        state, box = self.session.state, retouch.box
        pixels = state.layers[0].pixels.write()
        pixels.write(
            box, np.resize(noise(box.width, box.height, retouch.seed), (box.height, box.width, state.channels))
        )
        mask = state.mask.write()
        mask.write(box, np.full((box.height, box.width, 1), 200, np.uint8))
        layer = replace(state.layers[0], id=state.next_layer_id(), pixels=pixels.freeze(), mask=mask.freeze())
        self.session.commit(state.with_layer(layer), "Retouch")


def fresh(hands: Hands) -> NDArray[np.uint8]:
    scene = Scene(hands.scene.shown, hands.scene.viewport, TINT)
    scene.show_masks(hands.session.state)
    return drawn(scene)


@pytest.fixture(scope="module")
def photo() -> NDArray[np.uint8]:
    return noise(WIDTH, HEIGHT)


@settings(max_examples=40, deadline=None)
@given(done=actions)
def test_after_any_actions_the_picture_is_that_of_a_new_canvas(
    qapp: QApplication, photo: NDArray[np.uint8], done: list[Any]
) -> None:
    hands = Hands(state_of(photo))
    for action in done:
        hands.do(action)
    # One level: OpenCV's weights depend in their last bit on the size of the call.
    assert np.abs(drawn(hands.scene).astype(int) - fresh(hands)).max() <= 1


@pytest.mark.parametrize("channels", [1, 4])
def test_so_it_is_for_grey_and_alpha(qapp: QApplication, channels: int) -> None:
    pixels = np.resize(noise(WIDTH, HEIGHT), (HEIGHT, WIDTH, channels))
    hands = Hands(state_of(pixels))
    for action in (
        Look(40, -30, 0.6),
        Retouch(Rect(300, 300, 420, 380), 3),
        Look(-200, 10, 1.4),
        "undo",
        Look(7, 90, 0.2),
        "redo",
    ):
        hands.do(action)
        assert np.abs(drawn(hands.scene).astype(int) - fresh(hands)).max() <= 1


def test_a_preview_is_drawn_where_it_says_and_nowhere_else(qapp: QApplication, photo: NDArray[np.uint8]) -> None:
    hands = Hands(state_of(photo))
    scene = hands.scene
    for zoom in (0.3, 0.7, 1.0, 1.6):
        scene.viewport = scene.viewport.placed(Scale.near(zoom), (500, 400), 250, 180)
        before = drawn(scene)
        writer = hands.session.state.mask.write()
        told = scene.preview("mask", writer, Stroke(writer, Brush(33.0)).to(520, 410))
        changed = (drawn(scene) != before).any(axis=2)
        assert changed.any()
        changed[told.slices] = False
        assert not changed.any()
        assert scene.end_preview().contains(told)
        assert np.array_equal(drawn(scene), before)
