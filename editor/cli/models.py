"""`kintsugi models`: what there is, and accept, get, install, verify, measure, remove."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from editor.core.errors import ModelError
from editor.core.i18n import _
from editor.host.places import Places
from editor.runtime.library import Availability, ModelLibrary


def build() -> click.Group:
    """The group of commands."""
    group = click.Group("models", help=_("Show, get, install, check and remove the models of the learned methods."))
    model: list[click.Parameter] = [click.Argument(["model"])]
    file: list[click.Parameter] = [click.Argument(["file"], type=click.Path(path_type=Path))]
    for name, action, params, text in (
        ("list", _list, [], _("List the models: where each stands, its size, licence and speed.")),
        ("accept", _accept, model, _("Accept the licence of a model that may not be used commercially.")),
        ("get", _get, model, _("Fetch a model over the network and install it.")),
        ("install", _install, file, _("Install a model from a file, recognised by its content.")),
        ("verify", _verify, [], _("Check the files of all installed models.")),
        ("measure", _measure, model, _("Measure how fast an installed model runs on this machine.")),
        ("remove", _remove, model, _("Delete an installed model.")),
    ):
        group.add_command(click.Command(name, callback=partial(_with_library, action), params=params, help=text))
    return group


def _with_library(action: Callable[..., int], **values: Any) -> int:
    from editor.host.library import library

    return action(library(Places.default()), **values)


def _list(models: ModelLibrary) -> int:
    from editor.host.library import STATES, size_text
    from editor.host.speed import speeds

    measured = speeds(Places.default())
    rows = [
        (
            id_,
            _(STATES[models.availability(id_)]),
            size_text(manifest),
            manifest.licence.name
            if manifest.licence.commercial
            else _("{licence}, non-commercial").format(licence=manifest.licence.name),
            str(measured.get(manifest) or ""),
            _(manifest.summary),
        )
        for id_, manifest in sorted(models.store.manifests.items())
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)] if rows else []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False) if width]
        click.echo("  ".join([*cells, row[-1]]))
    return _report(models.store.errors.values())


def _report(errors: Any) -> int:
    for error in errors:
        click.echo(f"kintsugi: {error}", err=True)
    return 1 if errors else 0


def _accept(models: ModelLibrary, model: str) -> int:
    licence = models.store.manifest(model).licence
    models.accept(model)
    click.echo(
        _("{model}: licence accepted: {licence}, {link}").format(model=model, licence=licence.name, link=licence.link)
    )
    return 0


def _get(models: ModelLibrary, model: str) -> int:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(model, total=1.0)
        manifest = models.get(model, lambda share: bar.update(task, completed=share))
    click.echo(_("{model}: installed.").format(model=_(manifest.title)))
    return 0


def _install(models: ModelLibrary, file: Path) -> int:
    manifest = models.install(file)
    click.echo(_("{model}: installed.").format(model=_(manifest.title)))
    return 0


def _verify(models: ModelLibrary) -> int:
    failed = False
    for id_ in sorted(models.store.manifests):
        if models.availability(id_) is not Availability.INSTALLED:
            continue
        try:
            models.verify(id_)
            click.echo(_("{model}: as it should be.").format(model=id_))
        except ModelError as error:
            failed = True
            click.echo(f"kintsugi: {error}", err=True)
    return 1 if failed else 0


def _measure(models: ModelLibrary, model: str) -> int:
    from editor.host import engine, speed

    places, manifest = Places.default(), models.store.manifest(model)
    runs_on = engine.set_up(places, lambda line: click.echo(f"kintsugi: {line}", err=True))
    found = speed.measure(runs_on, manifest, lambda: False)
    speed.speeds(places).put(manifest, found)
    click.echo(f"{model}: {found}")
    return 0


def _remove(models: ModelLibrary, model: str) -> int:
    models.remove(model)
    click.echo(_("{model}: removed.").format(model=model))
    return 0
