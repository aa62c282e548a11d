"""How long commits, undo and redo take, and how soon a step is safe on the disk.

    python -m tests.benchmarks.history [--megapixels 24 50]

Undo and redo count until it is known which tiles to repaint. "Safe" counts from the commit until the journal's
transaction is done: from then on a kill -9 loses nothing.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from editor.core.brush import Brush, Stroke
from editor.core.document import DocumentState
from editor.core.layers import Layer
from editor.core.metadata import Metadata
from editor.core.session import Session
from editor.core.store import Store
from editor.core.tiles import TileMap

MOVE_MS, SAFE_STROKE_MS, SAFE_FRAME_MS = 100, 200, 2000
WAIT_S = 120.0


class Clock:
    """Notes when each step was stored."""

    def __init__(self, store: Store) -> None:
        self._at: dict[int, float] = {}
        self._news = threading.Condition()
        store.stored.connect(self._note)

    def _note(self, step_id: int) -> None:
        with self._news:
            self._at[step_id] = time.perf_counter()
            self._news.notify_all()

    def stored_at(self, step_id: int) -> float:
        with self._news:
            assert self._news.wait_for(lambda: step_id in self._at, WAIT_S), "the journal does not answer"
            return self._at[step_id]


def stroke(session: Session, number: int) -> DocumentState:
    """A stroke of a large brush across the picture."""
    state = session.state
    writer = state.mask.write()
    line = Stroke(writer, Brush(radius_px=100))
    line.to(number * 311 % state.size.width, 0)
    line.to(number * 733 % state.size.width, state.size.height)
    return state.with_mask("mask", writer.freeze())


def repaint(session: Session, seed: int) -> DocumentState:
    """New pixels everywhere."""
    state = session.state
    size = state.size
    pixels = np.random.default_rng(seed).integers(0, 256, (size.height, size.width, 3), np.uint8)
    layer = Layer(state.layers[0].id, "repainted", TileMap.from_array(pixels))
    return replace(state, layers=(layer, *state.layers[1:]))


def timed_ms(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def safe_ms(
    session: Session, clock: Clock, states: Iterator[DocumentState], label: str
) -> Iterator[tuple[float, float]]:
    """For each state the time of its commit, and until it is stored."""
    for state in states:
        start = time.perf_counter()
        step = session.commit(state, label)
        committed = time.perf_counter()
        yield (committed - start) * 1000, (clock.stored_at(step.id) - start) * 1000


def move_ms(session: Session, move: Callable[[], bool]) -> float:
    """Until the tiles to repaint are known."""
    before = session.state
    return timed_ms(lambda: (move(), session.state.pixels_differ(before)))


def measure(megapixels: float, folder: Path) -> Iterator[tuple[str, list[float], float | None]]:
    """Rows of what, times in ms, bar in ms."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    width = round(height * 1.5)
    source = folder / "photo.npy"
    np.save(source, np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))
    opened: list[DocumentState] = []
    yield (
        "split the opened picture into tiles",
        [timed_ms(lambda: opened.append(DocumentState.from_pixels(np.load(source), Metadata(), "photo")))],
        None,
    )
    session = Session.open(opened[0], source, "Open")
    journal = folder / "journal"
    start = time.perf_counter()
    store = Store.create(journal, session)
    clock = Clock(store)
    early = list(safe_ms(session, clock, (stroke(session, number) for number in range(8)), "Stroke"))
    yield "stroke safe, just after opening", [safe for _, safe in early], SAFE_STROKE_MS
    assert store.flush(WAIT_S)
    yield "opened picture written in full", [(time.perf_counter() - start) * 1000], None
    strokes = list(safe_ms(session, clock, (stroke(session, number) for number in range(8, 40)), "Stroke"))
    yield "commit, stroke", [commit for commit, _ in strokes], None
    yield "stroke safe", [safe for _, safe in strokes], SAFE_STROKE_MS
    frames = list(safe_ms(session, clock, (repaint(session, seed) for seed in range(3)), "Repaint"))
    yield "commit, whole picture", [commit for commit, _ in frames], None
    yield "whole picture safe", [safe for _, safe in frames], SAFE_FRAME_MS
    undo, redo = zip(
        *((move_ms(session, session.undo), move_ms(session, session.redo)) for _ in range(20)), strict=True
    )
    yield "undo, whole picture", list(undo), MOVE_MS
    yield "redo, whole picture", list(redo), MOVE_MS
    assert store.flush(WAIT_S)
    session.history.budget_bytes = 0
    session.history.trim()
    session.undo()
    yield "read a whole past state from the disk", [timed_ms(lambda: session.state.read(session.state.size.rect))], None
    store.close(keep=True)
    recovered: list[Store] = []
    yield "recover", [timed_ms(lambda: recovered.append(recover(journal, session)))], None
    yield "close and delete the journal", [timed_ms(lambda: recovered[0].close(keep=False))], None


def recover(journal: Path, session: Session) -> Store:
    store, back = Store.open(journal, lambda path: DocumentState.from_pixels(np.load(path), Metadata(), "photo"))
    assert list(back.history.steps) == list(session.history.steps)
    return store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[24, 50])
    print(f"{'':>6}  {'times in ms':<40} {'median':>9} {'worst':>9} {'bar':>6}")
    for megapixels in parser.parse_args().megapixels:
        with tempfile.TemporaryDirectory() as name:
            for what, times, bar in measure(megapixels, Path(name)):
                limit = f"{bar:g}" if bar is not None else ""
                print(f"{megapixels:g} MP  {what:<40} {np.median(times):9.1f} {max(times):9.1f} {limit:>6}", flush=True)


if __name__ == "__main__":
    main()
