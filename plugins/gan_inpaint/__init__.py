"""GAN fill: what was painted over is filled by patches, and the fill repaired by a network that learned against a
critic."""

from __future__ import annotations

from editor.sdk.models import TensorSpec
from editor.sdk.recipe import Export, Loss, Recipe

RECIPE = Recipe(
    net="plugins.gan_inpaint.net",
    version=1,
    patch_px=256,
    batch=4,
    losses=(Loss("l1", 10.0), Loss("perceptual", 4.0), Loss("hinge", 0.15)),
    rate=5e-4,
    fine_rate=1e-4,
    measure="structure",
    cell_px=256,
    prepares="plugins.gan_inpaint.holes",
    export=Export(
        role="fill",
        input=TensorSpec("planes", "NCHW", "float32", (0.0, 1.0), "planes", 4),
        output=TensorSpec("picture", "NCHW", "float32", (0.0, 1.0), "RGB", 3),
        multiple_of=8,
        minimum=64,
        overlap_px=160,
        memory_mb_per_mp=400,
    ),
)
