"""The loop that trains a network: one step after another, each the same again when it is repeated."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from editor.runtime.tuning import losses
from editor.runtime.tuning.devices import batch, makers
from editor.runtime.tuning.feed import Example, Feed, chance
from editor.runtime.tuning.measures import MEASURES
from editor.runtime.tuning.patches import Patches
from editor.runtime.tuning.schedule import rate
from editor.runtime.tuning.trainee import Trainee
from editor.sdk.recipe import Recipe

# The penalty costs a second gradient: so only at every 16th step, and for all of them (T. Karras et al. 2020, B).
_R1_EVERY = 16
# Far above what it sees but for its penalty, which weighs sixteen times as much where it is paid.
_CRITIC_CLIP = 100.0
_CRITIC_BETAS = (0.0, 0.99)


class NotFiniteError(ArithmeticError):
    """The loss or its gradient is no number any more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and from what a network learns.

    steps: all of them. rate: the highest of the optimiser. at_once: examples in memory together; a step's batch is made
    of as many such pieces as it needs. device: torch's name. seed: of all chance.
    """

    steps: int
    rate: float
    at_once: int
    device: str = "cpu"
    seed: int = 0


class Trainer:
    """A network, what it learns from, and how far it is.

    features: by which pictures are compared, if a loss of the recipe does so. bank: N x 3 x h x w noise of a camera, or
    None.
    """

    def __init__(
        self,
        recipe: Recipe,
        trainee: Trainee,
        patches: Patches,
        plan: Plan,
        *,
        features: losses.Features | None = None,
        bank: Tensor | None = None,
    ) -> None:
        losses.check(recipe.losses)
        torch.manual_seed(plan.seed)
        self.plan = plan
        self.done = 0
        self.setbacks = 0
        self._recipe = recipe
        self._feed = Feed(trainee.examples, patches, bank, batch(recipe.batch, plan.device), recipe.patch_px, plan.seed)
        self._coming: Iterator[Example] | None = None
        self._present: Example | None = None
        self._features = features
        self._terms = [
            (losses.PIXEL_LOSSES[loss.name], loss.weight) for loss in recipe.losses if loss.name in losses.PIXEL_LOSSES
        ]
        self._feature_terms = [
            (losses.FEATURE_LOSSES[loss.name], loss.weight)
            for loss in recipe.losses
            if loss.name in losses.FEATURE_LOSSES and (features is not None or not loss.optional)
        ]
        if self._feature_terms and features is None:
            raise ValueError("these losses need a network of features")
        self._finished = trainee.finished
        self._adversary = next((loss for loss in recipe.losses if loss.name in losses.ADVERSARIAL), None)
        self.network = self._placed(trainee.network())
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        self._optimiser = torch.optim.AdamW(self.network.parameters(), plan.rate, fused=True)
        self._critic: nn.Module | None = None
        if self._adversary is not None:
            if trainee.critic is None:
                raise ValueError(f"{recipe.net} has an adversarial loss, but no critic")
            self._critic = self._placed(trainee.critic())
            self._critic_optimiser = torch.optim.Adam(self._critic.parameters(), plan.rate, betas=_CRITIC_BETAS)

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Goes on from these weights. Raises RuntimeError if they are of another network."""
        self.network.load_state_dict(weights)
        self.average.load_state_dict(weights)

    def step(self) -> float:
        """Learns from one batch; returns the loss.

        Raises:
            NotFiniteError: it is no number, or its gradient is none; then only a state saved before is sound.
        """
        pace = rate(self.done, self.plan.steps, self.plan.rate, self._recipe.warm_up) * 0.5**self.setbacks
        given, wanted = self._examples()
        # For networks with chance of their own: going on from a state would give them other numbers.
        torch.manual_seed(int(chance(self.plan.seed, self.done, self.setbacks).generate_state(1)[0]))
        _pace(self._optimiser, pace)
        self._optimiser.zero_grad(set_to_none=True)
        loss = 0.0
        for piece, goal, share in self._pieces(given, wanted):
            term = self.loss(piece, goal)
            (term * share).backward()  # type: ignore[no-untyped-call]  # torch's own lacks types
            loss += float(term.detach()) * share
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self._recipe.clip)
        if not (np.isfinite(loss) and torch.isfinite(norm)):
            raise NotFiniteError
        self._optimiser.step()
        if self._critic is not None:
            self._teach_critic(self._critic, given, wanted, pace)
        self._average()
        self.done += 1
        self._present = None
        return loss

    def loss(self, given: Tensor, wanted: Tensor) -> Tensor:
        """What a step makes smaller, for examples on the device."""
        result = self.network(given)
        terms = [term(result, wanted) * weight for term, weight in self._terms]
        if self._feature_terms and self._features is not None:
            with torch.no_grad():
                goals = self._features(wanted)
            found = self._features(result)
            terms += [term(found, goals) * weight for term, weight in self._feature_terms]
        if self._critic is not None and self._adversary is not None:
            self._critic.requires_grad_(False)
            judged = losses.generator_loss(self._adversary.name, self._critic(_judged(result, given)))
            self._critic.requires_grad_(True)
            terms.append(judged * self._adversary.weight)
        return torch.stack(terms).sum()

    @torch.no_grad()
    def measure(self, given: Tensor, wanted: Tensor) -> tuple[float, Tensor]:
        """The recipe's measure of what the method makes with the averaged weights of given examples (on the CPU), and
        that itself."""
        results = [self.average(piece).cpu() for piece, _goal, _share in self._pieces(given, wanted)]
        result = torch.cat(results)
        if self._finished is not None:
            result = self._finished(result, given)
        return MEASURES[self._recipe.measure](result, wanted), result

    def state(self) -> dict[str, Any]:
        """Everything that a later `load_state` needs to go on as if nothing had been: plain values and tensors."""
        state = {
            "done": self.done,
            "setbacks": self.setbacks,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }
        if self._critic is not None:
            state["critic"] = self._critic.state_dict()
            state["critic_optimiser"] = self._critic_optimiser.state_dict()
        return state

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Takes copies. Raises KeyError, ValueError or RuntimeError if it is of another network."""
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(copy.deepcopy(state["optimiser"]))
        if self._critic is not None:
            self._critic.load_state_dict(state["critic"])
            self._critic_optimiser.load_state_dict(copy.deepcopy(state["critic_optimiser"]))
        self.done, self.setbacks = state["done"], state["setbacks"]
        self._coming = self._present = None

    def _examples(self) -> Example:
        """Those of this step, also when it is tried again with fewer at once."""
        if self._present is None:
            if self._coming is None:
                steps = range(self.done, self.plan.steps)
                self._coming = self._feed.run(steps, self.setbacks, makers(self.plan.device))
            try:
                self._present = next(self._coming)
            except BaseException:
                # It has gone on to the next step, while this one is to be tried again.
                self._coming = None
                raise
        return self._present

    def _teach_critic(self, critic: nn.Module, given: Tensor, wanted: Tensor, pace: float) -> None:
        assert self._adversary is not None
        _pace(self._critic_optimiser, pace)
        self._critic_optimiser.zero_grad(set_to_none=True)
        penalised = self.done % _R1_EVERY == 0
        for piece, goal, share in self._pieces(given, wanted):
            with torch.no_grad():
                fake = self.network(piece)
            scores = [critic(_judged(each, piece)) for each in (goal, fake)]
            loss = losses.critic_loss(self._adversary.name, *scores)
            if penalised:
                slope = losses.r1_penalty(critic, goal, piece[:, 3:])
                loss = loss + slope * self._recipe.critic_penalty * _R1_EVERY
            (loss * share).backward()  # type: ignore[no-untyped-call]  # torch's own lacks types
        norm = nn.utils.clip_grad_norm_(critic.parameters(), _CRITIC_CLIP)
        if not torch.isfinite(norm):
            raise NotFiniteError
        self._critic_optimiser.step()

    @torch.no_grad()
    def _average(self) -> None:
        # Early weights are soon forgotten.
        keep = min(self._recipe.average, (1 + self.done) / (10 + self.done))
        pairs = list(zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True))
        moving = [(mean, now) for mean, now in pairs if mean.is_floating_point()]
        means, nows = [mean for mean, _now in moving], [now for _mean, now in moving]
        get_ema_multi_avg_fn(keep)(means, nows, 0)  # type: ignore[no-untyped-call]  # torch's own lacks types
        for mean, now in pairs:
            if not mean.is_floating_point():
                mean.copy_(now)

    def _pieces(self, given: Tensor, wanted: Tensor) -> Iterator[tuple[Tensor, Tensor, float]]:
        """As many examples as fit into memory at once, on the device, and their share of all."""
        for start in range(0, len(given), self.plan.at_once):
            there = slice(start, start + self.plan.at_once)
            piece, goal = (each[there].to(self.plan.device, non_blocking=True) for each in (given, wanted))
            yield piece.contiguous(memory_format=torch.channels_last), goal, len(piece) / len(given)

    def _placed(self, network: nn.Module) -> nn.Module:
        return network.to(self.plan.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]  # torch's own lacks it


def _judged(picture: Tensor, given: Tensor) -> Tensor:
    """What the critic sees: the picture, and what the network was given beside one."""
    return torch.cat((picture, given[:, 3:]), 1)


def _pace(optimiser: torch.optim.Optimizer, pace: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = pace
