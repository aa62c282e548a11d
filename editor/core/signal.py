"""A small typed signal, so that nothing below the window needs Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVarTuple, Unpack

Args = TypeVarTuple("Args")


class Signal(Generic[*Args]):
    """Calls its listeners in the order in which they connected, in the thread that emits."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Unpack[Args]], None]] = []

    def connect(self, listener: Callable[[Unpack[Args]], None]) -> None:
        self._listeners.append(listener)

    def disconnect(self, listener: Callable[[Unpack[Args]], None]) -> None:
        """Raises ValueError if `listener` was not connected."""
        self._listeners.remove(listener)

    def emit(self, *args: *Args) -> None:
        for listener in tuple(self._listeners):
            listener(*args)
