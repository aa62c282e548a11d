"""What training needs to know of a method that can learn, as data: no torch here."""

from __future__ import annotations

from dataclasses import dataclass

from editor.sdk.models import TensorSpec


@dataclass(frozen=True, slots=True)
class Loss:
    """One term of what training makes small: its name, see `editor.runtime.tuning.losses`, and its weight.

    optional: it is left out where it compares features and the network for that is not installed.
    """

    name: str
    weight: float = 1.0
    optional: bool = False


FEATURE_LOSSES = ("perceptual", "style")
"""The losses that compare pictures by the features of a network that knows photos."""


@dataclass(frozen=True, slots=True)
class Export:
    """What the model file of a trained network takes and gives; it becomes the model's manifest.

    role: what the model is for, as in a manifest. input, output: picture tensors, NCHW float32.
    multiple_of, minimum: of the sides that it takes, in pixels. overlap_px: how far a result pixel looks around.
    memory_mb_per_mp: working memory per megapixel of input.
    """

    role: str
    input: TensorSpec
    output: TensorSpec
    multiple_of: int
    minimum: int
    overlap_px: int
    memory_mb_per_mp: float
    scale: int = 1


def planes_export(role: str, overlap_px: int) -> Export:
    """What the shared network `planes_unet` takes (RGB and one plane that tells it something) and gives (RGB)."""
    return Export(
        role=role,
        input=TensorSpec("planes", "NCHW", "float32", (0.0, 1.0), "planes", 4),
        output=TensorSpec("picture", "NCHW", "float32", (0.0, 1.0), "RGB", 3),
        multiple_of=8,
        minimum=16,
        overlap_px=overlap_px,
        memory_mb_per_mp=300,
    )


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the network of a method learns.

    net: the module that makes the examples that it learns from and holds the network, unless `network` names it, see
        `editor.runtime.tuning.trainee`; it is imported by the trainer alone.
    network: of those that several methods share, see `editor.runtime.tuning.networks`.
    starts_from: other methods whose models are of the same network and may be gone on from, with the version of their
        recipe.
    version: counted up whenever a network of another shape is made, so that older weights are refused.
    patch_px: side of the square patches that it learns from. batch: how many at a step, as far as memory allows.
    losses: what is made small.
    rate: highest step of the optimiser (AdamW) for a network that knows nothing; fine_rate: for one that does.
    warm_up: share of the steps in which the rate rises; then it falls to zero as a cosine.
    critic_penalty: weight of the penalty on the critic's slope at real pictures, where a loss has one: the smaller, the
        fainter differences it can tell.
    clip: largest norm of a gradient. average: decay of the running mean of weights that is kept in the end.
    measure: what is measured on photos that are not learned from, see `editor.runtime.tuning.measures`.
    lifts_noise: whether noise is lifted from flat parts of noisy photos and given to others; then noisy photos are
        first cleaned by the method itself, with the model that it goes on from.
    shrinks: photos are cut into patches at these fractions of their size: 2 is half of each side.
    cell_px: side of the cells of photos that patches are cut from; 0 for what is usual.
    prepares: a module without torch, whose `prepared(cell, rng)` adds planes to a cell once, when photos are cut, where
        that takes too long to do at each step: from S x S x 3 to S x S x C uint8, by chance from the generator. What
        is learned from is the cell and these planes, 3 + C of them.
    """

    net: str
    version: int
    patch_px: int
    batch: int
    losses: tuple[Loss, ...]
    rate: float
    fine_rate: float
    export: Export
    measure: str = "psnr"
    warm_up: float = 0.08
    critic_penalty: float = 1.0
    clip: float = 0.5
    average: float = 0.999
    lifts_noise: bool = False
    shrinks: tuple[int, ...] = (1, 2, 3, 4)
    cell_px: int = 0
    prepares: str = ""
    network: str = ""
    starts_from: tuple[tuple[str, int], ...] = ()
