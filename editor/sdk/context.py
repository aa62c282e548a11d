"""What a running method may ask of its host: progress, cancel, randomness, threads, models, other methods."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from editor.sdk.models import ModelFacts
from editor.sdk.plugin import Inputs, Result

T = TypeVar("T")
R = TypeVar("R")


class Context(Protocol):
    """Handed to `run`. Every method is safe to call from the threads that `map` starts."""

    @property
    def seed(self) -> int:
        """The seed of this run; equal inputs, parameters and seed give equal pixels."""
        ...

    @property
    def rng(self) -> np.random.Generator:
        """A generator seeded by `seed`; for use in the thread that called `run` only."""
        ...

    @property
    def threads(self) -> int:
        """How many threads the method may keep busy."""
        ...

    @property
    def origin(self) -> tuple[int, int]:
        """Where the inputs' first pixel lies in the document, (x, y); seeds noise by place, not by tile."""
        ...

    def progress(self, fraction: float, text: str = "") -> None:
        """Says how much is done, 0 to 1, and optionally what is being done. Also checks for cancel.

        Raises:
            Cancelled: the user cancelled.
        """
        ...

    def check(self) -> None:
        """Raises Cancelled if the user cancelled. Call it at least every 100 ms of work."""
        ...

    def sub(self, start: float, end: float) -> Context:
        """This context with its progress mapped into `start` to `end`, to hand on to a part of the work."""
        ...

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """`function` of every item, on up to `threads` threads, results in order; the first error is raised."""
        ...

    def model(self, model: str) -> ModelFacts:
        """What is known of a model, whether or not it is installed.

        Raises:
            ModelError: there is none of this id.
        """
        ...

    def infer(self, model: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Runs an installed model on named tensors, laid out as its manifest says.

        Raises:
            ModelError: it is not installed, or failed on every device.
            Cancelled: the user cancelled.
        """
        ...

    def run(self, method: str, inputs: Inputs, **params: object) -> Result:
        """Runs another method by its id on the given inputs.

        Raises:
            PluginError: there is no such method, or it failed.
        """
        ...
