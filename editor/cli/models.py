"""`kintsugi models`: what there is, and accept, get, install, verify, measure, remove."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import click

from editor.cli.progress import bar
from editor.core.errors import ModelError
from editor.core.i18n import _
from editor.host.places import Places
from editor.runtime.library import Availability, ModelLibrary
from editor.runtime.manifest import PICTURE_ROLES, ROLES, ModelManifest


class ModelOfRole(click.ParamType[str]):
    """The id of any model for a use; the library is looked into only when help or a value asks for it."""

    name = "model"

    def __init__(self, role: str) -> None:
        self._role = role

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:  # noqa: ARG002 - click's own
        return f"[{'|'.join(self._ids())}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        known = self._ids()
        if value not in known:
            text = _("there is no model {id!r} for this; there are {known}.")
            self.fail(text.format(id=value, known=", ".join(known) or _("none")), param, ctx)
        return str(value)

    def _ids(self) -> list[str]:
        from editor.host.library import library, of_role

        return [model.id for model in of_role(library(Places.default()), self._role)]


def build() -> click.Group:
    """The group of commands."""
    group = click.Group("models", help=_("Show, get, install, check and remove the models of the learned methods."))
    model: list[click.Parameter] = [click.Argument(["model"])]
    file: list[click.Parameter] = [
        click.Argument(["file"], type=click.Path(path_type=Path)),
        click.Option(
            ["--for", "role"],
            type=click.Choice(PICTURE_ROLES),
            help=_("What an ONNX file is for that the editor does not know; it is tried out on small pictures."),
        ),
    ]
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
            if manifest.licence.commercial or manifest.own
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
    with bar(model) as progress:
        manifest = models.get(model, progress)
    click.echo(_("{model}: installed.").format(model=_(manifest.title)))
    return 0


def _install(models: ModelLibrary, file: Path, role: str | None) -> int:
    manifest = models.install(file) if role is None else _adopt(models, file, role)
    click.echo(_("{model}: installed.").format(model=_(manifest.title)))
    if role is not None and manifest.role not in ("", role):
        click.echo(_("It is a known model, for this: {use}.").format(use=_(ROLES[manifest.role])))
    return 0


def _adopt(models: ModelLibrary, file: Path, role: str) -> ModelManifest:
    """In another thread, so that Ctrl+C is heard while a model runs."""
    stop = threading.Event()
    with bar(file.name) as progress, ThreadPoolExecutor(1) as worker:
        try:
            return worker.submit(models.adopt, file, role, progress, stop.is_set).result()
        except KeyboardInterrupt:
            stop.set()
            raise


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
