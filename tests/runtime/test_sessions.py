from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from editor.core.errors import ModelError
from editor.runtime.sessions import SessionKey, SessionPool
from tests.runtime.models import FakeSession


def key(name: str) -> SessionKey:
    return SessionKey(name, "CPUExecutionProvider")


class Loader:
    """Counts what was loaded."""

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def __call__(self, name: str) -> Callable[[], FakeSession]:
        def load() -> FakeSession:
            self.loaded.append(name)
            return FakeSession(lambda inputs: dict(inputs))

        return load


def use(pool: SessionPool, loader: Loader, *names: str, size_bytes: int = 40) -> None:
    for name in names:
        with pool.lease(key(name), size_bytes, loader(name)):
            pass


def test_second_use_does_not_load() -> None:
    pool, loader = SessionPool(100), Loader()
    use(pool, loader, "a", "a")
    assert loader.loaded == ["a"]


@pytest.mark.parametrize(
    "other",
    [
        SessionKey("b", "CPUExecutionProvider"),
        SessionKey("a", "CUDAExecutionProvider"),
        SessionKey("a", "CPUExecutionProvider", 1),
        SessionKey("a", "CPUExecutionProvider", 0, (("threads", "1"),)),
    ],
)
def test_each_part_of_the_key_counts(other: SessionKey) -> None:
    pool, loader = SessionPool(100), Loader()
    with pool.lease(key("a"), 1, loader("one")) as one, pool.lease(other, 1, loader("two")) as two:
        assert one is not two


def test_the_least_recently_used_goes_first() -> None:
    pool, loader = SessionPool(100), Loader()
    use(pool, loader, "a", "b", "a", "c")  # c needs room: b was used before a
    assert pool.used_bytes == 80
    use(pool, loader, "a")
    assert loader.loaded == ["a", "b", "c"]
    use(pool, loader, "b")
    assert loader.loaded == ["a", "b", "c", "b"]


def test_a_leased_session_is_never_dropped() -> None:
    pool, loader = SessionPool(100), Loader()
    with pool.lease(key("a"), 40, loader("a")):
        use(pool, loader, "b", "c", "d")
        with pool.lease(key("b"), 90, loader("b")):
            assert pool.used_bytes > 100
        use(pool, loader, "a")
        assert loader.loaded.count("a") == 1
    assert pool.used_bytes <= 100


def test_a_session_larger_than_the_budget_works_and_goes_after_use() -> None:
    pool, loader = SessionPool(100), Loader()
    use(pool, loader, "huge", size_bytes=500)
    assert pool.used_bytes == 0


def test_room_is_made_before_loading() -> None:
    pool, loader = SessionPool(100), Loader()
    use(pool, loader, "a", "b")
    seen: list[int] = []

    def load() -> FakeSession:
        seen.append(pool.used_bytes)
        return FakeSession(lambda inputs: dict(inputs))

    with pool.lease(key("c"), 40, load):
        pass
    assert seen == [80]  # one of the old ones and the one that is coming


def test_two_threads_that_want_the_same_load_once() -> None:
    pool = SessionPool(100)
    loads: list[int] = []
    both_here = threading.Barrier(9)
    go_on = threading.Event()

    def load() -> FakeSession:
        loads.append(1)
        assert go_on.wait(30)
        return FakeSession(lambda inputs: dict(inputs))

    def work() -> int:
        both_here.wait(30)
        with pool.lease(key("a"), 40, load) as session:
            return id(session)

    with ThreadPoolExecutor(8) as threads:
        results = [threads.submit(work) for _ in range(8)]
        both_here.wait(30)
        go_on.set()
        assert len({result.result() for result in results}) == 1
    assert len(loads) == 1


def test_a_failed_load_is_told_and_tried_again() -> None:
    pool, loader = SessionPool(100), Loader()

    def fail() -> FakeSession:
        raise ModelError("damaged")

    with pytest.raises(ModelError, match="damaged"), pool.lease(key("a"), 40, fail):
        pass
    assert pool.used_bytes == 0
    use(pool, loader, "a")
    assert loader.loaded == ["a"]


def test_an_error_in_use_gives_the_lease_back() -> None:
    pool, loader = SessionPool(100), Loader()
    with pytest.raises(ModelError), pool.lease(key("a"), 40, loader("a")):
        raise ModelError("did not run")
    pool.clear()
    assert pool.used_bytes == 0


def test_a_discarded_session_is_loaded_anew_while_the_old_lease_lasts() -> None:
    pool, loader = SessionPool(100), Loader()
    with pool.lease(key("a"), 40, loader("a")) as old:
        pool.discard(key("a"))
        with pool.lease(key("a"), 40, loader("a")) as new:
            assert new is not old
    assert pool.used_bytes == 40


def test_clear_leaves_what_is_in_use() -> None:
    pool, loader = SessionPool(100), Loader()
    use(pool, loader, "b")
    with pool.lease(key("a"), 40, loader("a")):
        pool.clear()
        assert pool.used_bytes == 40


def test_many_threads_and_a_small_budget() -> None:
    pool = SessionPool(100)
    in_use: dict[str, int] = dict.fromkeys("abcdef", 0)
    lock = threading.Lock()

    def load(name: str) -> FakeSession:
        with lock:
            assert in_use[name] == 0, "loaded again while it was leased"
        return FakeSession(lambda inputs: dict(inputs))

    def work(i: int) -> None:
        name = "abcdef"[i * 7 % 6 if i % 3 else 0]
        with pool.lease(key(name), 40, lambda: load(name)):
            with lock:
                in_use[name] += 1
            with lock:
                in_use[name] -= 1

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(400)))
    assert pool.used_bytes <= 100
