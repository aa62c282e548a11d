"""How large the optimiser's steps are, from the first to the last."""

from __future__ import annotations

import math


def rate(step: int, steps: int, highest: float, warm_up: float) -> float:
    """The rate of a step, 0 <= step < steps: it rises from near zero to the highest over the share `warm_up` of all
    steps, then falls to near zero along half a cosine (I. Loshchilov, F. Hutter 2017,
    https://arxiv.org/abs/1608.03983, eq. 5)."""
    rising = max(1, round(steps * warm_up))
    if step < rising:
        return highest * (step + 1) / rising
    return highest * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising))) / 2
