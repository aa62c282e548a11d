"""How a training goes, from its events: the curves, the newest pictures, and how long it may still take."""

from __future__ import annotations

from editor.core.i18n import _, ngettext
from editor.runtime.tuning.events import Event, Learned, Measured, Noted, Started

_NOTES = 100


class Course:
    """Takes the events of one start of a training, in which those of earlier starts are told again first.

    pictures: of the newest measure that had any.
    """

    def __init__(self) -> None:
        self.started: Started | None = None
        self.learned: list[Learned] = []
        self.measured: list[Measured] = []
        self.pictures: Measured | None = None
        self.notes: list[str] = []

    def take(self, event: Event) -> None:
        """Adds what an event tells. A step told of anew takes the place of it and of all after it."""
        match event:
            case Started():
                self.started = event
            case Learned():
                while self.learned and self.learned[-1].step >= event.step:
                    self.learned.pop()
                self.learned.append(event)
            case Measured():
                while self.measured and self.measured[-1].step >= event.step:
                    self.measured.pop()
                # The curve is kept for hours; of the pictures the newest are enough.
                self.measured.append(Measured(event.step, event.value))
                if event.pictures is not None:
                    self.pictures = event
            case Noted():
                self.notes = [*self.notes[1 - _NOTES :], event.text]

    @property
    def step(self) -> int:
        """The last that was told of."""
        return max((points[-1].step for points in (self.learned, self.measured) if points), default=0)

    @property
    def steps(self) -> int:
        """In all; 0 until that is known."""
        return self.started.steps if self.started is not None else 0

    @property
    def share(self) -> float:
        """What is done, 0..1."""
        return min(1.0, self.step / self.steps) if self.steps else 0.0

    @property
    def left_s(self) -> float | None:
        """About how long it still takes; None while nobody knows."""
        if not self.steps or not self.learned or self.learned[-1].steps_per_s <= 0:
            return None
        return max(0.0, (self.steps - self.step) / self.learned[-1].steps_per_s)


def left_text(seconds: float) -> str:
    """A time that is left, for the user."""
    minutes = round(seconds / 60)
    if seconds < 60:
        shown = max(1, round(seconds))
        return ngettext("{count} s left", "{count} s left", shown).format(count=shown)
    if minutes < 60:
        return ngettext("{count} min left", "{count} min left", minutes).format(count=minutes)
    return _("{hours} h {minutes} min left").format(hours=minutes // 60, minutes=minutes % 60)
