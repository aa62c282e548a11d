"""The examples that a network learns from, step after step, made ahead where the device would wait for them."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from editor.runtime.tuning.patches import Patches
from editor.runtime.tuning.trainee import Examples

Example = tuple[Tensor, Tensor]
"""What a network is given and what it should give, a batch of each."""


def chance(seed: int, step: int, setbacks: int) -> np.random.SeedSequence:
    """Where all chance of a step comes from, so that it is the same whenever and wherever it is made."""
    return np.random.SeedSequence((seed, step, setbacks))


@dataclass(frozen=True, slots=True, eq=False)
class Feed(Dataset[Example]):
    """Makes the examples of any step: `feed[step, setbacks]`. bank: N x 3 x h x w noise of a camera, or None."""

    examples: Examples
    patches: Patches
    bank: Tensor | None
    batch: int
    patch_px: int
    seed: int

    def __getitem__(self, turn: tuple[int, int]) -> Example:
        seeds = chance(self.seed, *turn)
        generator = torch.Generator().manual_seed(int(seeds.generate_state(1)[0]))
        clean = self.patches.batch(self.batch, self.patch_px, np.random.default_rng(seeds))
        return self.examples(clean, generator, self.bank)

    def run(self, steps: range, setbacks: int, makers: int) -> Iterator[Example]:
        """The examples of these steps in turn.

        Args:
            makers: how many processes make them ahead; 0 makes each when it is asked for.
        """
        loader = DataLoader(
            self,
            batch_size=None,
            sampler=zip(steps, itertools.repeat(setbacks)),
            num_workers=makers,
            worker_init_fn=_ignore_interrupt,
            pin_memory=makers > 0 and torch.cuda.is_available(),
            multiprocessing_context="spawn" if makers else None,
            # Or it would draw from the chance of the network.
            generator=torch.Generator(),
        )
        return iter(loader)


def _ignore_interrupt(_number: int) -> None:
    """Ctrl+C in a terminal goes to all its processes; the one that started the trainer decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
