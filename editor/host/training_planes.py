"""Planes added to the cells of photos, once, where making them at each step would take too long."""

from __future__ import annotations

import hashlib
import importlib
import math
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.core.errors import EditorError
from editor.core.i18n import _

U8 = NDArray[np.uint8]

_NICE = 10
_MOST_WORKERS = 16
# Cells for each process before progress is told, and so how soon it can be stopped.
_AT_A_TIME = 4
_FEWEST = 12


def add(
    module: str,
    paths: Sequence[Path],
    seed: int,
    progress: Callable[[float], None],
    seconds: float = math.inf,
    clock: Callable[[], float] = time.monotonic,
) -> list[int]:
    """Rewrites files of cells, N x S x S x 3 uint8 RGB, as N x S x S x (3 + C): with what a module adds to each.

    Processes share the work, all cores but one. What comes of a cell depends on it and the seed alone.

    Args:
        module: its `prepared(cell, rng)` gives S x S x C uint8 for a cell.
        progress: told the share that is done; what it raises stops the work, and the files are as they were.
        seconds: after so long, by the clock, the cells that are left are dropped: chance says which.

    Returns:
        How many cells each file has now.

    Raises:
        OSError: they can't be read or written.
        EditorError: one of the processes was ended from outside.
    """
    counts = [len(np.load(path, mmap_mode="r")) for path in paths]
    begun, planned, kept = clock(), 0.0, []
    parts = [path.with_suffix(".part") for path in paths]
    workers = min(_MOST_WORKERS, max(1, (os.cpu_count() or 2) - 1))
    step = _AT_A_TIME * workers
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin)
    try:
        for path, part, count in zip(paths, parts, counts, strict=True):
            make = partial(_planes, module, str(path), seed)
            order = np.random.default_rng(seed).permutation(count) if seconds < math.inf else np.arange(count)
            share, done = count / sum(counts), 0
            with part.open("wb") as file:
                while done < count and (done < _FEWEST or clock() - begun < seconds * (planned + share)):
                    progress(planned + share * done / count)
                    cells = list(pool.map(make, order[done : done + step].tolist()))
                    if done == 0:
                        _head(file, count, cells[0])
                    for cell in cells:
                        file.write(cell.tobytes())
                    done += len(cells)
                # As long as the first one: a header has room for any number of rows.
                file.seek(0)
                _head(file, done, cells[0])
            planned += share
            kept.append(done)
        for path, part in zip(paths, parts, strict=True):
            part.replace(path)
    except BrokenProcessPool as error:
        raise EditorError(_("There is not enough memory to prepare the photos; close other programs.")) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for part in parts:
            part.unlink(missing_ok=True)
    progress(1.0)
    return kept


def _head(file: BinaryIO, count: int, cell: U8) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (count, *cell.shape)})


def _begin() -> None:
    """In each process: it works beside others, gives way to the window, and ends with the one that started it."""
    # Ctrl+C in a terminal goes to all its processes; the one that started this one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    if hasattr(os, "nice"):
        os.nice(_NICE)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


def _planes(module: str, path: str, seed: int, number: int) -> U8:
    cell: U8 = np.array(np.load(path, mmap_mode="r")[number])
    rng = np.random.default_rng((seed, *hashlib.sha256(cell.data).digest()))
    return np.dstack((cell, importlib.import_module(module).prepared(cell, rng)))
