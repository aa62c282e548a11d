from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from editor.core.document import DocumentState
from editor.core.errors import EditorError
from editor.core.geometry import Rect
from editor.core.layers import Layer
from editor.core.metadata import Metadata
from editor.core.session import Session
from editor.core.tiles import TileMap
from editor.host import mask_edits
from editor.host.apply import Choosing, StaleError, accept, changed_outside
from editor.host.jobs import Jobs
from editor.host.made import Patch
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.sdk.context import Context
from editor.sdk.plugin import Inputs, Plugin, Result
from tests.helpers.documents import Level, method, noise, patch, session

HOLE = Rect(40, 30, 90, 70)


def candidates(opened: Session, plugin: Plugin, count: int = 1) -> tuple[list[Patch], list[EditorError]]:
    jobs = Jobs()
    choosing = Choosing(opened.state, Runner(Registry({plugin.id: plugin})), jobs)
    patches: list[Patch] = []
    errors: list[EditorError] = []
    done = threading.Event()
    choosing.candidate.connect(lambda made: patches.append(patch(made)))
    choosing.failed.connect(errors.append)
    choosing.finished.connect(done.set)
    choosing.start([Request(plugin, Level(), seed) for seed in range(count)])
    assert done.wait(20)
    jobs.close()
    return patches, errors


def test_candidates_arrive_in_order_and_one_is_accepted_as_a_layer_that_undo_takes_away() -> None:
    opened = session(HOLE)
    before = opened.state
    patches, _ = candidates(opened, method(), 3)
    assert [each.seed for each in patches] == [0, 1, 2]
    step = accept(opened, patches[1], before)
    assert (len(opened.state.layers), opened.state.layers[1].name) == (2, "Flat fill, seed 1")
    assert step.record is not None
    assert step.record["seed"] == 1
    assert opened.state.mask.empty
    assert changed_outside(opened) == 0
    assert (opened.state.read(HOLE) == round(0.51 * 255)).all()
    opened.undo()
    assert opened.state is before


def test_one_failing_candidate_does_not_stop_the_others() -> None:
    def second_fails(inputs: Inputs, params: Level, ctx: Context) -> Result:
        if ctx.seed == 1:
            raise ValueError("no")
        return Result(inputs.image)

    patches, errors = candidates(session(HOLE), method(second_fails), 3)
    assert [each.seed for each in patches] == [0, 2]
    assert len(errors) == 1


def test_what_was_painted_elsewhere_meanwhile_stays_on_the_mask() -> None:
    opened = session(HOLE)
    before = opened.state
    patches, _ = candidates(opened, method())
    elsewhere = Rect(200, 200, 220, 220)
    opened.commit(mask_edits.fill_rect(opened.state, "mask", elsewhere), "Stroke")
    accept(opened, patches[0], before)
    mask = opened.state.mask.read(opened.state.size.rect)[..., 0]
    assert (mask[elsewhere.slices] == 255).all()
    assert int((mask > 0).sum()) == elsewhere.area


def test_a_candidate_of_a_picture_that_changed_is_not_accepted() -> None:
    opened = session(HOLE)
    before = opened.state
    patches, _ = candidates(opened, method(), 2)
    accept(opened, patches[0], before)
    with pytest.raises(StaleError, match="press R"):
        accept(opened, patches[1], before)
    assert len(opened.state.layers) == 2


def test_changed_outside_counts_what_slipped_past_a_mask() -> None:
    opened = session(HOLE)
    base = opened.state.layers[0]
    writer = base.pixels.write()
    writer.pixels((0, 0))[5, 7] ^= 1
    opened.commit(replace(opened.state, layers=(replace(base, pixels=writer.freeze()),)), "a defect")
    assert changed_outside(opened) == 1


def test_a_hidden_layer_excuses_nothing() -> None:
    opened = session(HOLE)
    whole = opened.state.size.rect
    mask = TileMap.from_array(np.full((whole.height, whole.width, 1), 255, np.uint8))
    layer = Layer(1, "white", TileMap.from_array(np.full((280, 300, 3), 255, np.uint8)), mask)
    opened.commit(opened.state.with_layer(layer), "white")
    assert changed_outside(opened) == 0
    base = opened.state.layers[0]
    writer = base.pixels.write()
    writer.pixels((0, 0))[5, 7] ^= 1
    defect = replace(base, pixels=writer.freeze())
    opened.commit(replace(opened.state, layers=(defect, replace(layer, visible=False))), "hide, with a defect")
    assert changed_outside(opened) == 1


def test_a_candidate_that_is_all_black_is_as_stale_as_others() -> None:
    opened = session(HOLE)
    before = opened.state
    (black,), _ = candidates(opened, method(lambda inputs, _params, _ctx: Result(np.zeros_like(inputs.image))))
    (grey,), _ = candidates(opened, method())
    accept(opened, grey, before)
    with pytest.raises(StaleError):
        accept(opened, black, before)


def test_a_pixel_that_is_not_a_number_counts_as_unchanged_where_it_is_untouched() -> None:
    pixels = noise(300, 280, dtype=np.float32)
    pixels[5, 5] = np.nan
    opened = Session.open(DocumentState.from_pixels(pixels, Metadata(), "noise"), None, "Open")
    opened.commit(mask_edits.fill_rect(opened.state, "mask", HOLE), "Brush stroke")
    (made,), _ = candidates(opened, method())
    accept(opened, made, opened.state)
    assert changed_outside(opened) == 0
