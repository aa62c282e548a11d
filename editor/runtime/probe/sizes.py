"""At which sizes a model runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from editor.core.errors import ModelError
from editor.core.i18n import _
from editor.runtime.manifest import SizeRule
from editor.runtime.probe import sample
from editor.runtime.probe.finding import Inputs, Output
from editor.runtime.probe.runs import Runs, TooSlowError
from editor.runtime.userfile import cannot

_BASES_PX = (128, 256, 320, 512, 224, 384, 640, 1024)  # the first tells multiples apart, others are usual fixed sizes
_MULTIPLES = (1, 2, 4, 8, 16, 32, 64)
_MINIMA_PX = (8, 16, 32, 64)
_LARGEST_FIXED_PX = 4096


def find_sizes(runs: Runs, ways: list[Inputs]) -> tuple[Inputs, SizeRule, tuple[Output, ...]]:
    """The way of `ways` in which the model runs, its rule of sizes, and its pictures.

    Raises:
        ModelError: it runs in no way, or gives no picture.
        OutOfMemory, Cancelled: as a run does.
    """
    first: ModelError | None = None
    for way in ways:
        for height, width in _bases(runs.name, way):
            try:
                outputs = _outputs(runs, way, height, width)
            except TooSlowError:
                raise
            except ModelError as error:
                first = first or error
                continue
            if not outputs:
                raise cannot(runs.name, _("what it gives is no picture of the input's size or a multiple of it"))
            return way, _rule(runs, way, outputs, (height, width)), tuple(outputs.values())
    raise cannot(runs.name, _("it did not run on pictures of any usual size")) from first


def _bases(name: str, way: Inputs) -> Iterator[tuple[int, int]]:
    height, width = way.fixed
    if height is None and width is None:
        yield from ((side, side) for side in _BASES_PX)
        return
    fixed = height or width or 0, width or height or 0
    if not all(1 <= side <= _LARGEST_FIXED_PX for side in fixed):
        raise cannot(
            name, _("it takes pictures of {height} x {width} pixels only").format(height=fixed[0], width=fixed[1])
        )
    yield fixed


def _outputs(runs: Runs, way: Inputs, height: int, width: int) -> Mapping[str, Output]:
    picture = sample.smooth(height, width, way.picture.channels)
    return {name: output for name, (output, _values) in runs.pictures(way, picture).items()}


def _rule(runs: Runs, way: Inputs, expected: Mapping[str, Output], base: tuple[int, int]) -> SizeRule:
    if way.fixed != (None, None):
        return SizeRule(fixed=base)
    side = base[0]

    def works(height: int, width: int) -> bool:
        try:
            return _outputs(runs, way, height, width) == expected
        except TooSlowError:
            raise
        except ModelError:
            return False

    # Both are odd multiples of what is tried, so that no larger multiple is taken for it.
    unit = next((n for n in _MULTIPLES if side % (2 * n) == 0 and works(side + n, side + 3 * n)), 0)
    if not unit:
        return SizeRule(multiple_of=side, minimum=side) if works(2 * side, side) else SizeRule(fixed=base)
    minima = sorted({-(-least // unit) * unit for least in (1, *_MINIMA_PX)})
    minimum = next((least for least in minima if works(least, least)), side)
    return SizeRule(multiple_of=unit, minimum=minimum)
