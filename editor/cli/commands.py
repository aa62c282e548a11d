"""The commands and their flags. A method's flags, help texts, ranges and defaults come from its declaration alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from editor import __version__
from editor.cli import batch, demo, measuring, models, training
from editor.core.errors import ModelError, ParamError
from editor.core.i18n import _
from editor.host.places import Places
from editor.host.presets import Presets
from editor.host.registry import Registry
from editor.host.runner import Runner
from editor.io.options import SUBSAMPLINGS, ExportOptions
from editor.sdk.params import ParamSpec, from_dict, to_dict
from editor.sdk.plugin import Makes, Plugin

_PATH = click.Path(path_type=Path)


def build(registry: Registry) -> click.Group:
    """The whole command line for these methods."""
    top = click.Group(
        "kintsugi",
        help=_(
            "Repairs photographs on this machine, changing no pixel outside the mask. Named without a "
            "command, a photo is opened in the window."
        ),
        params=[
            click.Option(
                ["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_print_version,
                help=_("Show the version and exit."),
            )
        ],
    )
    run = click.Group("run", help=_("Run a method on one photo (-o) or many (--out-dir)."))
    for plugin in registry.plugins.values():
        run.add_command(_method(plugin, registry))
    top.add_command(run)
    top.add_command(measuring.build(registry))
    top.add_command(models.build())
    top.add_command(training.build(registry))
    top.add_command(click.Command("list", callback=lambda: _list(registry), help=_("List the methods.")))
    top.add_command(
        click.Command(
            "demo",
            callback=lambda out_dir: demo.run(registry, out_dir),
            params=[
                click.Option(
                    ["--out-dir"],
                    type=_PATH,
                    default=Path("kintsugi-demo"),
                    show_default=True,
                    help=_("Where before, mask, after and side-by-side are written."),
                )
            ],
            help=_("Remove two things from the photo that comes with Kintsugi."),
        )
    )
    return top


def _method(plugin: Plugin, registry: Registry) -> click.Command:
    def callback(**values: Any) -> int:
        params = _params(plugin, values)
        options = ExportOptions()
        if plugin.makes is not Makes.MASK:
            options = ExportOptions(values["quality"], values["subsampling"], values["bits"], values["lossless"])
        task = batch.Task(
            runner=_runner(plugin, params, registry),
            plugin=plugin,
            params=params,
            seed=values.get("seed", 0),
            mask=values.get("mask"),
            include=values.get("include"),
            exclude=values.get("exclude"),
            grow_px=values.get("grow_mask", 0),
            feather_px=values.get("feather_mask", 0),
            options=options,
        )
        return batch.run(task, values["photos"], values["output"], values["out_dir"])

    return click.Command(plugin.id, callback=callback, params=method_options(plugin), help=_(plugin.summary))


def method_options(plugin: Plugin) -> list[click.Parameter]:
    """The method's own flags, then those that all methods share."""
    return [*(_flag(spec) for spec in plugin.specs), *_shared(plugin)]


def _runner(plugin: Plugin, params: Any, registry: Registry) -> Runner:
    """With an engine only where the method runs models, since ONNX Runtime takes a moment to import.

    Raises:
        ModelError: one of the models is not installed.
    """
    wanted = plugin.models_for(params)
    if not wanted:
        return Runner(registry)
    from editor.host import engine, library

    for model in library.missing(library.library(Places.default()), wanted):
        raise ModelError(model.advice)
    return Runner(registry, engine.set_up(Places.default(), lambda line: click.echo(f"kintsugi: {line}", err=True)))


def _params(plugin: Plugin, values: Mapping[str, Any]) -> Any:
    """The preset's parameters, or the defaults, with what was said on the command line laid over them."""
    context = click.get_current_context()
    given = {
        spec.name: values[spec.name]
        for spec in plugin.specs
        if context.get_parameter_source(spec.name) == ParameterSource.COMMANDLINE
    }
    try:
        preset = Presets(Places.default().presets).load(plugin, values["preset"]) if values["preset"] else None
        return from_dict(plugin.params, {**(to_dict(preset) if preset is not None else {}), **given})
    except ParamError as error:
        raise click.UsageError(str(error)) from error


def _flag(spec: ParamSpec) -> click.Option:
    if spec.type is bool:
        return click.Option(
            [f"{spec.flag}/--no-{spec.flag[2:]}"], default=spec.default, show_default=True, help=_(spec.doc.help)
        )
    if spec.choice is not None:
        kind: click.ParamType[Any] = click.Choice(spec.choice.values)
        shown = _(spec.doc.help)
    elif spec.role:
        kind = models.ModelOfRole(spec.role)
        shown = _(spec.doc.help)
    else:
        kind = click.INT if spec.type is int else click.FLOAT
        shown = f"{_(spec.doc.help)} [{spec.range}]"
    return click.Option([spec.flag], type=kind, default=spec.default, show_default=True, help=shown)


def _shared(plugin: Plugin) -> list[click.Parameter]:
    """What methods take beside their own parameters, as far as it makes sense for what this one makes."""
    masked = plugin.needs.mask or plugin.makes is Makes.PIXELS
    return [
        click.Argument(["photos"], nargs=-1, required=True, type=_PATH),
        *(_mask_input(plugin) if masked else ()),
        *(_mask_edge() if masked or plugin.makes is Makes.MASK else ()),
        *(_seed() if plugin.random else ()),
        click.Option(["--preset"], help=_("Start from a saved preset; flags given beside it win.")),
        click.Option(["-o", "--output"], type=_PATH, help=_("The file to write, for one photo.")),
        click.Option(["--out-dir"], type=_PATH, help=_("The folder to write to, under the photos' names.")),
        *(_export() if plugin.makes is not Makes.MASK else ()),
        *(_source() if plugin.needs.source else ()),
    ]


def _seed() -> list[click.Parameter]:
    return [
        click.Option(
            ["--seed"],
            type=click.IntRange(0, 2**31 - 1),
            default=0,
            show_default=True,
            help=_("Another seed gives another result; the same seed the same pixels."),
        )
    ]


def _mask_input(plugin: Plugin) -> tuple[click.Option, ...]:
    return (
        click.Option(
            ["--mask"],
            type=_PATH,
            required=plugin.needs.mask,
            help=_(
                "Picture as large as the photo, white = change; for several photos also a folder of masks, each "
                "named as its photo."
            ),
        ),
    )


def _mask_edge() -> tuple[click.Option, ...]:
    return (
        click.Option(
            ["--grow-mask"],
            type=click.IntRange(-500, 500),
            default=0,
            show_default=True,
            help=_("Widen (or with a minus narrow) the mask by so many pixels."),
        ),
        click.Option(
            ["--feather-mask"],
            type=click.FloatRange(0, 500),
            default=0,
            show_default=True,
            help=_("Soften the mask's edge over so many pixels."),
        ),
    )


def _source() -> tuple[click.Option, ...]:
    return (
        click.Option(["--include"], type=_PATH, help=_("Picture, white = copy only from here.")),
        click.Option(["--exclude"], type=_PATH, help=_("Picture, white = never copy from here.")),
    )


def _export() -> tuple[click.Option, ...]:
    return (
        click.Option(
            ["--quality"],
            type=click.IntRange(1, 100),
            default=ExportOptions().quality,
            show_default=True,
            help=_("JPEG and WebP quality."),
        ),
        click.Option(
            ["--subsampling"],
            type=click.Choice(SUBSAMPLINGS),
            default=ExportOptions().subsampling,
            show_default=True,
            help=_("JPEG chroma subsampling."),
        ),
        click.Option(
            ["--bits"], type=click.Choice([8, 16]), help=_("Bits a channel in PNG and TIFF.  [default: as the photo]")
        ),
        click.Option(["--lossless"], is_flag=True, help=_("Write WebP without loss.")),
    )


def _list(registry: Registry) -> None:
    for plugin in registry.plugins.values():
        click.echo(f"{plugin.id:16} {_(plugin.title)}: {_(plugin.summary)}")
    for name, error in registry.errors.items():
        click.echo(_("{name:16} could not be loaded: {error}").format(name=name, error=error), err=True)


def _print_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"kintsugi {__version__}")
        context.exit()
