from __future__ import annotations

import threading

import pytest

from editor.core.errors import EditorError, PluginError
from editor.host.jobs import CancelToken, Job, Jobs, Progress


class Ends:
    """How a job ended, and when."""

    def __init__(self, job: Job[int]) -> None:
        self.how: list[object] = []
        self.finished = threading.Event()
        job.done.connect(self.how.append)
        job.failed.connect(self.how.append)
        job.cancelled.connect(lambda: self.how.append("cancelled"))
        job.finished.connect(self.finished.set)

    def wait(self) -> list[object]:
        assert self.finished.wait(20)
        return self.how


def test_jobs_of_a_lane_run_one_after_another_and_tell_their_results() -> None:
    jobs = Jobs()
    running = threading.Semaphore(1)

    def work(value: int) -> int:
        assert running.acquire(blocking=False)
        running.release()
        return value

    def job(value: int) -> Job[int]:
        return Job(lambda _token, _tell: work(value), "count")

    made = [job(value) for value in range(5)]
    ends = [Ends(job) for job in made]
    for each in made:
        jobs.start(each)
    assert [end.wait() for end in ends] == [[0], [1], [2], [3], [4]]
    jobs.close()


def test_cancel_stops_work_that_checks_and_work_that_waits_its_turn() -> None:
    jobs = Jobs()
    begun = threading.Event()

    def checks(token: CancelToken, tell: Progress) -> int:
        begun.set()
        while True:
            token.check()

    first, second = Job(checks, "first"), Job[int](lambda _token, _tell: 1, "second")
    ends = Ends(first), Ends(second)
    jobs.start(first)
    jobs.start(second)
    assert begun.wait(20)
    second.cancel()
    first.cancel()
    assert ends[0].wait() == ["cancelled"]
    assert ends[1].wait() == ["cancelled"]
    jobs.close()


def test_work_that_never_returns_is_given_up_and_the_lane_goes_on() -> None:
    jobs = Jobs(grace_s=0.01)
    begun, release = threading.Event(), threading.Event()

    def deaf(token: CancelToken, tell: Progress) -> int:
        begun.set()
        release.wait(60)
        return 1

    stuck, waiting = Job(deaf, "deaf"), Job[int](lambda _token, _tell: 2, "next")
    ends, next_ends = Ends(stuck), Ends(waiting)
    jobs.start(stuck)
    jobs.start(waiting)
    assert begun.wait(20)
    stuck.cancel()
    assert ends.wait() == ["cancelled"]
    assert next_ends.wait() == [2]
    release.set()
    jobs.close()
    assert ends.how == ["cancelled"], "the late result is thrown away"


def test_a_job_cancelled_while_it_waits_its_turn_leaves_the_running_one_its_lane() -> None:
    jobs = Jobs(grace_s=0.01)
    begun, release = threading.Event(), threading.Event()
    threads: list[int] = []

    def slow(token: CancelToken, tell: Progress) -> int:
        begun.set()
        release.wait(60)
        threads.append(threading.get_ident())
        return 1

    running, waiting = Job(slow, "running"), Job[int](lambda _token, _tell: 2, "waiting")
    later = Job(lambda _token, _tell: threads.append(threading.get_ident()), "later")
    ends, waiting_ends, later_done = Ends(running), Ends(waiting), threading.Event()
    later.finished.connect(later_done.set)
    for job in (running, waiting, later):
        jobs.start(job)
    assert begun.wait(20)
    waiting.cancel()
    assert waiting_ends.wait() == ["cancelled"]
    release.set()
    assert ends.wait() == [1]
    assert later_done.wait(20)
    assert len(set(threads)) == 1, "one after another, as a lane does"
    jobs.close()


@pytest.mark.expects_log_error
def test_a_listener_that_fails_does_not_stop_the_lane(caplog: pytest.LogCaptureFixture) -> None:
    jobs = Jobs()

    def fails(_result: int) -> None:
        raise ZeroDivisionError

    first, second = Job[int](lambda _token, _tell: 1, "first"), Job[int](lambda _token, _tell: 2, "second")
    first.done.connect(fails)
    ends = Ends(first), Ends(second)
    jobs.start(first)
    jobs.start(second)
    assert ends[0].finished.wait(20)
    assert ends[1].wait() == [2]
    jobs.close()
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (PluginError("Paint first."), "Paint first."),
        (ZeroDivisionError(), "failed; nothing was changed"),
        (MemoryError(), "not enough memory"),
    ],
)
def test_errors_end_a_job_with_a_line_for_the_user(raised: Exception, message: str) -> None:
    jobs = Jobs()

    def fails(token: CancelToken, tell: Progress) -> int:
        raise raised

    job = Job(fails, "work")
    ends = Ends(job)
    jobs.start(job)
    (error,) = ends.wait()
    assert isinstance(error, EditorError)
    assert message in str(error)
    jobs.close()


def test_close_cancels_what_runs() -> None:
    jobs = Jobs()
    begun = threading.Event()

    def checks(token: CancelToken, tell: Progress) -> int:
        begun.set()
        while True:
            token.check()

    job = Job(checks, "endless")
    ends = Ends(job)
    jobs.start(job)
    assert begun.wait(20)
    jobs.close()
    assert ends.wait() == ["cancelled"]
