"""The card of a model that was trained here: what it was made of, and how good it is, in Markdown."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from editor import __version__
from editor.core.i18n import _
from editor.host.training_advice import Outcome, beforehand
from editor.runtime.tuning.events import Measured
from editor.sdk.plugin import Plugin

if TYPE_CHECKING:
    from editor.host.training import Run

_UNITS = {"psnr": "dB", "structure": "dB"}


def unit(plugin: Plugin) -> str:
    """Of what its recipe measures."""
    assert plugin.recipe is not None
    return _UNITS[plugin.recipe.measure]


def text(run: Run, plugin: Plugin, outcome: Outcome, difference: float) -> str:
    """What there is to know of it, for whoever meets it later."""
    recipe = plugin.recipe
    assert recipe is not None
    shown = unit(plugin)
    plan = run.folder.plan() or {}
    measured = [point for point in run.folder.curve() if isinstance(point, Measured)]
    held_back = _("photos that it did not learn from") if run.harvest.by_photo else _("another part of the same photo")
    lines = [
        f"# {run.name}",
        "",
        _("{method}, trained with Kintsugi {version}.").format(method=_(plugin.title), version=__version__),
        "",
        _("- Went on from: {base}").format(base=run.base or _("nothing")),
        _("- Steps: {done} of {planned}, {minutes:.0f} minutes on {machine} ({device})").format(
            done=measured[-1].step,
            planned=plan.get("steps", "?"),
            minutes=run.spent_s / 60,
            machine=platform.processor() or platform.machine(),
            device=plan.get("device", "?"),
        ),
        _("- The weights are those of step {step}; seed {seed}, rate {rate}.").format(
            step=outcome.step, seed=run.order.seed, rate=plan.get("rate", "?")
        ),
        _("- Measured on {what}: {before:.2f} {unit} before, {after:.2f} {unit} after.").format(
            what=held_back, before=outcome.before, after=outcome.after, unit=shown
        ),
        _("- The file differs from what was learned by at most {difference:.1g}.").format(difference=difference),
        "",
        f"## {_('Photos')}",
        "",
        _("Learned from, {cells} patches:").format(cells=run.harvest.cells),
        *(f"- {name}" for name in run.harvest.learned),
        "",
        _("Measured on, {cells} patches:").format(cells=run.harvest.validation_cells),
        *(f"- {name}" for name in run.harvest.held_back),
    ]
    doubts = [*beforehand(run.harvest, run.noise), *outcome.lines]
    if doubts:
        lines += ["", f"## {_('What to know')}", "", *(f"- {line}" for line in doubts)]
    return "\n".join(lines) + "\n"
