"""Runs a method on photos: one bad file stops nothing, and the count at the end is honest."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from editor.core.document import DocumentState, MaskName
from editor.core.errors import EditorError, MaskError
from editor.core.i18n import _, ngettext
from editor.host import documents, mask_edits
from editor.host.apply import accept, changed_outside, new_document, preview
from editor.host.jobs import CancelToken, Progress
from editor.host.made import MadeMask, MadePicture
from editor.host.runner import Request, Runner
from editor.io.write import WRITE_SUFFIXES, ExportOptions, keeps_pixels
from editor.sdk.plugin import Makes, Plugin

log = logging.getLogger("kintsugi.batch")

_MASK_SUFFIXES = (".png", ".tif", ".tiff")
"""What keeps a mask as it is, in grey."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is done to each photo. `mask` is a file for all, or a folder of masks named as the photos.

    grow_px, feather_px: of the mask that the method works on, or of the one that it makes.
    """

    runner: Runner
    plugin: Plugin
    params: Any
    seed: int
    mask: Path | None
    include: Path | None
    exclude: Path | None
    grow_px: int
    feather_px: float
    options: ExportOptions


def run(task: Task, photos: Sequence[Path], output: Path | None, out_dir: Path | None) -> int:
    """Works all photos; returns 0 if every one was written, else 1. Raises UsageError for contradictory flags."""
    targets = _targets(photos, output, out_dir, task.plugin.makes)
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    done = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        whole = bars.add_task(_(task.plugin.title), total=len(targets))
        for index, (photo, target) in enumerate(targets):

            def tell(part: float, _text: str, at: int = index) -> None:
                bars.update(whole, completed=at + part)

            try:
                line = _one(task, photo, target, tell)
            except Exception as error:  # noqa: BLE001 - whatever it was, the other photos are worked all the same
                reason = _reason(photo, error)
                line = reason if photo.name in reason else f"{photo}: {reason}"
                bars.console.print(f"kintsugi: {line}", style=None, markup=False, highlight=False, soft_wrap=True)
            else:
                done += 1
                click.echo(line)
            bars.update(whole, completed=index + 1)
    if len(targets) > 1:
        text = ngettext(
            "{done} of {count} photos done, {failed} failed.",
            "{done} of {count} photos done, {failed} failed.",
            len(targets),
        )
        click.echo(text.format(done=done, count=len(targets), failed=len(targets) - done))
    return 0 if done == len(targets) else 1


def _reason(photo: Path, error: Exception) -> str:
    """The line for the user; the log gets the cause."""
    if isinstance(error, EditorError):
        log.warning("%s failed", photo, exc_info=error)
        return str(error)
    log.error("%s failed", photo, exc_info=error)
    if isinstance(error, MemoryError):
        return _("There is not enough memory; close other programs or mask less.")
    return _("Something went wrong in Kintsugi itself. The log says what.")


def _targets(
    photos: Sequence[Path], output: Path | None, out_dir: Path | None, makes: Makes
) -> list[tuple[Path, Path]]:
    if (output is None) == (out_dir is None):
        raise click.UsageError(_("Say where to write: -o FILE for one photo, --out-dir FOLDER for several."))
    if output is not None:
        if len(photos) != 1:
            text = ngettext(
                "-o takes one photo, not {count}; use --out-dir FOLDER.",
                "-o takes one photo, not {count}; use --out-dir FOLDER.",
                len(photos),
            )
            raise click.UsageError(text.format(count=len(photos)))
        targets = [(photos[0], output)]
    else:
        assert out_dir is not None
        masks = makes is Makes.MASK
        targets = [(photo, out_dir / (f"{photo.stem}.png" if masks else photo.name)) for photo in photos]
    twice = {target for _photo, target in targets if sum(other == target for _photo, other in targets) > 1}
    if twice:
        raise click.UsageError(_("Two photos would both be written to {file}; run them apart.").format(file=min(twice)))
    suffixes = _MASK_SUFFIXES if makes is Makes.MASK else WRITE_SUFFIXES
    for photo, target in targets:
        # A name of the user's own; of one that is no picture's, reading says so, and the others are worked.
        if output is not None and target.suffix.lower() not in suffixes:
            known = ", ".join(suffixes)
            raise click.UsageError(
                _("{file} is no format that can be written; use {known}.").format(file=target, known=known)
            )
        if target.resolve() == photo.resolve():
            raise click.UsageError(
                _("{photo} would be overwritten; write to another name or folder.").format(photo=photo)
            )
    return targets


def _one(task: Task, photo: Path, target: Path, tell: Progress) -> str:
    """Works one photo and says so in a line."""
    began = time.perf_counter()
    session, notes = documents.open_document(photo)
    state = session.state
    if task.plugin.makes is not Makes.MASK:
        state = _with_edge(task, _with_masks(task, state, photo))
        if task.mask is not None and state.mask.empty:
            # Without a mask many methods change all of the photo: the opposite of what was asked for.
            raise MaskError(_("The mask is black all over: make it white where the photo should change."))
        session.commit(state, _("Mask"))
    made = task.runner.run(state, Request(task.plugin, task.params, task.seed), CancelToken(), tell)
    facts = made.facts
    if isinstance(made, MadeMask):
        documents.export_mask(_with_edge(task, preview(state, made)).mask, target)
        notes += (made.note,) if made.note else ()
    elif isinstance(made, MadePicture):
        new = new_document(session, made, state).state
        notes += documents.export_document(new, target, task.options)
        facts.append(f"{new.size.width} × {new.size.height}")
    else:
        accept(session, made, state)
        notes += documents.export_document(session.state, target, task.options)
        if keeps_pixels(target, task.options):
            outside = changed_outside(session)
            facts.append(
                ngettext("{count} px changed outside the mask", "{count} px changed outside the mask", outside).format(
                    count=outside
                )
            )
        else:
            notes += (_("Written with loss, which changes all pixels a little; PNG and TIFF keep them to the bit."),)
    facts.append(_("{seconds:.1f} s").format(seconds=time.perf_counter() - began))
    return "\n  ".join([f"{photo} -> {target}: {', '.join(facts)}", *notes])


def _with_masks(task: Task, state: DocumentState, photo: Path) -> DocumentState:
    paths: tuple[tuple[MaskName, Path | None], ...] = (
        ("mask", _mask_for(task.mask, photo) if task.mask else None),
        ("include", task.include),
        ("exclude", task.exclude),
    )
    for name, path in paths:
        if path is not None:
            state = documents.load_mask(state, path, name)
    return state


def _with_edge(task: Task, state: DocumentState) -> DocumentState:
    if task.grow_px:
        state = mask_edits.grow(state, "mask", task.grow_px)
    if task.feather_px:
        state = mask_edits.feather(state, "mask", task.feather_px)
    return state


def _mask_for(mask: Path, photo: Path) -> Path:
    if not mask.is_dir():
        return mask
    named = sorted(path for path in mask.iterdir() if path.stem == photo.stem and path.is_file())
    if not named:
        raise MaskError(
            _("There is no mask named {name} in {mask}; add one or leave this photo out.").format(
                name=photo.stem, mask=mask
            )
        )
    return named[0]
