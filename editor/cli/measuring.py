"""`kintsugi measure`: what a method's parameters should be by what is in a photo, as flags for `kintsugi run`."""

from __future__ import annotations

from pathlib import Path

import click

from editor.core.i18n import _
from editor.host import documents
from editor.host.jobs import CancelToken
from editor.host.registry import Registry
from editor.host.runner import Runner
from editor.sdk.plugin import Plugin

_PATH = click.Path(path_type=Path)


def build(registry: Registry) -> click.Group:
    """One command for each method that has something to measure."""
    group = click.Group("measure", help=_("Measure what a method should be told of a photo; prints it as flags."))
    for plugin in registry.plugins.values():
        if any(spec.measured is not None for spec in plugin.specs):
            group.add_command(_command(plugin, registry))
    return group


def _command(plugin: Plugin, registry: Registry) -> click.Command:
    def callback(photo: Path, mask: Path | None) -> None:
        session, _notes = documents.open_document(photo)
        state = session.state if mask is None else documents.load_mask(session.state, mask, "mask")
        flags = []
        for spec in plugin.specs:
            if spec.measured is not None:
                value = Runner(registry).measure(state, plugin, spec, CancelToken(), lambda _part, _text: None)
                flags.append(f"{spec.flag} {value}")
        click.echo(" ".join(flags))

    return click.Command(
        plugin.id,
        callback=callback,
        params=[
            click.Argument(["photo"], type=_PATH),
            click.Option(
                ["--mask"],
                type=_PATH,
                help=_("Picture as large as the photo, white = measure here; best a flat patch."),
            ),
        ],
        help=_(plugin.summary),
    )
