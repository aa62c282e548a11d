"""Documents with a journal, for tests: a source that can be read again, edits, comparisons."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from editor.core.brush import Brush, Stroke
from editor.core.document import DocumentState
from editor.core.errors import ReadError
from editor.core.history import History
from editor.core.layers import Layer
from editor.core.metadata import Metadata
from editor.core.session import Session
from editor.core.store import Store
from editor.core.tiles import TileMap
from tests.helpers.documents import noise

FLUSH_S = 60.0


def photo(folder: Path, width: int = 700, height: int = 600, seed: int = 0) -> Path:
    path = folder / "photo.npy"
    np.save(path, noise(width, height, seed=seed))
    return path


def read_photo(path: Path) -> DocumentState:
    try:
        return DocumentState.from_pixels(np.load(path), Metadata(icc=b"profile"), path.stem)
    except ValueError as error:
        raise ReadError(f"{path.name} is not a picture.") from error


def opened(path: Path) -> Session:
    return Session.open(read_photo(path), path, f"Open {path.name}")


def paint(session: Session, number: int) -> None:
    """Commits a stroke that differs for every number."""
    state = session.state
    writer = state.mask.write()
    stroke = Stroke(writer, Brush(radius_px=20 + number % 7))
    stroke.to(37 * number % state.size.width, 20)
    stroke.to(53 * number % state.size.width, state.size.height - 20)
    session.commit(state.with_mask("mask", writer.freeze()), f"Stroke {number}", {"number": number})


@contextmanager
def journal(path: Path, session: Session) -> Iterator[Store]:
    """A store that is closed and kept at the end."""
    store = Store.create(path, session)
    try:
        yield store
    finally:
        store.close(keep=True)


@contextmanager
def recovered(path: Path) -> Iterator[Session]:
    store, session = Store.open(path, read_photo)
    try:
        yield session
    finally:
        store.close(keep=True)


def assert_same_state(one: DocumentState, other: DocumentState) -> None:
    assert one.metadata == other.metadata
    assert len(one.layers) == len(other.layers)
    for mine, theirs in zip(one.layers, other.layers, strict=True):
        for name in ("id", "name", "opacity", "visible", "record"):
            assert getattr(mine, name) == getattr(theirs, name), name
    for mine_map, their_map in zip(one.maps(), other.maps(), strict=True):
        assert mine_map.dtype == their_map.dtype
        assert np.array_equal(mine_map.read(one.size.rect), their_map.read(one.size.rect))


def assert_same_history(one: History, other: History) -> None:
    assert list(one.steps) == list(other.steps)
    assert one.current.id == other.current.id
    assert [step.id for step in one.line()] == [step.id for step in other.line()]
    for mine, theirs in zip(one.steps.values(), other.steps.values(), strict=True):
        for name in ("parent", "label", "time", "record"):
            assert getattr(mine, name) == getattr(theirs, name), name
        assert_same_state(mine.state, theirs.state)


def no_source(path: Path) -> DocumentState:
    raise AssertionError("the source should not be needed")


def repaint(session: Session, seed: int) -> None:
    """Commits a change of the whole picture, as a layer over everything."""
    state = session.state
    pixels = TileMap.from_array(noise(state.size.width, state.size.height, state.channels, seed=seed))
    layer = Layer(1, f"layer {seed}", pixels, None, record={"plugin": "fill", "params": {"level": seed}})
    session.commit(replace(state, layers=(state.layers[0], layer)), f"Repaint {seed}")
