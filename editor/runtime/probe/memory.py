"""How much memory a run takes, where the system tells."""

from __future__ import annotations

import ctypes
import logging
import math
from collections.abc import Callable
from pathlib import Path

from editor.core.errors import OutOfMemory
from editor.runtime.manifest import SizeRule
from editor.runtime.probe import sample
from editor.runtime.probe.finding import Inputs
from editor.runtime.probe.runs import Runs

log = logging.getLogger("kintsugi.runtime")

_SIDES_PX = (512, 384, 256)
_PATIENCE_S = 10.0

# Tiles of other shapes and other versions of what runs them take somewhat more.
_RESERVE = 1.2
_STEP = 50

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"


def find_memory(runs: Runs, inputs: Inputs, rule: SizeRule) -> float | None:
    """Working memory in MB per megapixel of input, with a reserve, from one run on a larger picture.

    Returns:
        None where the system does not tell, or a picture large enough to see it would take too long.

    Raises:
        ModelError, Cancelled: as a run does.
    """
    if rule.fixed is not None:
        height, width = rule.fixed
    else:
        height = width = next(
            (side for each in _SIDES_PX if runs.seconds_per_px * (side := rule.round_up(each)) ** 2 <= _PATIENCE_S),
            rule.round_up(_SIDES_PX[-1]),
        )
    picture = sample.rough(height, width, inputs.picture.channels)
    try:
        growth = _peak_growth(lambda: runs(inputs, picture))
    except OutOfMemory as error:
        log.info("%s: no memory for %d x %d: %s", runs.name, height, width, error)
        return None
    if growth is None:
        return None
    return float(_STEP * math.ceil(_RESERVE * growth / (height * width) / _STEP))


def _peak_growth(run: Callable[[], object]) -> int | None:
    """By how many bytes the process was larger at its largest, while running, than before; None if nobody tells."""
    try:
        _give_back()
        _RESET.write_text(_RESET_PEAK)
        before = _status("VmRSS")
    except (OSError, StopIteration, ValueError) as error:
        log.info("Working memory can't be seen here: %s", error)
        return None
    run()
    return max(0, _status("VmHWM") - before)


def _give_back() -> None:
    """What earlier runs freed goes back to the system; it would be used again and not be seen."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError) as error:
        log.debug("No malloc_trim: %s", error)


def _status(field: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) * 1024
