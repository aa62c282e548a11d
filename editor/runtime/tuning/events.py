"""What a trainer tells while it works, in the order in which it happens; plain data, sent through a pipe."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Started:
    """It learns: how many steps in all, how many examples at a step and at once in memory, and on what."""

    steps: int
    batch: int
    at_once: int
    device: str


@dataclass(frozen=True, slots=True)
class Learned:
    """The mean loss since the last such event, up to a step (counted from 1), and how fast it goes."""

    step: int
    loss: float
    steps_per_s: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What the averaged weights gave on photos that are not learned from, after a step; 0 is before the first.

    pictures: a held-out patch as the network gets it, what it makes of it and what it should be: H x W x 3 uint8
        RGB; None when they are told of again after a start from a checkpoint.
    """

    step: int
    value: float
    pictures: tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]] | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """A line for the user: something went otherwise than planned."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """It is over, and the best weights are exported into the run's folder.

    step: of these weights. difference: the largest between the exported file and the network, of values 0..1.
    """

    step: int
    difference: float


@dataclass(frozen=True, slots=True)
class Rested:
    """It stopped, and can go on later."""

    step: int


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not go on: a line for the user, and the cause for the log."""

    text: str
    cause: str = ""


Event = Started | Learned | Measured | Noted | Finished | Rested | Failed
ENDS = (Finished, Rested, Failed)
