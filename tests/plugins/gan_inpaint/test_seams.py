"""Where a fill is repaired, and how far."""

from __future__ import annotations

import numpy as np

from plugins.gan_inpaint.seams import within


def test_a_repair_makes_no_specks_that_are_brighter_or_more_colourful_than_what_is_near() -> None:
    filled = np.full((40, 60, 3), 0.3, np.float32)
    filled[:, 30:] = 0.6
    specks = filled + np.random.default_rng(4).normal(0, 0.3, filled.shape).astype(np.float32)
    made = within(specks, filled)
    assert np.abs(made - filled).max() > 0.2
    assert made.min() > 0.3 - 1e-6
    assert made.max() < 0.6 + 1e-6
    assert np.ptp(made, axis=2).max() < 1e-6
