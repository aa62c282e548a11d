"""How far a model looks around: tiles must overlap by that much."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from editor.runtime.manifest import SizeRule
from editor.runtime.probe import sample
from editor.runtime.probe.finding import F32, Inputs, Output
from editor.runtime.probe.runs import Runs

_HALVES_PX = (96, 256)  # the longer one is slow, and only for models that look far
_ACROSS_PX = 64
_LEVEL = 0.5 / 255

# Results that still differ so near the far end differ everywhere: a mean over the picture, for example.
_MARGIN_PX = 16


def find_reach(runs: Runs, inputs: Inputs, outputs: tuple[Output, ...], rule: SizeRule) -> int | None:
    """How many input pixels from a cut through the picture its results still change by half an 8-bit level.

    A strip is run whole and in two halves, as tiles are, along both axes. To a model of fixed size, which can't be
    given less, something else is shown beyond the cut.

    Returns:
        The larger distance of both axes and of all outputs; None if it reaches across half of the longest strip.

    Raises:
        ModelError, OutOfMemory, Cancelled: as a run does.
    """
    farthest = 0
    for turned in (False, True):
        for half in (0,) if rule.fixed is not None else _HALVES_PX:
            reach = _along(runs, inputs, outputs, rule, half, turned)
            if reach is not None:
                break
        else:
            return None
        farthest = max(farthest, reach)
    return farthest


def _along(
    runs: Runs, inputs: Inputs, outputs: tuple[Output, ...], rule: SizeRule, half: int, turned: bool
) -> int | None:
    """The reach along x, or y if turned; None if it is all of the half."""

    def run(picture: F32) -> Mapping[str, F32]:
        found = runs.pictures(inputs, _turned(picture, turned))
        return {name: _turned(values, turned) for name, (_output, values) in found.items()}

    if rule.fixed is not None:
        across, length = rule.fixed[::-1] if turned else rule.fixed
        cut = length // 2
    else:
        across, cut = (rule.round_up(max(least, rule.minimum)) for least in (_ACROSS_PX, half))
        length = 2 * cut
    picture = sample.rough(across, length, inputs.picture.channels)
    whole = run(picture)
    worst = 0
    for kept in (slice(0, cut), slice(cut, length)):
        if rule.fixed is not None:
            other = 1 - picture
            other[:, kept] = picture[:, kept]
            part, start = run(other), kept.start
        else:
            part, start = run(picture[:, kept]), 0
        for output in outputs:
            scale, name = output.scale, output.spec.name
            one = whole[name][:, scale * kept.start : scale * kept.stop]
            two = part[name][:, scale * start :][:, : one.shape[1]]
            changed = np.flatnonzero(_visibly(output, one, two).any(axis=(0, 2)))
            if changed.size:
                pixels = changed[-1] + 1 if kept.start else one.shape[1] - changed[0]
                worst = max(worst, math.ceil(pixels / scale))
    return worst if worst <= cut - _MARGIN_PX else None


def _visibly(output: Output, one: F32, two: F32) -> NDArray[np.bool_]:
    """Where two results differ by more than half a level; beyond its range a value is not seen."""
    low, high = output.spec.range or (0.0, 1.0)
    return np.abs(np.clip(one, low, high) - np.clip(two, low, high)) > _LEVEL * (high - low)


def _turned(picture: F32, turned: bool) -> F32:
    return np.ascontiguousarray(picture.transpose(1, 0, 2)) if turned else np.ascontiguousarray(picture)
