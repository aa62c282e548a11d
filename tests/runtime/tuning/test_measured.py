"""What is measured: what the method makes of a network's result, where it does more."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from editor.runtime.tuning.loop import Plan, Trainer
from editor.runtime.tuning.patches import Patches
from editor.runtime.tuning.trainee import Trainee
from tests.runtime.tuning import tiny


def test_what_the_method_makes_of_the_result_is_measured(tmp_path: Path) -> None:
    def finished(_made: Tensor, given: Tensor) -> Tensor:
        return given.clamp(0, 1) / 2

    tiny.write_cells(tmp_path)
    patches = Patches(tmp_path / "train.npy")
    trainee = Trainee(tiny.network, tiny.examples, finished=finished)
    trainer = Trainer(tiny.recipe(), trainee, patches, Plan(steps=4, rate=1e-2, at_once=tiny.BATCH))
    given, wanted = tiny.examples(patches.first(4), torch.Generator().manual_seed(0), None)
    exact, result = trainer.measure(given, given.clamp(0, 1) / 2)
    assert exact == 100
    assert torch.equal(result, given.clamp(0, 1) / 2)
    assert trainer.measure(given, wanted)[0] < 50
