"""`kintsugi train METHOD --data PHOTOS --name NAME`: trains a model, or goes on with a training."""

from __future__ import annotations

import queue
from pathlib import Path
from typing import Any

import click

from editor.cli.progress import bar
from editor.core.errors import EditorError
from editor.core.i18n import _
from editor.host.jobs import CancelToken
from editor.host.places import Places
from editor.host.registry import Registry
from editor.host.runner import Runner
from editor.host.training import Run, Trainings
from editor.host.training_noise import Clean
from editor.runtime.tuning.events import ENDS, Event, Failed, Finished, Learned, Measured, Noted, Rested, Started
from editor.runtime.tuning.folder import DEVICES, Order
from editor.sdk.plugin import Plugin

_PATH = click.Path(path_type=Path)
_DEFAULT_MINUTES = 10.0


def build(registry: Registry) -> click.Group:
    """The group, with a command for each method that can learn."""
    group = click.Group(
        "train",
        help=_(
            "Train the network of a method on your photos. Stopped or killed, the same command goes on from the last "
            "checkpoint."
        ),
    )
    for plugin in registry.plugins.values():
        if plugin.recipe is not None:
            group.add_command(_command(plugin, registry))
    return group


def _command(plugin: Plugin, registry: Registry) -> click.Command:
    return click.Command(
        plugin.id,
        callback=lambda **values: _train(plugin, registry, **values),
        help=_("Train the network of this method: {method}.").format(method=_(plugin.title)),
        params=[
            click.Option(
                ["--data"],
                type=_PATH,
                multiple=True,
                help=_("A photo, or a folder of photos, to learn from; can be given several times."),
            ),
            click.Option(["--name"], required=True, help=_("What the new model is called.")),
            click.Option(["--from", "base"], default="", help=_("The model to go on from.  [default: none]")),
            click.Option(
                ["--minutes"], type=click.FloatRange(min=0, min_open=True), help=_("How long.  [default: 10]")
            ),
            click.Option(["--steps"], type=click.IntRange(min=1), help=_("How many steps, in place of a time.")),
            click.Option(
                ["--device"],
                type=click.Choice(DEVICES),
                default="auto",
                show_default=True,
                help=_("On what to train."),
            ),
            click.Option(
                ["--seed"],
                type=click.IntRange(0, 2**31 - 1),
                default=0,
                show_default=True,
                help=_("The same seed and steps on the same device give the same model."),
            ),
            click.Option(
                ["--rate"],
                type=click.FloatRange(min=0, max=1, min_open=True),
                help=_("How fast it learns: the highest rate of the optimiser.  [default: what the method says]"),
            ),
            *(_clean() if plugin.recipe is not None and plugin.recipe.lifts_noise else ()),
        ],
    )


def _clean() -> tuple[click.Option, ...]:
    return (
        click.Option(
            ["--clean"],
            is_flag=True,
            help=_("The photos have no noise: nothing is lifted from them, and they are learned from as they are."),
        ),
    )


def _train(plugin: Plugin, registry: Registry, **values: Any) -> int:
    from editor.host.library import library

    if values["minutes"] is not None and values["steps"] is not None:
        raise click.UsageError(_("Give --minutes or --steps, not both."))
    minutes = values["minutes"] if values["steps"] is not None else values["minutes"] or _DEFAULT_MINUTES
    order = Order(values["steps"], minutes, values["device"], values["seed"], values["rate"])
    places = Places.default()
    trainings = Trainings(places.trainings, library(places))
    run = trainings.find(values["name"])
    if run is None:
        run = _prepared(trainings, plugin, registry, order, values)
    elif (run.method, run.base, run.order) != (plugin.id, values["base"], order):
        raise EditorError(
            _(
                "There is a training called {name!r} that was begun otherwise; choose another name, or give what was "
                "given then."
            ).format(name=run.name)
        )
    if run.begun:
        click.echo(_("{name}: going on from the last checkpoint.").format(name=run.name))
    return _follow(trainings, run, plugin)


def _prepared(trainings: Trainings, plugin: Plugin, registry: Registry, order: Order, values: dict[str, Any]) -> Run:
    from editor.host.training_advice import beforehand
    from editor.host.training_choice import harvest_text
    from editor.host.training_data import photos_in

    if not values["data"]:
        raise click.UsageError(_("Say with --data what to learn from."))
    photos = photos_in(values["data"])
    with bar(_("Cutting photos")) as progress:
        clean = None if values.get("clean") else _cleaner(plugin, registry, values["base"])
        run = trainings.prepare(
            values["name"], plugin, photos, order, base=values["base"], clean=clean, progress=progress
        )
    click.echo(f"{harvest_text(run.harvest)}.")
    for line in beforehand(run.harvest, run.noise):
        click.echo(f"kintsugi: {line}", err=True)
    return run


def _cleaner(plugin: Plugin, registry: Registry, base: str) -> Clean | None:
    """What cleans noisy photos with the model that is gone on from; None where nothing has to."""
    from editor.host.training_noise import cleaner, is_lifted

    if not is_lifted(plugin, base):
        return None
    from editor.host import engine

    runner = Runner(registry, engine.set_up(Places.default(), lambda line: click.echo(f"kintsugi: {line}", err=True)))
    return cleaner(runner, plugin, base, CancelToken())


def _follow(trainings: Trainings, run: Run, plugin: Plugin) -> int:
    """Shows how it goes, to the end or to Ctrl+C."""
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    training = trainings.start(run, plugin, events.put)
    try:
        end = _watched(events)
    except KeyboardInterrupt:
        training.rest()
        end = _last(events)
    training.close()
    run = training.run
    if isinstance(end, Rested):
        click.echo(_("Stopped after step {step}; the same command goes on from there.").format(step=end.step))
        return 130
    if isinstance(end, Failed):
        raise EditorError(end.text)
    assert isinstance(end, Finished)
    return _judged(trainings, run, plugin, end)


def _judged(trainings: Trainings, run: Run, plugin: Plugin, end: Finished) -> int:
    from editor.host.training_card import unit

    outcome = trainings.outcome(run)
    click.echo(
        _("Measured on what was held back: {before:.2f} {unit} before, {after:.2f} {unit} after.").format(
            before=outcome.before, after=outcome.after, unit=unit(plugin)
        )
    )
    for line in outcome.lines:
        click.echo(line)
    if not outcome.better:
        trainings.forget(run)
        return 1
    manifest = trainings.keep(run, plugin, end.difference)
    click.echo(
        _("{name}: installed as {id}; the file differs from what was learned by at most {difference:.1g}.").format(
            name=run.name, id=manifest.id, difference=end.difference
        )
    )
    return 0


def _watched(events: queue.SimpleQueue[Event]) -> Event:
    """Shows a bar on a terminal; elsewhere a line for each measure."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = [TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(_("Starting"), total=None)
        measured = ""
        while True:
            event = events.get()
            match event:
                case Started():
                    progress.update(task, total=event.steps)
                    click.echo(
                        _("{steps} steps of {batch} patches on {device}.").format(
                            steps=event.steps, batch=event.batch, device=event.device
                        )
                    )
                case Learned():
                    text = _("step {step}, loss {loss:.4f}, {speed:.1f} steps/s").format(
                        step=event.step, loss=event.loss, speed=event.steps_per_s
                    )
                    progress.update(task, completed=event.step, description=f"{text}{measured}")
                case Measured():
                    measured = f", {event.value:.2f}"
                    if not console.is_terminal:
                        click.echo(_("step {step}: measured {value:.2f}").format(step=event.step, value=event.value))
                case Noted():
                    click.echo(f"kintsugi: {event.text}", err=True)
            if isinstance(event, ENDS):
                return event


def _last(events: queue.SimpleQueue[Event]) -> Event:
    while not isinstance(event := events.get(), ENDS):
        pass
    return event
