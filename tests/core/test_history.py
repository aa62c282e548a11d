"""The tree of steps: undo, redo, branches, and a budget of memory."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.geometry import Rect
from editor.core.history import History, Step
from editor.core.tiles import Tile, TileMap
from tests.helpers.documents import document, noise

TILE_BYTES = 256 * 256


def history(budget_bytes: int = 1 << 30) -> History:
    return History(Step(0, None, "Open", document(256, 256, 1)), budget_bytes)


def repainted(state: DocumentState, seed: int) -> DocumentState:
    """`state` with new pixels in its one tile of mask."""
    return state.with_mask("mask", TileMap.from_array(noise(256, 256, 1, seed=seed)))


def mask_tile(step: Step) -> Tile:
    return step.state.mask.tiles[0, 0]


def back(step: Step) -> None:
    """As if a store held the step's mask."""
    pixels: NDArray[Any] = mask_tile(step).pixels.copy()
    mask_tile(step).back(pixels.copy)


def grown(steps: int, budget_bytes: int = 1 << 30) -> History:
    past = history(budget_bytes)
    for seed in range(1, steps + 1):
        past.add(f"step {seed}", repainted(past.current.state, seed))
    return past


def resident(past: History) -> list[int]:
    return [ident for ident, step in past.steps.items() if ident and mask_tile(step).resident]


def test_undo_and_redo_walk_one_line() -> None:
    past = grown(2)
    undo = past.undo_step()
    assert undo is past.steps[1]
    past.go_to(1)
    assert past.redo_step() is past.steps[2]
    past.go_to(0)
    assert past.undo_step() is None
    past.go_to(2)
    assert past.redo_step() is None
    assert [step.id for step in past.line()] == [0, 1, 2]


def test_going_on_from_the_past_keeps_the_undone_steps_as_a_branch() -> None:
    past = grown(3)
    past.go_to(1)
    branch = past.add("other", repainted(past.current.state, 9), {"plugin": "fill"})
    assert branch.parent == 1
    assert branch.record == {"plugin": "fill"}
    assert [step.id for step in past.children(1)] == [2, 4]
    assert [step.id for step in past.line()] == [0, 1, 4]
    assert list(past.steps) == [0, 1, 2, 3, 4]


def test_redo_follows_the_branch_last_walked() -> None:
    past = grown(3)
    past.go_to(1)
    past.add("other", repainted(past.current.state, 9))
    past.go_to(0)
    assert [step.id for step in past.line()] == [0, 1, 4]
    past.go_to(3)
    past.go_to(0)
    assert [step.id for step in past.line()] == [0, 1, 2, 3]


def test_walking_again_leads_redo_where_it_led() -> None:
    past = grown(3)
    past.go_to(1)
    past.add("other", repainted(past.current.state, 9))
    for ident in (3, 2, 1):
        past.go_to(ident)
    again = History(past.steps[0])
    for step in list(past.steps.values())[1:]:
        again.insert(step)
    again.walk([0, 4, 3, 2, 1])
    assert again.current is past.current
    assert [step.id for step in again.line()] == [step.id for step in past.line()] == [0, 1, 2, 3]
    again.walk([0, 3, 2, 4, 1])
    assert [step.id for step in again.line()] == [0, 1, 4]


def test_nothing_is_dropped_that_no_store_holds() -> None:
    past = grown(6, budget_bytes=TILE_BYTES)
    past.trim()
    assert resident(past) == [1, 2, 3, 4, 5, 6]


def test_the_oldest_tiles_beyond_the_budget_leave_memory() -> None:
    past = grown(6, budget_bytes=2 * TILE_BYTES)
    for ident in (1, 2, 3):
        back(past.steps[ident])
    past.trim()
    assert resident(past) == [4, 5, 6]
    assert np.array_equal(past.steps[2].state.mask.read(Rect(0, 0, 256, 256)), noise(256, 256, 1, seed=2))


def test_the_budget_is_used_to_the_full() -> None:
    past = grown(6, budget_bytes=2 * TILE_BYTES)
    for step in list(past.steps.values())[1:]:
        back(step)
    past.trim()
    assert resident(past) == [4, 5, 6], "the current one, and two tiles of the past"


def test_what_was_read_again_leaves_memory_again() -> None:
    past = grown(5, budget_bytes=TILE_BYTES)
    for step in list(past.steps.values())[1:]:
        back(step)
    past.trim()
    for ident in (1, 2):
        past.steps[ident].state.mask.read(Rect(0, 0, 1, 1))
    past.go_to(4)
    assert len(resident(past)) == 2
    assert 4 in resident(past)


def test_the_current_state_is_never_dropped() -> None:
    past = grown(3, budget_bytes=0)
    for step in list(past.steps.values())[1:]:
        back(step)
    past.go_to(1)
    mask_tile(past.current).pixels  # noqa: B018 - looked at
    past.trim()
    assert resident(past) == [1]


def test_tiles_that_states_share_are_counted_once() -> None:
    past = history(budget_bytes=3 * TILE_BYTES)
    first = past.add("paint", repainted(past.current.state, 1))
    back(first)
    for _ in range(10):
        past.add("nothing new", past.current.state)
    past.add("clear", past.steps[0].state)
    past.trim()
    assert mask_tile(first).resident
