"""The journal: what was done comes back, whatever happened to the file, and the past may leave memory."""

import gc
import sqlite3
import threading
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import editor.core.checkpoint
import editor.core.store
from editor.core.codec import NewTile, add_tile
from editor.core.errors import StoreError
from editor.core.geometry import Rect
from editor.core.layers import Layer
from editor.core.metadata import Metadata
from editor.core.session import Session
from editor.core.store import Store
from editor.core.tiles import TileMap
from tests.core.journals import (
    FLUSH_S,
    assert_same_history,
    assert_same_state,
    journal,
    opened,
    paint,
    photo,
    recovered,
    repaint,
)
from tests.helpers.documents import document, noise


def test_everything_comes_back(tmp_path: Path) -> None:
    session = opened(photo(tmp_path))
    with journal(tmp_path / "j", session):
        paint(session, 1)
        state = session.state
        fill = Layer(4, "Füllung", TileMap.from_array(noise(700, 600, seed=3)), state.mask, 0.4, False, {"seed": 7})
        session.commit(state.with_layer(fill), "Fill", {"plugin": "fill", "params": {"detail": 0.5}})
        session.commit(session.state.with_mask("include", session.state.mask), "Copy mask")
        session.commit(session.state.with_mask("exclude", session.state.mask), "Copy mask")
        metadata = Metadata(icc=b"\x00icc", exif=b"exif", xmp="<x>ü</x>".encode(), iptc=None)
        session.commit(replace(session.state, metadata=metadata), "Assign profile")
    with recovered(tmp_path / "j") as back:
        assert_same_history(session.history, back.history)
        assert back.path == session.path
        assert back.modified


@pytest.mark.parametrize(("channels", "dtype"), [(1, np.uint8), (2, np.uint8), (4, np.uint16), (3, np.float32)])
def test_every_format_comes_back(tmp_path: Path, channels: int, dtype: type) -> None:
    session = Session.open(document(300, 270, channels, dtype), None, "New")
    with journal(tmp_path / "j", session):
        paint(session, 1)
    with recovered(tmp_path / "j") as back:
        assert_same_history(session.history, back.history)


def test_branches_and_where_redo_leads_come_back(tmp_path: Path) -> None:
    session = opened(photo(tmp_path))
    with journal(tmp_path / "j", session):
        for number in (1, 2, 3):
            paint(session, number)
        session.go_to(1)
        paint(session, 4)
        session.go_to(3)
        session.undo()
        session.undo()
        session.undo()
        session.redo()
    with recovered(tmp_path / "j") as back:
        assert back.history.current.id == 1
        assert [step.id for step in back.history.line()] == [0, 1, 2, 3]
        assert_same_history(session.history, back.history)


def test_a_recovered_document_is_journalled_on(tmp_path: Path) -> None:
    session = opened(photo(tmp_path))
    with journal(tmp_path / "j", session):
        paint(session, 1)
    with recovered(tmp_path / "j") as back:
        back.undo()
        paint(back, 2)
        repaint(back, 5)
    with recovered(tmp_path / "j") as again:
        assert list(again.history.steps) == [0, 1, 2, 3]
        paint(again, 3)
    with recovered(tmp_path / "j") as last:
        assert [step.label for step in last.history.line()] == ["Open photo.npy", "Stroke 2", "Repaint 5", "Stroke 3"]


def test_the_path_it_was_saved_to_comes_back(tmp_path: Path) -> None:
    session = opened(photo(tmp_path))
    with journal(tmp_path / "j", session):
        session.path = tmp_path / "project.ora"
        paint(session, 1)
    with recovered(tmp_path / "j") as back:
        assert back.path == tmp_path / "project.ora"


def test_pixels_come_from_the_disk_when_they_are_looked_at(tmp_path: Path) -> None:
    session = opened(photo(tmp_path))
    with journal(tmp_path / "j", session):
        paint(session, 1)
    with recovered(tmp_path / "j") as back:
        assert not any(tile.resident for tile in back.state.tiles())
        back.state.read(Rect(0, 0, 10, 10))
        assert sum(tile.resident for tile in back.state.tiles()) == 1


def test_states_share_what_they_shared(tmp_path: Path) -> None:
    session = opened(photo(tmp_path))
    with journal(tmp_path / "j", session):
        paint(session, 1)
        paint(session, 2)
    with recovered(tmp_path / "j") as back:
        one, two = (back.history.steps[ident].state for ident in (1, 2))
        assert one.layers[0] is two.layers[0]
        assert one.mask.differing(two.mask) == session.history.steps[1].state.mask.differing(session.state.mask)


def test_shared_tiles_are_written_once(tmp_path: Path) -> None:
    session = opened(photo(tmp_path))
    with journal(tmp_path / "j", session) as store:
        paint(session, 1)
        for _ in range(20):
            session.commit(replace(session.state), "nothing new")
        assert store.flush(FLUSH_S)
    with sqlite3.connect(tmp_path / "j") as connection:
        (count,) = connection.execute("SELECT count(*) FROM tiles").fetchone()
        (raw,) = connection.execute("SELECT sum(length(data)) FROM tiles WHERE codec = 0").fetchone()
    connection.close()
    distinct = {tile for step in session.history.steps.values() for tile in step.state.tiles()}
    assert count == len(distinct)
    assert raw == session.state.layers[0].pixels.nbytes


def test_the_past_leaves_memory_beyond_the_budget_and_reads_back(tmp_path: Path) -> None:
    session = opened(photo(tmp_path))
    frame_bytes = session.state.layers[0].pixels.nbytes
    session.history.budget_bytes = frame_bytes
    with journal(tmp_path / "j", session) as store:
        for seed in range(1, 7):
            repaint(session, seed)
        assert store.flush(FLUSH_S)
        current = set(session.state.tiles())
        past = {tile for step in session.history.steps.values() for tile in step.state.tiles()} - current
        assert all(tile.resident for tile in current)
        assert sum(tile.nbytes for tile in past if tile.resident) <= frame_bytes
        for seed in range(1, 7):
            layer = session.history.steps[seed].state.layers[1]
            assert np.array_equal(layer.pixels.read(Rect(0, 0, 700, 600)), noise(700, 600, seed=seed))
        session.undo()
        current = set(session.state.tiles())
        assert sum(t.nbytes for t in past - current if t.resident) <= frame_bytes


def test_tiles_can_be_read_in_several_threads_while_they_are_dropped(tmp_path: Path) -> None:
    session = opened(photo(tmp_path))
    session.history.budget_bytes = 0
    wrong: list[int] = []

    def look(seed: int) -> None:
        layer = session.history.steps[seed].state.layers[1]
        whole = Rect(0, 0, 700, 600)
        wrong.extend(
            seed for _ in range(20) if not np.array_equal(layer.pixels.read(whole), noise(700, 600, seed=seed))
        )

    with journal(tmp_path / "j", session) as store:
        for seed in (1, 2, 3):
            repaint(session, seed)
        assert store.flush(FLUSH_S)
        threads = [threading.Thread(target=look, args=(seed,)) for seed in (1, 2, 3)]
        for thread in threads:
            thread.start()
        for seed in (1, 2, 3) * 20:
            session.go_to(seed)
        for thread in threads:
            thread.join()
    assert wrong == []


def test_a_step_goes_before_the_rest_of_the_opened_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    write = Store._write_opened

    def held(store: Store, connection: sqlite3.Connection, piece: list[NewTile]) -> list[NewTile]:
        begun.set()
        assert go_on.wait(FLUSH_S)
        return write(store, connection, piece)

    monkeypatch.setattr(Store, "_write_opened", held)
    session = opened(photo(tmp_path, 3000, 2000))
    tiles = len(session.state.layers[0].pixels.tiles)
    left: dict[int, int] = {}
    with journal(tmp_path / "j", session) as store:
        store.stored.connect(lambda ident: left.update({ident: len(store._opened_tiles)}))
        assert begun.wait(FLUSH_S)
        paint(session, 1)
        go_on.set()
        assert store.flush(FLUSH_S)
    assert left[1] == tiles - 8, "just the piece that was under way"


class Failures:
    """Hears of a store's failure, in whichever thread."""

    def __init__(self, store: Store) -> None:
        self.errors: list[StoreError] = []
        self.came = threading.Event()
        store.failed.connect(self._note)

    def _note(self, error: StoreError) -> None:
        self.errors.append(error)
        self.came.set()


def test_a_full_disk_is_reported_once_and_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened(photo(tmp_path))
    session.history.budget_bytes = 0
    with journal(tmp_path / "j", session) as store:
        failures = Failures(store)
        paint(session, 1)
        assert store.flush(FLUSH_S)
        kept = session.history.steps[1].state

        def full(connection: sqlite3.Connection, new: NewTile) -> None:
            connection.execute("PRAGMA max_page_count = 1")
            write(connection, new)

        write = add_tile
        monkeypatch.setattr(editor.core.store, "add_tile", full)
        repaint(session, 5)
        assert failures.came.wait(FLUSH_S)
        paint(session, 2)
        repaint(session, 6)
        assert not store.flush(0)
        assert not store._moves, "steps must not pile up in memory"
        assert store.error is failures.errors[0]
        assert "full" in str(store.error)
        for seed, ident in ((5, 2), (6, 4)):
            layer = session.history.steps[ident].state.layers[1]
            assert np.array_equal(layer.pixels.read(Rect(0, 0, 700, 600)), noise(700, 600, seed=seed))
        session.go_to(1)
        assert_same_state(session.state, kept)
    assert len(failures.errors) == 1
    monkeypatch.undo()
    with recovered(tmp_path / "j") as back:
        assert back.history.current.id == 1
        assert_same_state(back.state, kept)


def test_a_place_that_cannot_be_written_is_reported_also_to_who_asks_late(tmp_path: Path) -> None:
    session = opened(photo(tmp_path))
    with journal(tmp_path / "no such folder" / "j", session) as store:
        assert not store.flush(FLUSH_S)
        assert store.error is not None
        paint(session, 1)
    assert session.history.current.id == 1


def test_a_clean_close_deletes_the_journal_and_stops_listening(tmp_path: Path) -> None:
    session = opened(photo(tmp_path, 3000, 2000))
    store = Store.create(tmp_path / "j", session)
    closed: list[bool] = []
    store.closed.connect(lambda: closed.append((tmp_path / "j").exists()))
    repaint(session, 1)
    store.close(keep=False)
    store.close(keep=False)
    assert closed == [False]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photo.npy"]
    paint(session, 1)
    assert store.error is None
    gone = weakref.ref(store)
    del store
    gc.collect()
    assert gone() is None, "the session must not hold a closed store"


def test_close_and_keep_writes_everything_first(tmp_path: Path) -> None:
    session = opened(photo(tmp_path))
    store = Store.create(tmp_path / "j", session)
    for seed in range(1, 5):
        repaint(session, seed)
    store.close(keep=True)
    (tmp_path / "photo.npy").unlink()
    with recovered(tmp_path / "j") as back:
        assert_same_history(session.history, back.history)


def test_the_log_is_moved_into_the_file_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = threading.Event()

    class Told(sqlite3.Connection):
        def close(self) -> None:
            super().close()
            moved.set()

    def connect(path: Path, create: bool) -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, factory=Told)

    monkeypatch.setattr(editor.core.checkpoint, "connect", connect)
    with journal(tmp_path / "j", opened(photo(tmp_path, 3000, 2000))) as store:
        assert store.flush(FLUSH_S)
        assert moved.wait(FLUSH_S)
        assert (tmp_path / "j").stat().st_size > 15_000_000, "of 18 MB of tiles"


def test_committing_does_not_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = threading.Event()
    write = add_tile

    def held(connection: sqlite3.Connection, new: NewTile) -> None:
        assert slow.wait(FLUSH_S)
        write(connection, new)

    monkeypatch.setattr(editor.core.store, "add_tile", held)
    session = opened(photo(tmp_path))
    with journal(tmp_path / "j", session) as store:
        for number in range(1, 6):
            paint(session, number)
        session.undo()
        assert not store.flush(0)
        slow.set()
        assert store.flush(FLUSH_S)
    with recovered(tmp_path / "j") as back:
        assert_same_history(session.history, back.history)
