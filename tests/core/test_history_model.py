"""Any sequence of edits, undo, redo and branches leaves what plain arrays would: in memory, dropped, and recovered."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from editor.core.geometry import Rect, Size
from editor.core.session import Session
from editor.core.store import Store
from tests.core.journals import FLUSH_S, opened, photo, read_photo

SIZE = Size(520, 300)

rects = st.tuples(st.integers(0, 519), st.integers(0, 299), st.integers(1, 520), st.integers(1, 300)).map(
    lambda box: Rect(box[0], box[1], box[0] + box[2], box[1] + box[3]).intersect(SIZE.rect)
)
actions = st.one_of(
    st.tuples(st.just("write"), rects, st.integers(0, 255)),
    st.tuples(st.just("undo")),
    st.tuples(st.just("redo")),
    st.tuples(st.just("go to"), st.integers(0, 100)),
    st.tuples(st.just("flush")),
)


@dataclass
class Model:
    """The same history with one whole array for each step."""

    masks: list[NDArray[Any]] = field(default_factory=lambda: [np.zeros((300, 520), np.uint8)])
    parents: list[int | None] = field(default_factory=lambda: [None])
    redo: dict[int, int] = field(default_factory=dict)
    current: int = 0

    def write(self, rect: Rect, value: int) -> None:
        mask = self.masks[self.current].copy()
        mask[rect.slices] = value
        self.masks.append(mask)
        self.parents.append(self.current)
        self.go_to(len(self.masks) - 1)

    def go_to(self, step: int | None) -> None:
        if step is None:
            return
        self.current = child = step
        while (parent := self.parents[child]) is not None:
            self.redo[parent] = child
            child = parent


def act(action: tuple[Any, ...], session: Session, model: Model, store: Store) -> None:
    match action:
        case ("write", rect, value):
            writer = session.state.mask.write()
            writer.write(rect, np.full((rect.height, rect.width, 1), value, np.uint8))
            session.commit(session.state.with_mask("mask", writer.freeze()), "Write")
            model.write(rect, value)
        case ("undo",):
            session.undo()
            model.go_to(model.parents[model.current])
        case ("redo",):
            session.redo()
            model.go_to(model.redo.get(model.current))
        case ("go to", number):
            session.go_to(number % len(model.masks))
            model.go_to(number % len(model.masks))
        case ("flush",):
            assert store.flush(FLUSH_S)


def assert_equal(session: Session, model: Model) -> None:
    history = session.history
    assert history.current.id == model.current
    assert list(history.steps) == list(range(len(model.masks)))
    for ident, step in history.steps.items():
        assert step.parent == model.parents[ident]
        assert np.array_equal(step.state.mask.read(SIZE.rect)[..., 0], model.masks[ident])
    redo = history.redo_step()
    assert (redo.id if redo is not None else None) == model.redo.get(model.current)


@settings(max_examples=30, deadline=None)
@given(st.lists(actions, max_size=25), st.sampled_from([0, 256 * 256, 1 << 30]))
def test_history_store_and_recovery_equal_plain_arrays(steps: list[tuple[Any, ...]], budget_bytes: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        session, model = opened(photo(folder, SIZE.width, SIZE.height)), Model()
        session.history.budget_bytes = budget_bytes
        store = Store.create(folder / "j", session)
        for action in steps:
            act(action, session, model, store)
            assert np.array_equal(session.state.mask.read(SIZE.rect)[..., 0], model.masks[model.current])
        assert_equal(session, model)
        store.close(keep=True)
        store, session = Store.open(folder / "j", read_photo)
        assert_equal(session, model)
        act(("write", Rect(5, 5, 300, 290), 77), session, model, store)
        assert_equal(session, model)
        store.close(keep=False)
