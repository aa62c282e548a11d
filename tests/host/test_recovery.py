"""After a crash the next start finds what was open, brings it back, or throws it away."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from editor.core.errors import StoreError
from editor.core.session import Session
from editor.host.recovery import Recoverable, Recovery
from tests.core.journals import FLUSH_S, assert_same_history, assert_same_state, opened, paint, photo, read_photo

CHILD = """
import sys, threading
from pathlib import Path
import editor.core.store
from editor.core.brush import Brush, Stroke
from editor.host.recovery import Recovery
from tests.core.journals import opened, paint, read_photo

folder, strokes, base = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "base"
if not base:
    editor.core.store._PAUSE_S = 3600.0
session = opened(folder / "photo.npy")
store = Recovery(folder, read_photo).attach(session)
stored = threading.Event()
store.stored.connect(lambda step: stored.set() if step == strokes else None)
for number in range(1, strokes + 1):
    paint(session, number)
assert stored.wait(60)
if base:
    assert store.flush(60)
print("durable", flush=True)
stroke = Stroke(session.state.mask.write(), Brush(50))
while True:
    stroke.to(100, 100)
    stroke.to(600, 500)
"""


@contextmanager
def editor_process(folder: Path, strokes: int, *, base: bool) -> Iterator[subprocess.Popen[str]]:
    """Another editor in the middle of one more stroke, with `strokes` finished; `base`: with the photo written, too."""
    command = [sys.executable, "-c", CHILD, str(folder), str(strokes), "base" if base else ""]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "durable\n"
            yield process
        finally:
            process.kill()


def kill(process: subprocess.Popen[str]) -> None:
    """As hard as the system can."""
    if sys.platform == "win32":
        process.kill()
    else:
        os.kill(process.pid, signal.SIGKILL)
    process.wait(FLUSH_S)


def crashed(folder: Path, strokes: int = 3, *, base: bool = True) -> Session:
    """The session that an editor which was killed had."""
    path = photo(folder)
    with editor_process(folder, strokes, base=base) as process:
        kill(process)
    session = opened(path)
    for number in range(1, strokes + 1):
        paint(session, number)
    return session


def only(recovery: Recovery) -> Recoverable:
    (item,) = recovery.pending()
    return item


@pytest.mark.parametrize("base", [True, False])
def test_after_a_kill_in_mid_stroke_every_finished_step_is_there(tmp_path: Path, base: bool) -> None:
    expected = crashed(tmp_path, 5, base=base)
    if base:
        (tmp_path / "photo.npy").unlink()
    recovery = Recovery(tmp_path, read_photo)
    item = only(recovery)
    assert (item.title, item.path, item.steps) == ("photo.npy", tmp_path / "photo.npy", 5)
    session, store = recovery.recover(item)
    assert list(session.history.steps) == list(expected.history.steps)
    for mine, theirs in zip(session.history.steps.values(), expected.history.steps.values(), strict=True):
        assert (mine.label, mine.record) == (theirs.label, theirs.record)
        assert_same_state(mine.state, theirs.state)
    assert item.time == session.history.current.time
    paint(session, 6)
    assert store.flush(FLUSH_S)
    store.close(keep=False)
    assert recovery.pending() == []


def test_the_journals_of_a_running_editor_are_left_alone(tmp_path: Path) -> None:
    photo(tmp_path)
    recovery = Recovery(tmp_path, read_photo)
    with editor_process(tmp_path, 1, base=True) as process:
        assert recovery.pending() == []
        kill(process)
        assert len(recovery.pending()) == 1


def test_what_another_window_recovered_is_not_recovered_twice(tmp_path: Path) -> None:
    crashed(tmp_path)
    here, there = Recovery(tmp_path, read_photo), Recovery(tmp_path, read_photo)
    item = only(here)
    session, store = there.recover(item)
    assert here.pending() == []
    for touch in (here.recover, here.discard, there.recover):
        with pytest.raises(StoreError, match="another window"):
            touch(item)
    store.close(keep=False)
    with pytest.raises(StoreError, match="recovered or discarded"):
        here.recover(item)
    assert session.history.current.id == 3
    assert list((tmp_path / "journals").iterdir()) == []


def test_a_journal_stays_until_it_is_recovered_or_discarded(tmp_path: Path) -> None:
    crashed(tmp_path)
    for _ in range(3):
        item = only(Recovery(tmp_path, read_photo))
    Recovery(tmp_path, read_photo).discard(item)
    assert Recovery(tmp_path, read_photo).pending() == []
    assert list((tmp_path / "journals").iterdir()) == []


def test_closing_cleanly_leaves_nothing_and_closing_to_keep_can_be_recovered(tmp_path: Path) -> None:
    session = opened(photo(tmp_path))
    recovery = Recovery(tmp_path, read_photo)
    store = recovery.attach(session)
    paint(session, 1)
    assert recovery.pending() == []
    store.close(keep=False)
    assert list((tmp_path / "journals").iterdir()) == []
    store = recovery.attach(session)
    store.close(keep=True)
    again, store = recovery.recover(only(recovery))
    assert_same_history(again.history, session.history)
    store.close(keep=False)


def test_an_untouched_document_is_not_offered(tmp_path: Path) -> None:
    recovery = Recovery(tmp_path, read_photo)
    recovery.attach(opened(photo(tmp_path))).close(keep=True)
    assert recovery.pending() == []
    assert list((tmp_path / "journals").iterdir()) == []


def test_a_picture_that_a_method_made_is_in_no_file_and_is_offered(tmp_path: Path) -> None:
    made = Session.open(opened(photo(tmp_path)).state, None, "photo.jpg, Upscale", {"plugin": "upscale"})
    store = Recovery(tmp_path, read_photo).attach(made)
    assert store.flush(FLUSH_S)
    store.close(keep=True)
    recovery = Recovery(tmp_path, read_photo)
    item = only(recovery)
    assert (item.title, item.steps, item.path) == ("photo.jpg, Upscale", 1, None)
    again, store = recovery.recover(item)
    assert again.modified
    assert_same_history(again.history, made.history)
    store.close(keep=False)


def test_documents_are_listed_with_the_last_worked_on_first(tmp_path: Path) -> None:
    path = photo(tmp_path)
    recovery = Recovery(tmp_path, read_photo)
    sessions = [opened(path) for _ in range(3)]
    stores = [recovery.attach(session) for session in sessions]
    for index in (1, 2, 0):
        for number in range(index + 1):
            paint(sessions[index], number)
    for store in stores:
        store.close(keep=True)
    assert [item.steps for item in recovery.pending()] == [1, 3, 2]


def test_a_failed_recovery_keeps_the_journal_and_can_be_tried_again(tmp_path: Path) -> None:
    expected = crashed(tmp_path, base=False)
    path = tmp_path / "photo.npy"
    path.rename(tmp_path / "elsewhere")
    recovery = Recovery(tmp_path, read_photo)
    with pytest.raises(StoreError, match="Put it back there"):
        recovery.recover(only(recovery))
    (tmp_path / "elsewhere").rename(path)
    session, store = recovery.recover(only(recovery))
    assert_same_state(session.state, expected.state)
    store.close(keep=False)


def test_a_damaged_journal_is_listed_fails_in_words_and_can_be_discarded(tmp_path: Path) -> None:
    folder = tmp_path / "journals"
    folder.mkdir()
    (folder / "holiday-1.journal").write_bytes(b"rubbish" * 1000)
    (folder / "empty-2.journal").write_bytes(b"")
    recovery = Recovery(tmp_path, read_photo)
    item = only(recovery)
    assert (item.title, item.steps) == ("holiday-1", 0)
    with pytest.raises(StoreError, match="damaged"):
        recovery.recover(item)
    recovery.discard(only(recovery))
    assert recovery.pending() == []
    assert list(folder.iterdir()) == []


def test_where_no_journal_can_be_kept_the_user_is_told(tmp_path: Path) -> None:
    (tmp_path / "journals").write_text("a file is in the way")
    with pytest.raises(StoreError, match="No journal can be kept"):
        Recovery(tmp_path, read_photo).attach(opened(photo(tmp_path)))


def test_nothing_is_pending_on_a_first_start(tmp_path: Path) -> None:
    assert Recovery(tmp_path / "new", read_photo).pending() == []
