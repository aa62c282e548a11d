"""What is honestly said of a training: whether it gained anything, and what was doubtful about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from editor.core.i18n import _
from editor.host.training_data import Harvest
from editor.runtime.tuning.events import Learned, Measured

# Of the measure (dB), before and after on the same pictures: less may be chance.
_CHANCE = 0.05
_WORSE = 0.2
# Half a decibel is 6 % less error: side by side few see it. From 16 % less on nobody has to search.
_VISIBLE = 0.5
_PLAIN = 1.5
_FEW_CELLS = 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """before, after: the measure of the model that it went on from (or of doing nothing), and the best of the new one,
    at `step`. better: whether it is offered. lines: what the user should know.
    """

    before: float
    after: float
    step: int
    better: bool
    lines: tuple[str, ...]


def beforehand(harvest: Harvest, noise: int) -> list[str]:
    """What should be known before it starts. noise: how many samples were lifted."""
    lines = []
    if noise:
        lines.append(_("The noise of {count} flat places is learned from, too.").format(count=noise))
    if harvest.cells < _FEW_CELLS:
        lines.append(
            _("With only {count} patches it may learn these photos by heart; more photos are better.").format(
                count=harvest.cells
            )
        )
    if not harvest.by_photo:
        lines.append(_("There is only one photo: what is measured is another part of the same one."))
    lines += [_("{name} was left out: {reason}").format(name=name, reason=reason) for name, reason in harvest.skipped]
    lines += [
        _("{name} was left out: it is nearly the same as {other}.").format(name=name, other=other)
        for name, other in harvest.alike
    ]
    return lines


def worth(outcome: Outcome) -> str:
    """In words, what the gain of a model that is better is to the eye."""
    gain = outcome.after - outcome.before
    if gain < _VISIBLE:
        return _("The gain is small: in most pictures it is hardly visible.")
    if gain < _PLAIN:
        return _("The gain is visible where the pictures lie side by side at 100 %.")
    return _("The gain is plainly visible.")


def outcome(curve: Sequence[Learned | Measured], *, fresh: bool) -> Outcome:
    """The verdict on a curve whose first measure is that of the start.

    fresh: whether it began with nothing, so that there is no older model to be better than.

    Raises:
        ValueError: nothing was measured.
    """
    measures = [point for point in curve if isinstance(point, Measured)]
    if not measures:
        raise ValueError("nothing was measured")
    before, last = measures[0].value, measures[-1].value
    best = max(measures, key=lambda point: point.value)
    better = best.value - before >= _CHANCE
    lines = []
    if not better and fresh:
        lines.append(_("Nothing useful was learned yet, so it is not added to your models; train it for longer."))
    elif not better:
        lines.append(_("It gained nothing over the model that it went on from, so it is not added to your models."))
    if better and best.value - last >= _WORSE:
        lines.append(
            _(
                "From step {step} on it got worse on photos that it had not seen; the weights of that step are "
                "taken. More photos or a shorter training would help."
            ).format(step=best.step)
        )
    return Outcome(before, best.value, best.step, better, tuple(lines))
