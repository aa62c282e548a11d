"""The command line: every method with flags made from its declaration, one picture or many."""

from __future__ import annotations

from collections.abc import Sequence

from editor.host.registry import Registry

__all__ = ["main"]


def main(words: Sequence[str], registry: Registry | None = None) -> int:
    """Runs one command with the methods of `registry` (by default all that are found).

    Returns the exit code: 0 done, 1 a picture failed, 2 wrong usage, 130 interrupted.
    """
    import click

    from editor.cli.commands import build
    from editor.core.errors import EditorError
    from editor.core.i18n import _, set_language
    from editor.host import log
    from editor.host.places import Places

    set_language()
    log.set_up(Places.default())
    try:
        code = build(registry or Registry.scan()).main(list(words), prog_name="kintsugi", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo(_("Interrupted."), err=True)
        return 130
    except click.ClickException as error:
        click.echo(f"kintsugi: {error.format_message()}", err=True)
        return error.exit_code
    except EditorError as error:
        click.echo(f"kintsugi: {error}", err=True)
        return 1
    return int(code or 0)
