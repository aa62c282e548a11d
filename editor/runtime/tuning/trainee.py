"""What the module `Recipe.net` of a method that can learn offers."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from editor.runtime.tuning.networks import NETWORKS
from editor.sdk.recipe import Recipe

Examples = Callable[[Tensor, torch.Generator, Tensor | None], tuple[Tensor, Tensor]]
"""Makes a network's input and what it should give from patches (B x 3 x H x W float32 RGB 0..1, and further planes if
the recipe prepares them), by chance from the generator; with noise of the user's camera (N x 3 x h x w) or None."""


Finish = Callable[[Tensor, Tensor], Tensor]
"""Makes of what a network gave (B x 3 x H x W), and of what it was given, the pictures that the method makes of these:
on the CPU."""


@dataclass(frozen=True, slots=True)
class Trainee:
    """network: makes it with fresh weights. critic: the network that it is trained against, if it is: it is given a
    picture and what the network was given beside one, and gives scores, as many a picture as it likes. finished: what
    the method does after the network, if that is part of how good it is: then its result is what is measured."""

    network: Callable[[], nn.Module]
    examples: Examples
    critic: Callable[[], nn.Module] | None = None
    finished: Finish | None = None


def trainee(recipe: Recipe) -> Trainee:
    """What the recipe names. Imports its module. Raises KeyError if there is no shared network of this name."""
    module = importlib.import_module(recipe.net)
    return Trainee(
        NETWORKS[recipe.network] if recipe.network else cast(Callable[[], nn.Module], module.network),
        cast(Examples, module.examples),
        cast("Callable[[], nn.Module] | None", getattr(module, "critic", None)),
        cast("Finish | None", getattr(module, "finished", None)),
    )
