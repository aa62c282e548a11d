"""In which range the numbers of a model's pictures are, and which way round its mask is."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from editor.core.errors import ModelError
from editor.core.i18n import _
from editor.runtime.probe import sample
from editor.runtime.probe.finding import F32, Inputs, Output, Scaling
from editor.runtime.probe.runs import Runs, TooSlowError
from editor.runtime.userfile import cannot

log = logging.getLogger("kintsugi.runtime")

Range = tuple[float, float]

UNIT, BYTE, SIGNED = (0.0, 1.0), (0.0, 255.0), (-1.0, 1.0)

# Of the data set with which networks that find things are trained; it is taken off first.
_IMAGENET = Scaling((-2.2, 2.7), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

# A reading further down the list must explain the pictures better by this much of the range, or of the correlation:
# networks that find things do so nearly as well in a range that they were not made for, if the subject is clear.
_CLEARLY = 0.01
_CLEARLY_FOUND = 0.05

# A one-channel output that is so near the input and so like it is the picture; else something that was found in it.
_NEAR = 0.1
_ALIKE = 0.95

_SLACK = 0.02
_SLACK_LEVELS = 1.0


@dataclass(frozen=True, slots=True)
class _Try:
    """One reading: the inputs, the outputs with their ranges, and how badly they explain what came out."""

    inputs: Inputs
    outputs: tuple[Output, ...]
    error: float


def find_ranges(
    runs: Runs, inputs: Inputs, outputs: tuple[Output, ...], size: tuple[int, int]
) -> tuple[Inputs, tuple[Output, ...]]:
    """The inputs and the outputs with their ranges; a mask as "mask" or "keep".

    The likeliest is what makes the output most like a smooth picture that goes in (outside the hole, if there is one),
    or, where it is not alike, a one-channel output most like what is to be found in it.

    Raises:
        ModelError: it gives no finite numbers.
        OutOfMemory, Cancelled: as a run does.
    """
    names = tuple(output.spec.name for output in outputs)
    finds = all(output.spec.channels == 1 for output in outputs)
    ways = [inputs.read_as(scaling) for scaling in _scalings(inputs, finds)]
    tries = [found for way in ways if (found := _try(runs, way, names, size))]
    if not tries:
        raise cannot(runs.name, _("it gives values that are no numbers"))
    best = min(tries, key=lambda found: found.error)
    likely = next(found for found in tries if found.error <= best.error + (_CLEARLY_FOUND if finds else _CLEARLY))
    for found in tries:
        log.info("%s: %s: %.4f", runs.name, found.inputs.picture.range, found.error)
    return likely.inputs, likely.outputs


def _scalings(inputs: Inputs, finds: bool) -> list[Scaling]:
    """What the input's numbers can be, the likelier first. finds: whether it gives only what is found in a picture."""
    if inputs.picture.dtype == "uint8":
        return [Scaling(BYTE)]
    usual = [Scaling(UNIT), Scaling(BYTE), Scaling(SIGNED)]
    return [_IMAGENET, *usual] if finds and inputs.picture.channels == len(_IMAGENET.mean) else usual


def _try(runs: Runs, inputs: Inputs, names: tuple[str, ...], size: tuple[int, int]) -> _Try | None:
    """None if it does not run on these values or gives no numbers."""
    picture = sample.smooth(*size, inputs.picture.channels)
    hole = sample.disc(*size)
    if inputs.mask is not None:
        hole = np.round(hole)
        noise = np.random.default_rng(1).random(picture.shape, np.float32)
        picture = picture * (1 - hole) + noise * hole
    try:
        found = runs.pictures(inputs, picture, hole)
    except TooSlowError:
        raise
    except ModelError as error:
        log.info("%s", error)
        return None
    if not all(name in found and np.isfinite(found[name][1]).all() for name in names):
        return None
    if inputs.mask is not None:
        return _with_mask(inputs, picture, hole, [found[name] for name in names])
    ranged = [_ranged(output, values, picture, hole) for output, values in (found[name] for name in names)]
    return _Try(inputs, tuple(output for output, _error in ranged), min(error for _output, error in ranged))


def _ranged(output: Output, values: F32, picture: F32, subject: F32) -> tuple[Output, float]:
    """The output with its range, and how badly that explains its values, 0..1."""
    seen = picture if output.spec.channels == picture.shape[2] else picture.mean(axis=2, keepdims=True)
    small = _reduced(values, output.scale)
    errors = {bounds: float(np.abs(_read(small, bounds) - seen).mean()) for bounds in _output_ranges(output)}
    bounds, error = _likeliest(errors)
    if output.spec.channels == 1 and (error > _NEAR or _correlation(small, seen) < _ALIKE):
        bounds = _shown(values)
        # Brighter there, or darker: either tells it apart.
        error = _NEAR + 1 - abs(_correlation(small, subject))
        return replace(output, spec=replace(output.spec, range=bounds)), error
    return replace(output, spec=replace(output.spec, range=bounds), resemblance=error), error


def _with_mask(inputs: Inputs, picture: F32, hole: F32, found: list[tuple[Output, F32]]) -> _Try:
    """Where the mask is 1 is the hole, unless it is there that the picture stays as it was."""
    assert inputs.mask is not None
    outputs, worst, keeps = [], math.inf, False
    for output, values in found:
        errors = {}
        seen = picture if output.spec.channels == picture.shape[2] else picture.mean(axis=2, keepdims=True)
        for bounds in _output_ranges(output):
            difference = np.abs(_read(_reduced(values, output.scale), bounds) - seen).mean(axis=2, keepdims=True)
            errors[bounds] = (
                float((difference * (1 - hole)).sum() / (1 - hole).sum()),
                float((difference * hole).sum() / hole.sum()),
            )
        bounds, error = _likeliest({each: min(pair) for each, pair in errors.items()})
        outputs.append(replace(output, spec=replace(output.spec, range=bounds), resemblance=error))
        if error < worst:
            worst, keeps = error, errors[bounds][1] < errors[bounds][0]
    mask = replace(inputs.mask, colour="keep" if keeps else "mask")
    return _Try(replace(inputs, mask=mask), tuple(outputs), worst)


def _output_ranges(output: Output) -> tuple[Range, ...]:
    return (BYTE,) if output.spec.dtype == "uint8" else (UNIT, BYTE, SIGNED)


def _likeliest(errors: Mapping[Range, float]) -> tuple[Range, float]:
    least = min(errors.values())
    return next((bounds, error) for bounds, error in errors.items() if error <= least + _CLEARLY)


def _shown(values: F32) -> Range:
    """The narrowest usual range that holds the values; else what they span."""
    low, high = float(values.min()), float(values.max())
    for bounds, slack in ((UNIT, _SLACK), (SIGNED, _SLACK), (BYTE, _SLACK_LEVELS)):
        if bounds[0] - slack <= low and high <= bounds[1] + slack:
            return bounds
    return float(math.floor(low)), float(math.ceil(high))


def _read(values: F32, bounds: Range) -> F32:
    return (values - np.float32(bounds[0])) / np.float32(bounds[1] - bounds[0])


def _reduced(values: F32, scale: int) -> F32:
    """Means of blocks of `scale` x `scale` pixels."""
    high, wide, channels = values.shape
    blocks = values.reshape(high // scale, scale, wide // scale, scale, channels)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float32)


def _correlation(one: F32, other: F32) -> float:
    if one.std() == 0:
        return 0.0
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
