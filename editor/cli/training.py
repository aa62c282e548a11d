"""`kintsugi train METHOD --data PHOTOS --name NAME`: trains a model, or goes on with a training."""

from __future__ import annotations

import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from editor.core.errors import EditorError
from editor.core.i18n import _
from editor.host.places import Places
from editor.host.registry import Registry
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
            group.add_command(_command(plugin))
    return group


def _command(plugin: Plugin) -> click.Command:
    from editor.runtime.tuning.folder import DEVICES

    return click.Command(
        plugin.id,
        callback=lambda **values: _train(plugin, **values),
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
        ],
    )


def _train(plugin: Plugin, **values: Any) -> int:
    from editor.host.library import library
    from editor.host.training import Trainings
    from editor.runtime.tuning.folder import Order

    if values["minutes"] is not None and values["steps"] is not None:
        raise click.UsageError(_("Give --minutes or --steps, not both."))
    minutes = values["minutes"] if values["steps"] is not None else values["minutes"] or _DEFAULT_MINUTES
    order = Order(values["steps"], minutes, values["device"], values["seed"])
    places = Places.default()
    trainings = Trainings(places.trainings, library(places))
    run = trainings.find(values["name"])
    if run is None:
        run = _prepared(trainings, plugin, order, values)
    elif (run.method, run.base, run.order) != (plugin.id, values["base"], order):
        raise EditorError(
            _(
                "There is a training called {name!r} that was begun otherwise; choose another name, or give what was "
                "given then."
            ).format(name=run.name)
        )
    return _follow(trainings, run, plugin)
