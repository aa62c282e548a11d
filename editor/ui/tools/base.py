"""What a tool is: a generator that receives the pointer's press, moves and release, in order, in image pixels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from PySide6.QtCore import Qt

from editor.core.document import DocumentState, MaskName
from editor.core.geometry import Rect
from editor.core.signal import Signal
from editor.core.tiles import TileWriter

Drag = Generator[None, "PointerEvent", None]
"""One press to release. It is closed (GeneratorExit) when the user gives the drag up; it then leaves nothing behind."""


Kind = Literal["press", "move", "release"]


@dataclass(frozen=True, slots=True)
class PointerEvent:
    """Where the pointer is.

    x, y: image pixels, also outside the picture.
    pressure: 0 to 1, of a pen; 1 for a mouse.
    view_zoom: device pixels per image pixel.
    """

    kind: Kind
    x: float
    y: float
    pressure: float = 1.0
    buttons: Qt.MouseButton = Qt.MouseButton.LeftButton
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    view_zoom: float = 1.0

    @property
    def alt(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.AltModifier)

    @property
    def shift(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.ShiftModifier)


@dataclass(frozen=True, slots=True)
class Sketch:
    """A thin line over the picture while a drag lasts: a polygon's points, or the box of a rectangle or ellipse."""

    kind: Literal["polygon", "rectangle", "ellipse"]
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Outline:
    """The circle that shows a brush at the pointer: its radius and the part of it that is hard, in image pixels."""

    radius_px: float
    hard_px: float


class Stage(Protocol):
    """What the canvas lets a tool do while a drag lasts."""

    @property
    def state(self) -> DocumentState:
        """The session's current state."""
        ...

    @property
    def painted(self) -> MaskName:
        """The mask that strokes go to."""
        ...

    def preview(self, writer: TileWriter, dirty: Rect) -> None:
        """Shows the unfinished mask in `writer` in place of the painted one; `dirty` is what changed since last."""
        ...

    def sketch(self, sketch: Sketch | None) -> None:
        """Shows a line over the picture until the drag ends."""
        ...

    def commit(self, state: DocumentState, label: str) -> None:
        """Ends the drag with one step of the history."""
        ...

    def pan_by(self, dx: float, dy: float) -> None:
        """Moves the picture under the view by image pixels, as far as it goes."""
        ...

    def zoom_at(self, factor: float, x: float, y: float) -> None:
        """Multiplies the zoom and keeps the image pixel (x, y) where it is in the view."""
        ...


class Tool(ABC):
    """A tool of the tool bar.

    options: a frozen dataclass of fields annotated with Range, Choice and Doc (editor.sdk.params), so that the options
    bar is made from `specs(type(tool.options))`; setting another instance emits `options_changed`.
    """

    id: ClassVar[str]
    shortcut: ClassVar[str]
    cursor: ClassVar[Qt.CursorShape] = Qt.CursorShape.CrossCursor

    def __init__(self, options: Any) -> None:
        self._options = options
        self.options_changed: Signal[()] = Signal()

    @property
    @abstractmethod
    def title(self) -> str:
        """The tool's name in the user's language."""

    @property
    def options(self) -> Any:
        return self._options

    @options.setter
    def options(self, options: Any) -> None:
        if options != self._options:
            self._options = options
            self.options_changed.emit()

    @abstractmethod
    def drag(self, stage: Stage) -> Drag:
        """A new drag, to be started with `next` and then sent the press, the moves and the release."""

    def outline(self) -> Outline | None:
        """The brush to show at the pointer, if the tool is one."""
        return None

    def adjust(self, start: Any, dx_px: float, dy_px: float) -> bool:  # noqa: ARG002 - for brushes
        """Changes size and hardness from the options `start` by a pointer's way; False if the tool has none."""
        return False

    def forget(self) -> None:  # noqa: B027 - most tools remember nothing
        """Drops what the tool remembers of the document, because another one was opened."""
