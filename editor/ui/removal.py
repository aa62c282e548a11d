"""The loop from a mask to an accepted result: run, look at the candidates in place, take one or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from editor.core.document import DocumentState
from editor.core.errors import EditorError
from editor.core.geometry import Rect
from editor.core.i18n import _
from editor.core.session import Session
from editor.host.jobs import Jobs
from editor.host.regions import mask_box
from editor.sdk.plugin import Makes
from editor.ui.bridge import Bridge
from editor.ui.thumbnails import focus, thumbnail, whole

if TYPE_CHECKING:
    from editor.host.apply import Choosing
    from editor.host.live import Live
    from editor.host.made import Made
    from editor.host.runner import Request, Runner


@dataclass(frozen=True, eq=False, slots=True)
class Candidate:
    """A result to choose from: what was made, the state that it was made from, a small picture of it for the strip."""

    made: Made
    based_on: DocumentState
    thumb: NDArray[np.uint8]

    @property
    def is_mask(self) -> bool:
        from editor.host.made import MadeMask

        return isinstance(self.made, MadeMask)

    @property
    def told(self) -> str:
        """What is said when it is accepted: of a mask, which is seen only where one looks, how much there is of it."""
        from editor.host.made import MadeMask

        if not isinstance(self.made, MadeMask):
            return ""
        told = self.made.note or ", ".join(self.made.facts)
        stays = self.made.mask.empty and not self.based_on.mask.empty
        return f"{told} {_('The mask stays as it was.')}".lstrip() if stays else told


class Removal(QObject):
    """The candidates of one session, in the order of arrival; one of them is current and shown.

    arrived(candidate): one more. shown_changed(): another one, or none, is to be shown in the picture.
    grew(): more is there of one that is watched while it is made. discarded(): nothing runs or is shown any more.
    decided(): the run leaves no choice, or was taken before it was done, and its one candidate is shown.
    cleared(): there are none any more.
    opened(session): a candidate was accepted that is a document of its own, to be shown in place of this one.
    progress(name, part): what runs, and how much of all is done. ran(running): work began or ended.
    failed(error): a request failed; the others go on.
    """

    arrived = Signal(object)
    shown_changed = Signal()
    grew = Signal()
    discarded = Signal()
    decided = Signal()
    opened = Signal(object)
    cleared = Signal()
    progress = Signal(str, float)
    ran = Signal(bool)
    failed = Signal(object)

    def __init__(self, jobs: Jobs, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._bridge = bridge
        self._session: Session | None = None
        self._choosing: Choosing | None = None
        self._busy: Rect | None = None
        self._direct = False
        self._watched = False
        self._taken = False
        self._partial: DocumentState | None = None
        self._awaited: Request | None = None
        self._turned = False
        self.candidates: list[Candidate] = []
        self.index = -1

    @property
    def running(self) -> bool:
        return self._choosing is not None

    @property
    def direct(self) -> bool:
        """Whether what runs leaves no choice: one result, which is judged best where it will be."""
        return self.running and self._direct

    @property
    def watched(self) -> bool:
        """Whether the result is watched while it is made: there is one only, and nothing to choose."""
        return self._watched

    @property
    def showing(self) -> bool:
        """Whether a candidate is shown, be it only in part."""
        return self.current is not None or self._partial is not None

    @property
    def outdated(self) -> bool:
        """Whether there are candidates of another mask or other pixels than there are now."""
        from editor.host.live import inputs_differ

        assert self._session is not None, "candidates belong to a document"
        state = self._session.state
        return any(inputs_differ(candidate.based_on, state) for candidate in self.candidates)

    @property
    def current(self) -> Candidate | None:
        """The candidate that is shown."""
        return self.candidates[self.index] if 0 <= self.index < len(self.candidates) else None

    @property
    def awaited(self) -> Request | None:
        """What will be shown in place of the current candidate as soon as it is there."""
        return self._awaited

    @property
    def turned(self) -> bool:
        """Whether the current candidate was awaited, and took the place of another."""
        return self._turned

    @property
    def busy(self) -> Rect | None:
        """The box of the mask that is worked on while there is nothing to show yet."""
        return self._busy if self.running and not self._watched and self.current is None else None

    def set_session(self, session: Session | None) -> None:
        """Works on another document from now on; what runs is stopped, what was found thrown away."""
        self.discard()
        self._session = session

    def start(
        self, runner: Runner, requests: Sequence[Request], live: Live | None = None, chosen: Request | None = None
    ) -> bool:
        """Runs the requests on the document as it is now; says whether there was anything to run.

        Candidates that were made from the same mask and pixels stay and are joined by the new ones; what they are the
        results of is not run again, unless pixels may be copied from elsewhere now. With `live` there is one request,
        which is watched: what is there of it is shown, until then what was shown before.

        The first candidate is shown, and that of `chosen` in its place once it is there, unless the user has picked one
        or is looking at earlier ones.
        """
        from editor.host.apply import Choosing

        assert self._session is not None, "there is a document to work on"
        state = self._session.state
        if live is not None:
            self._give_up()
        else:
            self.stop()
            if self._watched:
                self.discard()
            elif self.outdated:
                self._clear()
        made = [each.made.record for each in self.candidates if _same_source(each.based_on, state)]
        requests = [request for request in requests if not any(map(request.made, made))]
        if not requests:
            return False
        self._watched = live is not None
        self._awaited = chosen if not self.candidates else None
        choosing = Choosing(state, runner, self._jobs, live)
        self._choosing = choosing
        if live is not None:
            live.shown.connect(self._bridge.coalesced(lambda partial: self._grow(choosing, partial)))
        pixels = requests[0].plugin.makes is Makes.PIXELS
        self._direct = not pixels and len(requests) == 1 and not self.candidates
        self._busy = mask_box(state.mask) if pixels and not state.mask.empty else state.size.rect
        choosing.candidate.connect(lambda made: self._made(choosing, made))
        choosing.failed.connect(self._bridge.queued(lambda error: self._failed(choosing, error)))
        choosing.progress.connect(self._bridge.coalesced(lambda part, name: self._progressed(choosing, name, part)))
        choosing.finished.connect(self._bridge.queued(lambda: self._finished(choosing)))
        choosing.start(requests)
        self.ran.emit(True)
        return True

    def stop(self) -> None:
        """Stops what runs; the candidates that are there stay."""
        choosing, self._choosing = self._choosing, None
        self._awaited = None
        if choosing is not None:
            choosing.cancel()
            self.ran.emit(False)

    def supersede(self) -> None:
        """Stops what runs and gives the candidates up, but goes on showing what is shown until more comes."""
        self._give_up()
        # Who changes something wants to look at it again.
        self._taken = False

    def take(self) -> None:
        """Lets what is watched be decided as soon as all of it is there."""
        self._taken = True

    def _give_up(self) -> None:
        shown = self.preview()
        self.stop()
        if self.candidates:
            self.candidates, self.index = [], -1
            self.cleared.emit()
        self._watched, self._partial = True, shown

    def discard(self) -> None:
        """Stops what runs and throws the candidates away; the mask stays."""
        self.stop()
        self._clear()
        self.discarded.emit()

    def show(self, index: int) -> None:
        """Makes a candidate the shown one, as the user wants."""
        self.stay()
        if 0 <= index < len(self.candidates) and index != self.index:
            self._turned = False
            self._show(index)

    def stay(self) -> None:
        """What is shown stays until the user picks another."""
        if self.current is not None and self._awaited is not None:
            self._awaited = None
            self.shown_changed.emit()

    def step(self, direction: int) -> None:
        """Shows the next (+1) or previous (-1) candidate, round and round."""
        if self.candidates:
            self.show((self.index + direction) % len(self.candidates))

    def preview(self) -> DocumentState | None:
        """The document with the shown candidate in it; None without one, or if it is a document of its own."""
        candidate = self.current
        if candidate is None or self._session is None:
            return self._partial
        from editor.host.apply import preview
        from editor.host.made import MadePicture

        return preview(self._session.state, candidate.made) if not isinstance(candidate.made, MadePicture) else None

    def accept(self, *, although_stale: bool = False) -> None:
        """Puts the shown candidate into the document and drops the others; `opened` follows for one of its own, and
        they all stay until that is shown.

        Raises:
            StaleError: the picture under it changed since it was made; nothing was done.
        """
        from editor.host.apply import accept, new_document
        from editor.host.made import MadePicture

        candidate = self.current
        assert candidate is not None, "there is a candidate to accept"
        assert self._session is not None, "candidates belong to a document"
        based_on = self._session.state if although_stale else candidate.based_on
        if isinstance(candidate.made, MadePicture):
            self.opened.emit(new_document(self._session, candidate.made, based_on))
            return
        accept(self._session, candidate.made, based_on)
        self.discard()

    def _made(self, choosing: Choosing, made: Made) -> None:
        # Runs in the worker's thread: the small picture of a large hole would cost the window frames.
        candidate = Candidate(made, choosing.state, _thumb(choosing.state, made))
        self._bridge.post(lambda: self._add(choosing, candidate))

    def _add(self, choosing: Choosing, candidate: Candidate) -> None:
        if choosing is not self._choosing:
            return
        self.candidates.append(candidate)
        self.arrived.emit(candidate)
        if self._awaited is not None and self._awaited.made(candidate.made.record):
            self._awaited, self._turned = None, self.index >= 0
            self._show(len(self.candidates) - 1)
        elif self.index < 0:
            self._show(0)
        if self._direct or self._taken:
            self.decided.emit()

    def _show(self, index: int) -> None:
        self.index = index
        self.shown_changed.emit()

    def _grow(self, choosing: Choosing, partial: DocumentState) -> None:
        if choosing is self._choosing and self.current is None:
            self._partial = partial
            self.grew.emit()

    def _progressed(self, choosing: Choosing, name: str, part: float) -> None:
        if choosing is self._choosing:
            self.progress.emit(name, part)

    def _failed(self, choosing: Choosing, error: EditorError) -> None:
        if choosing is self._choosing:
            self.failed.emit(error)

    def _finished(self, choosing: Choosing) -> None:
        if choosing is self._choosing:
            self._choosing = self._awaited = None
            self.ran.emit(False)

    def _clear(self) -> None:
        showed = self.showing
        self._watched, self._taken, self._turned, self._partial = False, False, False, None
        if self.candidates:
            self.candidates, self.index = [], -1
            self.cleared.emit()
        if showed:
            self.shown_changed.emit()


def _same_source(one: DocumentState, other: DocumentState) -> bool:
    """Whether pixels may be copied from the same places."""
    return one.include is other.include and one.exclude is other.exclude


def _thumb(state: DocumentState, made: Made) -> NDArray[np.uint8]:
    from editor.host.apply import preview
    from editor.host.made import MadeMask, MadePicture

    if isinstance(made, MadePicture):
        return whole(made.pixels.read, made.pixels.size)
    if isinstance(made, MadeMask):
        photo, mask = whole(state.read, state.size), whole(made.mask.read, state.size)
        dimmed: NDArray[np.uint8] = (photo * (0.2 + 0.8 / 255 * mask)).astype(np.uint8)
        return dimmed
    return thumbnail(preview(state, made), focus(made.mask, made.rect))
