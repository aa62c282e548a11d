"""On what a network learns, with how many threads, and from how many examples at a step."""

from __future__ import annotations

import os

import torch

from editor.core.errors import ModelError
from editor.core.i18n import _

# Of what takes a CPU's core a third of a second, a GPU does eight times as much before it is busy.
_WIDER = 8


def device(wanted: str) -> str:
    """torch's name of a device of this machine.

    Args:
        wanted: one of `editor.runtime.tuning.folder.DEVICES`.

    Raises:
        ModelError: there is no such device here.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there.get(wanted, False):
        raise ModelError(
            _("There is no device {name!r} to train on; here are: {known}.").format(
                name=wanted, known=", ".join(name for name, is_there in there.items() if is_there)
            )
        )
    return wanted


def leave_room() -> None:
    """Leaves a core to the window: torch takes the others."""
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))


def make_repeatable() -> None:
    """Lets a GPU add up in the same order each time: the same seed gives the same network.

    torch's own default lets it multiply in TF32; bfloat16 is slower for such small networks (on an H100).
    """
    torch.backends.cudnn.deterministic = True


def batch(usual: int, device: str) -> int:
    """Examples of a step: a GPU learns from many in nearly the time of a few."""
    return usual * _WIDER if device == "cuda" else usual


def makers(device: str) -> int:
    """How many processes make examples ahead: a GPU is faster than one core can make them."""
    return max(1, (os.cpu_count() or 2) - 2) if device == "cuda" else 0
