"""From a method to the document: candidates are made, compared, and one is accepted. The sole path into a document."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from editor.core.document import DocumentState
from editor.core.errors import EditorError
from editor.core.geometry import TileKey, tile_rect
from editor.core.history import Step
from editor.core.i18n import _
from editor.core.layers import Layer
from editor.core.session import Session
from editor.core.signal import Signal
from editor.core.tiles import Pixels, TileMap
from editor.host.jobs import Job, Jobs
from editor.host.live import Live
from editor.host.made import Made, MadeMask, MadePicture, Patch
from editor.host.runner import Request, Runner


class StaleError(EditorError):
    """The picture changed under a candidate since it was made."""


class Choosing:
    """The candidates of one run, made one after another from the document's state at the start.

    Signals come from the worker's thread. `progress` says how much of all is done, and the name of what runs.
    `failed` is emitted for each request that fails; the others go on.
    `finished` is emitted once, after the last request ended. With `live` they are watched while they are made.
    """

    def __init__(self, state: DocumentState, runner: Runner, jobs: Jobs, live: Live | None = None) -> None:
        self.state = state
        self._live = live
        self.candidate: Signal[Made] = Signal()
        self.failed: Signal[EditorError] = Signal()
        self.progress: Signal[float, str] = Signal()
        self.finished: Signal[()] = Signal()
        self._runner = runner
        self._jobs = jobs
        self._running: list[Job[Made]] = []

    @property
    def running(self) -> bool:
        return bool(self._running)

    def start(self, requests: Sequence[Request]) -> None:
        """Queues one job for each request; may be called once."""
        for index, request in enumerate(requests):
            self._running.append(self._job(request, index / len(requests), 1 / len(requests)))
        for job in tuple(self._running):
            self._jobs.start(job)

    def cancel(self) -> None:
        """Stops what still runs; candidates that arrived stay valid."""
        for job in tuple(self._running):
            job.cancel()

    def _job(self, request: Request, begin: float, share: float) -> Job[Made]:
        name = self._runner.name(request)
        job = Job(
            lambda token, tell: self._runner.run(self.state, request, token, tell, self._live),
            _label(name, request.seed if request.plugin.random else None),
        )
        job.progress.connect(lambda part, _text: self.progress.emit(begin + share * part, name))
        job.done.connect(self.candidate.emit)
        job.failed.connect(self.failed.emit)
        job.finished.connect(lambda: self._ended(job))
        return job

    def _ended(self, job: Job[Made]) -> None:
        self._running.remove(job)
        if not self._running:
            self.finished.emit()


def preview(state: DocumentState, made: Patch | MadeMask) -> DocumentState:
    """`state` with a patch as a layer on top, named as its step, so that layers of one method are told apart; or with
    the candidate as its mask."""
    if isinstance(made, MadeMask):
        return state.with_mask("mask", made.mask)
    name = _label(made.name, made.seed)
    layer = Layer(state.next_layer_id(), name, made.pixels, made.mask, record=made.record.to_json())
    return state.with_layer(layer)


def accept(session: Session, made: Patch | MadeMask, based_on: DocumentState) -> Step:
    """Puts the candidate into the document, in one step: a mask in place of the mask, if it selects anything at all,
    else there is no step; a patch as a layer, with its pixels taken off the mask, while what was painted elsewhere
    meanwhile stays on it.

    Raises:
        StaleError: the picture under the candidate is not the one it was made from.
    """
    changed = based_on.pixels_differ(session.state)
    if isinstance(made, Patch):
        # Of the mask: its pixels have no tile where all of them are black.
        changed &= made.mask.tiles.keys()
    _require_unchanged(changed)
    if isinstance(made, MadeMask) and made.mask.empty:
        return session.history.current
    state = preview(session.state, made)
    if isinstance(made, Patch):
        state = state.with_mask("mask", _without(state.mask, made.mask))
    return session.commit(state, _label(made.name, made.seed), made.record.to_json())


def new_document(source: Session, made: MadePicture, based_on: DocumentState) -> Session:
    """A document of its own, in no file yet, with the profile and the metadata of the one that it was made from.

    What of the metadata depends on the picture's size is brought in line with it on export, as for all documents.

    Raises:
        StaleError: the source changed since the candidate was made.
    """
    _require_unchanged(based_on.pixels_differ(source.state))
    method, record = _(made.title), made.record.to_json()
    base = Layer(0, f"{source.opened.layers[0].name}, {method}", made.pixels, record=record)
    blank = TileMap.blank(made.pixels.size, 1, np.uint8)
    state = DocumentState((base,), blank, blank, blank, source.state.metadata)
    return Session.open(state, None, f"{source.name}, {method}", record)


def _require_unchanged(changed: set[TileKey]) -> None:
    if changed:
        raise StaleError(_("The picture changed under this result since it was made; press R to make it again."))


def changed_outside(session: Session, check: Callable[[], None] = lambda: None) -> int:
    """How many pixels of the flattened picture differ from the opened one although no visible layer's mask covers them.

    It must be 0. Compares what is there, rather than trusting how it was made. `check` is called for each tile, and may
    raise Cancelled.
    """
    before, now = session.opened, session.state
    count = 0
    for key in before.pixels_differ(now):
        check()
        rect = tile_rect(key, now.size)
        outside = np.ones((rect.height, rect.width), np.bool_)
        for layer in now.layers[1:]:
            if layer.visible:
                outside &= layer.mask is not None and layer.mask.read(rect)[..., 0] == 0
        count += int((outside & (_bits(before.read(rect)) != _bits(now.read(rect))).any(axis=-1)).sum())
    return count


def _bits(pixels: Pixels) -> Pixels:
    # A value that is not a number differs from itself.
    return pixels.view(f"u{pixels.dtype.itemsize}")


def _label(name: str, seed: int | None) -> str:
    return name if seed is None else _("{method}, seed {seed}").format(method=name, seed=seed)


def _without(mask: TileMap, taken: TileMap) -> TileMap:
    if mask is taken:
        return TileMap.blank(mask.size, 1, np.uint8)
    writer = mask.write()
    for key in mask.tiles.keys() & taken.tiles.keys():
        writer.pixels(key)[taken.tiles[key].pixels > 0] = 0
    return writer.freeze()
