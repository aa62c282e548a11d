"""Work cut into bands of rows, the same bands whatever the number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Band = tuple[int, int]
"""First row and one past the last row."""

Each = Callable[[Callable[[Band], None], Iterable[Band]], Any]
"""Calls a function with every band, on as many threads as it likes; may raise between bands to cancel."""

_BAND_PX = 16384


def bands(rows: int, columns: int, busy: int | None = None) -> list[Band]:
    """`rows` cut into bands that hold a few ms of work each.

    busy: how many of the pixels need work at all; fewer of them make higher bands.
    """
    share = 1.0 if busy is None else max(busy, 1) / max(rows * columns, 1)
    height = max(1, min(256, int(_BAND_PX / (max(columns, 1) * share))))
    return [(first, min(first + height, rows)) for first in range(0, rows, height)]


def serial(function: Callable[[Band], None], items: Iterable[Band]) -> None:
    """The plain `Each`: one band after the other in this thread."""
    for item in items:
        function(item)


def checked(each: Each, check: Callable[[], None]) -> Each:
    """Like `each`, but `check` is called before every band: what it raises ends the work."""

    def work_off(function: Callable[[Band], None], items: Iterable[Band]) -> None:
        def work(band: Band) -> None:
            check()
            function(band)

        each(work, items)

    return work_off
