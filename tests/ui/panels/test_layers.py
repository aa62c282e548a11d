"""The layers panel: each change is one step that undo takes back; the photo can't be changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from editor.core.geometry import Rect
from editor.core.layers import Layer
from editor.core.session import Session
from editor.core.tiles import TileMap
from editor.host import mask_edits
from editor.ui.panels.layers import LayersPanel
from tests.helpers.documents import document, noise


@pytest.fixture
def made() -> Session:
    """A photo with one retouch layer over it."""
    state = document(64, 48)
    return Session.open(state.with_layer(Layer(1, "Fill", TileMap.from_array(noise(64, 48, seed=1)))), None, "Open")


@pytest.fixture
def panel(qtbot: QtBot, made: Session) -> LayersPanel:
    panel = LayersPanel()
    qtbot.addWidget(panel)
    panel.set_session(made)
    return panel


def test_the_topmost_layer_is_first_and_chosen_the_photo_last(panel: LayersPanel) -> None:
    names = [panel.layers.index(row).data() for row in range(panel.layers.rowCount())]
    assert names == ["Fill", "Photo: noise"]
    assert panel.view.currentIndex().row() == 0


def test_hiding_is_a_step(panel: LayersPanel, made: Session) -> None:
    panel.layers.setData(panel.layers.index(0), Qt.CheckState.Unchecked.value, Qt.ItemDataRole.CheckStateRole)
    assert not made.state.layers[1].visible
    assert made.history.current.label == "Hide Fill"
    made.undo()
    assert made.state.layers[1].visible


def test_renaming_is_a_step(panel: LayersPanel, made: Session) -> None:
    panel.layers.setData(panel.layers.index(0), "Wire", Qt.ItemDataRole.EditRole)
    assert made.state.layers[1].name == "Wire"
    assert len(made.history.steps) == 2


@pytest.mark.parametrize(
    ("value", "role"),
    [(Qt.CheckState.Unchecked.value, Qt.ItemDataRole.CheckStateRole), ("Wire", Qt.ItemDataRole.EditRole)],
)
def test_what_was_painted_before_a_layer_is_changed_stays(
    panel: LayersPanel, made: Session, value: object, role: Qt.ItemDataRole
) -> None:
    made.commit(mask_edits.fill_rect(made.state, "mask", Rect(5, 5, 20, 20)), "Brush stroke")
    panel.layers.setData(panel.layers.index(0), value, role)
    assert not made.state.mask.empty


def test_dragging_the_opacity_is_previewed_and_one_step_in_the_end(panel: LayersPanel, made: Session) -> None:
    previewed: list[object] = []
    panel.previewed.connect(previewed.append)
    panel.opacity.setSliderDown(True)
    for percent in (80, 60, 40):
        panel.opacity.setValue(percent)
    assert len(made.history.steps) == 1
    assert len(previewed) == 3
    panel.opacity.setSliderDown(False)
    assert made.state.layers[1].opacity == 0.4
    assert len(made.history.steps) == 2
    assert previewed[-1] is None


def test_deleting_is_a_step_and_the_photo_stays(panel: LayersPanel, made: Session) -> None:
    counts = []
    panel.delete_button.click()
    counts.append(len(made.state.layers))
    assert not panel.delete_button.isEnabled()
    made.undo()
    counts.append(len(made.state.layers))
    assert counts == [1, 2]
    assert panel.view.currentIndex().row() == 0


def test_the_photo_can_be_neither_hidden_nor_renamed(panel: LayersPanel) -> None:
    flags = panel.layers.flags(panel.layers.index(1))
    assert not flags & (Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEditable)


def test_a_new_layer_becomes_the_chosen_one(panel: LayersPanel, made: Session) -> None:
    made.commit(made.state.with_layer(replace(made.state.layers[1], id=2, name="Second")), "Second")
    assert panel.view.currentIndex().data() == "Second"
