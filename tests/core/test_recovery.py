"""Recovery: what a journal lacks is read from the opened picture, and what is damaged in it is left out in words."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import editor.core.checkpoint
import editor.core.store
from editor.core.errors import StoreError
from editor.core.geometry import Rect
from editor.core.layers import Layer
from editor.core.session import Session
from editor.core.store import Store
from editor.core.tiles import TileMap
from tests.core.journals import (
    FLUSH_S,
    assert_same_history,
    assert_same_state,
    journal,
    no_source,
    opened,
    paint,
    photo,
    read_photo,
    recovered,
    repaint,
)
from tests.helpers.documents import document, noise


def crash(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session with three strokes whose journal, `folder / "crash"`, lacks the opened picture."""
    monkeypatch.setattr(editor.core.store, "_PAUSE_S", 3600.0)
    session = opened(photo(folder))
    stored = threading.Event()
    with journal(folder / "j", session) as store:
        store.stored.connect(lambda ident: stored.set() if ident == 3 else None)
        for number in (1, 2, 3):
            paint(session, number)
        assert stored.wait(FLUSH_S)
        for suffix in ("", "-wal"):
            (folder / f"crash{suffix}").write_bytes((folder / f"j{suffix}").read_bytes())
    return session


def test_what_the_journal_lacks_of_the_opened_picture_is_read_from_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = crash(tmp_path, monkeypatch)
    with recovered(tmp_path / "crash") as back:
        assert_same_history(session.history, back.history)
    (tmp_path / "photo.npy").unlink()
    with recovered(tmp_path / "crash") as again:
        assert_same_history(session.history, again.history)


def test_the_opened_picture_is_read_from_its_file_also_when_only_the_past_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editor.core.store, "_PAUSE_S", 3600.0)
    session = opened(photo(tmp_path))
    stored = threading.Event()
    with journal(tmp_path / "j", session) as store:
        store.stored.connect(lambda ident: stored.set() if ident == 1 else None)
        pixels = TileMap.from_array(noise(700, 600, seed=8))
        session.commit(replace(session.state, layers=(Layer(1, "flattened", pixels),)), "Flatten")
        assert stored.wait(FLUSH_S)
        for suffix in ("", "-wal"):
            (tmp_path / f"crash{suffix}").write_bytes((tmp_path / f"j{suffix}").read_bytes())
    with recovered(tmp_path / "crash") as back:
        assert_same_history(session.history, back.history)


def remove(path: Path) -> None:
    path.unlink()


def change(path: Path) -> None:
    np.save(path, noise(700, 600, seed=99))


def resize(path: Path) -> None:
    np.save(path, noise(701, 600))


def damage(path: Path) -> None:
    """Same length and time, no longer a picture."""
    stat = path.stat()
    path.write_bytes(b"\0" * stat.st_size)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (remove, "which is gone"),
        (change, "which was changed since"),
        (resize, "which was changed since"),
        (damage, "which can't be read: photo.npy is not a picture"),
    ],
)
def test_without_the_opened_picture_the_user_is_told_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Path], None], reason: str
) -> None:
    crash(tmp_path, monkeypatch)
    path = tmp_path / "photo.npy"
    harm(path)
    with pytest.raises(StoreError, match=reason) as caught:
        Store.open(tmp_path / "crash", read_photo)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    monkeypatch.undo()
    assert (tmp_path / "crash").exists()


def test_a_picture_that_never_was_a_file_is_written_with_the_first_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editor.core.store, "_PAUSE_S", 3600.0)
    session = Session.open(document(), None, "New")
    with journal(tmp_path / "j", session) as store:
        stored = threading.Event()
        store.stored.connect(lambda ident: stored.set() if ident == 1 else None)
        paint(session, 1)
        assert stored.wait(FLUSH_S)
        for suffix in ("", "-wal"):
            (tmp_path / f"crash{suffix}").write_bytes((tmp_path / f"j{suffix}").read_bytes())
    with recovered(tmp_path / "crash") as back:
        assert_same_history(session.history, back.history)


def finished(tmp_path: Path, strokes: int = 3) -> Session:
    """A session whose journal `tmp_path / "j"` is complete."""
    session = opened(photo(tmp_path))
    with journal(tmp_path / "j", session):
        for number in range(1, strokes + 1):
            paint(session, number)
    return session


def alter(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


FLIP = "UPDATE tiles SET data = x'00' || substr(data, 2) WHERE id = "


@pytest.mark.parametrize(
    ("statement", "kept"),
    [
        ("UPDATE steps SET state = '{' WHERE id = 3", 2),
        ("UPDATE steps SET state = '{' WHERE id = 2", 1),
        ("UPDATE steps SET record = 'x' WHERE id = 3", 2),
        ("DELETE FROM maps WHERE id = (SELECT max(id) FROM maps)", 2),
        ("UPDATE maps SET tiles = substr(tiles, 5) WHERE id = (SELECT max(id) FROM maps)", 2),
        ("DELETE FROM tiles WHERE id = (SELECT max(id) FROM tiles)", 2),
        (FLIP + "(SELECT max(id) FROM tiles)", 2),
    ],
)
def test_from_a_damaged_journal_the_last_whole_step_comes_back(tmp_path: Path, statement: str, kept: int) -> None:
    session = finished(tmp_path)
    alter(tmp_path / "j", statement)
    with recovered(tmp_path / "j") as back:
        assert list(back.history.steps) == list(range(kept + 1))
        assert back.history.current.id == kept
        assert_same_state(back.state, session.history.steps[kept].state)
        paint(back, 8)
    with recovered(tmp_path / "j") as again:
        assert [step.label for step in again.history.line()][-1] == "Stroke 8"
        assert_same_state(again.state, back.state)


def test_a_damaged_tile_of_the_opened_picture_is_read_from_its_file(tmp_path: Path) -> None:
    session = finished(tmp_path)
    alter(tmp_path / "j", FLIP + "(SELECT id FROM tiles WHERE codec = 0 LIMIT 1)")
    with recovered(tmp_path / "j") as back:
        assert_same_history(session.history, back.history)


def test_a_tile_of_the_past_that_cannot_be_read_is_an_error_in_words(tmp_path: Path) -> None:
    session = finished(tmp_path)
    with recovered(tmp_path / "j") as back:
        repaint(back, 1)
        back.undo()
    alter(tmp_path / "j", FLIP + "(SELECT max(id) FROM tiles)")
    with recovered(tmp_path / "j") as again:
        assert_same_state(again.state, session.state)
        with pytest.raises(StoreError, match="could not be read back"):
            again.history.steps[4].state.read(Rect(0, 0, 700, 600))


def test_a_truncated_journal_gives_back_what_is_whole_or_says_that_nothing_is(tmp_path: Path) -> None:
    session = finished(tmp_path)
    whole = (tmp_path / "j").read_bytes()
    kept = []
    for part in (0.0, 0.001, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99):
        path = tmp_path / f"torn {part}"
        path.write_bytes(whole[: int(len(whole) * part)])
        with contextlib.suppress(StoreError), recovered(path) as back:
            kept.append(back.history.current.id)
            assert_same_state(back.state, session.history.steps[kept[-1]].state)
    assert kept == sorted(kept)
    assert kept[-1] > 0
    assert len(kept) >= 4, "SQLite itself refuses them all"


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_journal_is_refused_in_words_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "j"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        Store.open(path, no_source)
    assert path.read_bytes() == content


def test_a_journal_of_another_version_is_left_alone(tmp_path: Path) -> None:
    finished(tmp_path)
    alter(tmp_path / "j", "UPDATE info SET value = '99' WHERE key = 'format'")
    with pytest.raises(StoreError, match="another version"):
        Store.open(tmp_path / "j", no_source)
