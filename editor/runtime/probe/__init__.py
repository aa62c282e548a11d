"""Finds out how an unknown model wants to be used, by running it on small pictures.

Its inputs say how many channels there are and in which layout; at which sizes it runs, what its numbers mean, how far
it looks around and how much memory it takes is seen in what comes out. Everything runs on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from editor.core.errors import OutOfMemory
from editor.core.i18n import _
from editor.runtime import onnx
from editor.runtime.manifest import SizeRule
from editor.runtime.probe.finding import Finding, Inputs, Output
from editor.runtime.probe.memory import find_memory
from editor.runtime.probe.reach import find_reach
from editor.runtime.probe.runs import Runs
from editor.runtime.probe.sizes import find_sizes
from editor.runtime.probe.tensors import possible_inputs
from editor.runtime.probe.values import find_ranges
from editor.runtime.providers import Provider
from editor.runtime.userfile import cannot

__all__ = ["LIMIT_S", "Finding", "Inputs", "Output", "probe"]

LIMIT_S = 300.0
"""How long all runs may take, of a model that is very large and a machine that is slow."""

_SIDE_PX = 256
_KEPT_PX = 16


def probe(
    path: Path,
    *,
    cancel: Callable[[], bool] = lambda: False,
    progress: Callable[[float], None] = lambda _share: None,
    limit_s: float = LIMIT_S,
) -> Finding:
    """How the model in a file wants to be used. The file must have passed `editor.runtime.userfile.check`.

    Args:
        path: the .onnx file.
        cancel: polled from another thread while it runs.
        progress: told the share that is done, 0..1.
        limit_s: how long the runs may take in all.

    Raises:
        ModelError: it can't be loaded, or is not from one picture (and perhaps a mask) to pictures; the message says
            why. Also if it takes too long, or more memory than there is.
        Cancelled: `cancel` became true.
    """
    runs_name = path.name
    session = onnx.load(path, [Provider.CPU])
    runs = Runs(session, runs_name, cancel, limit_s)
    progress(0.05)
    try:
        inputs, rule, outputs = find_sizes(runs, possible_inputs(runs_name, session.inputs))
        progress(0.3)
        size = rule.fixed or rule.padded(_SIDE_PX, _SIDE_PX)
        inputs, outputs = find_ranges(runs, inputs, outputs, size)
        progress(0.5)
        overlap_px = None if inputs.mask is not None else find_reach(runs, inputs, outputs, rule)
        progress(0.8)
        memory = find_memory(runs, inputs, rule)
    except OutOfMemory as error:
        raise cannot(runs_name, _("there is not enough memory for it")) from error
    progress(1.0)
    return Finding(inputs, outputs, rule, _tileable(overlap_px, rule), memory)


def _tileable(overlap_px: int | None, rule: SizeRule) -> int | None:
    """None also where a tile of fixed size would be all overlap."""
    if overlap_px is None or rule.fixed is None or min(rule.fixed) >= 2 * overlap_px + _KEPT_PX:
        return overlap_px
    return None
