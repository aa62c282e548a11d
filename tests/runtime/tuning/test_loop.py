"""The loop: it learns, it does the same again, and it goes on as if it had never stopped."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from editor.runtime.tuning import loop, losses
from editor.runtime.tuning.devices import batch
from editor.runtime.tuning.feed import Example
from editor.runtime.tuning.loop import NotFiniteError, Plan, Trainer
from editor.runtime.tuning.patches import Patches
from editor.runtime.tuning.trainee import Examples, Trainee
from editor.sdk.recipe import Loss, Recipe
from tests.runtime.tuning import tiny


class Critic(nn.Module):
    """Scores per picture."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Conv2d(3, 4, 3)
        self.score = nn.Linear(4, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        scores: Tensor = self.score(torch.relu(self.look(pictures)).mean(dim=(2, 3)))
        return scores


class Forgetful(tiny.Tiny):
    """With chance and with statistics of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.drop = nn.Dropout(0.2)

    def forward(self, picture: Tensor) -> Tensor:
        result: Tensor = self.norm(super().forward(self.drop(picture)))
        return result


@pytest.fixture
def patches(tmp_path: Path) -> Patches:
    tiny.write_cells(tmp_path)
    return Patches(tmp_path / "train.npy")


ADVERSARIAL = tiny.recipe(losses=(Loss("l1"), Loss("non_saturating", 0.1)))


def trainer(
    patches: Patches,
    recipe: Recipe | None = None,
    *,
    network: Callable[[], nn.Module] = tiny.network,
    examples: Examples = tiny.examples,
    critic: Callable[[], nn.Module] | None = None,
    features: losses.Features | None = None,
    bank: Tensor | None = None,
    **plan: Any,
) -> Trainer:
    values = {"steps": 40, "rate": 1e-2, "at_once": tiny.BATCH} | plan
    trainee = Trainee(network, examples, critic)
    return Trainer(recipe or tiny.recipe(), trainee, patches, Plan(**values), features=features, bank=bank)


def weights(network: nn.Module) -> dict[str, Tensor]:
    return copy.deepcopy(network.state_dict())


def assert_same(given: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    """All numbers, to the last bit."""
    torch.testing.assert_close(given, wanted, rtol=0, atol=0)


def differs(given: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return any(not torch.equal(value, other[name]) for name, value in given.items())


def test_it_learns(patches: Patches) -> None:
    one = trainer(patches, steps=80)
    given, wanted = tiny.examples(patches.first(4), torch.Generator().manual_seed(0), None)
    before, _result = one.measure(given, wanted)
    curve = [one.step() for _number in range(80)]
    after, result = one.measure(given, wanted)
    assert np.mean(curve[-10:]) < np.mean(curve[:10]) / 1.25
    assert after > before + 2
    assert result.shape == wanted.shape
    assert one.done == 80


@pytest.mark.parametrize("critic", [None, Critic])
def test_the_same_seed_gives_the_same(patches: Patches, critic: Callable[[], nn.Module] | None) -> None:
    recipe = ADVERSARIAL if critic else None
    first, again, other = (trainer(patches, recipe, critic=critic, seed=seed) for seed in (3, 3, 4))
    torch.rand(7)  # chance that is used elsewhere
    curves = [[each.step() for _number in range(5)] for each in (first, again, other)]
    assert curves[0] == curves[1] != curves[2]
    assert_same(weights(first.network), weights(again.network))
    assert_same(weights(first.average), weights(again.average))


def test_examples_made_ahead_are_the_same(patches: Patches, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = trainer(patches, steps=6)
    curve = [alone.step() for _number in range(6)]
    monkeypatch.setattr(loop, "makers", lambda _device: 1)
    ahead = trainer(patches, steps=6)
    halfway = [ahead.step() for _number in range(3)]
    state = copy.deepcopy(ahead.state())
    assert halfway + [ahead.step() for _number in range(3)] == curve
    ahead.load_state(state)
    assert ahead.step() == curve[3]


def test_a_step_that_is_tried_again_learns_from_the_same(patches: Patches) -> None:
    once = trainer(patches, steps=4)
    curve = [once.step() for _number in range(4)]
    short = iter((False, False, True, False, False))

    def examples(clean: Tensor, generator: torch.Generator, bank: Tensor | None) -> tuple[Tensor, Tensor]:
        if next(short):
            raise MemoryError
        return tiny.examples(clean, generator, bank)

    again = trainer(patches, examples=examples, steps=4)
    found = [again.step(), again.step()]
    with pytest.raises(MemoryError):
        again.step()
    assert [*found, again.step(), again.step()] == curve


def test_a_gpu_learns_from_more_at_a_step(patches: Patches, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def examples(clean: Tensor, generator: torch.Generator, bank: Tensor | None) -> tuple[Tensor, Tensor]:
        seen.append(len(clean))
        return tiny.examples(clean, generator, bank)

    monkeypatch.setattr(loop, "batch", lambda usual, _device: batch(usual, "cuda"))
    trainer(patches, examples=examples).step()
    assert seen[0] > tiny.BATCH
    assert batch(tiny.BATCH, "cpu") == tiny.BATCH


@pytest.mark.parametrize("network", [tiny.Tiny, Forgetful])
@pytest.mark.parametrize("critic", [None, Critic])
def test_it_goes_on_as_if_it_had_never_stopped(
    patches: Patches, network: Callable[[], nn.Module], critic: Callable[[], nn.Module] | None
) -> None:
    recipe = ADVERSARIAL if critic else None
    whole = trainer(patches, recipe, critic=critic, network=network)
    curve = [whole.step() for _number in range(20)]
    first = trainer(patches, recipe, critic=critic, network=network)
    parts = [first.step() for _number in range(7)]
    stored = io.BytesIO()
    torch.save(first.state(), stored)
    stored.seek(0)
    second = trainer(patches, recipe, critic=critic, network=network)
    second.load_state(torch.load(stored, weights_only=True))
    parts += [second.step() for _number in range(13)]
    assert parts == curve
    torch.testing.assert_close(second.state(), whole.state(), rtol=0, atol=0)


def test_a_state_stays_as_it_is_while_it_goes_on_from_it(patches: Patches) -> None:
    first = trainer(patches, ADVERSARIAL, critic=Critic)
    first.step()
    state = copy.deepcopy(first.state())
    second = trainer(patches, ADVERSARIAL, critic=Critic)
    second.load_state(state)
    second.step()
    torch.testing.assert_close(state, first.state(), rtol=0, atol=0)


def test_a_state_of_another_network_is_refused(patches: Patches) -> None:
    state = trainer(patches).state()
    with pytest.raises(RuntimeError, match="norm"):
        trainer(patches, network=Forgetful).load_state(state)


@pytest.mark.parametrize("at_once", [1, 3])
@pytest.mark.parametrize("critic", [None, Critic])
def test_pieces_of_a_batch_make_the_same_step(
    patches: Patches, at_once: int, critic: Callable[[], nn.Module] | None
) -> None:
    recipe = ADVERSARIAL if critic else None
    whole, pieces = (trainer(patches, recipe, critic=critic, at_once=count) for count in (tiny.BATCH, at_once))
    for _number in range(3):
        assert pieces.step() == pytest.approx(whole.step(), abs=1e-5)
    for name, value in pieces.state().items():
        if name in ("network", "average", "critic"):
            torch.testing.assert_close(value, whole.state()[name], rtol=0, atol=1e-4)
    measured = [each.measure(*tiny.examples(patches.first(5), torch.Generator(), None))[0] for each in (whole, pieces)]
    assert measured[0] == pytest.approx(measured[1], abs=0.05)


def test_the_average_follows_slowly_and_forgets_the_start(patches: Patches) -> None:
    one = trainer(patches, tiny.recipe(average=0.3))
    mean = weights(one.network)["first.weight"]
    for keep in (0.1, 2 / 11, 3 / 12, 0.3, 0.3):  # (1 + n) / (10 + n), but no more than what is wanted
        one.step()
        mean = keep * mean + (1 - keep) * weights(one.network)["first.weight"]
        torch.testing.assert_close(weights(one.average)["first.weight"], mean)


def test_the_average_has_the_statistics_as_well(patches: Patches) -> None:
    one = trainer(patches, network=Forgetful)
    one.step()
    assert int(weights(one.average)["norm.num_batches_tracked"]) == 1
    assert not one.average.training
    assert one.network.training


def test_generator_and_critic_both_learn(patches: Patches) -> None:
    one = trainer(patches, ADVERSARIAL, critic=Critic)
    before = copy.deepcopy(one.state())
    one.step()
    after = one.state()
    assert differs(after["network"], before["network"])
    assert differs(after["critic"], before["critic"])


def test_the_critic_learns_to_tell_them_apart_and_the_generator_to_deceive_it(patches: Patches) -> None:
    # Too dark, and nothing but the critic says so.
    recipe = tiny.recipe(losses=(Loss("hinge"),), clip=10.0)
    critics: list[Critic] = []

    def critic() -> nn.Module:
        critics.append(Critic())
        return critics[0]

    one = trainer(patches, recipe, critic=critic, examples=lambda clean, _rng, _bank: (clean * 0.3, clean), steps=60)
    clean = patches.first(8)
    start = one.network(clean * 0.3).mean().item()
    for _number in range(30):
        one.step()
    assert (critics[0](clean) - critics[0](clean * 0.3)).mean().item() > 0
    assert one.network(clean * 0.3).mean().item() > start + 0.02


def test_an_adversarial_loss_needs_a_critic(patches: Patches) -> None:
    with pytest.raises(ValueError, match="critic"):
        trainer(patches, ADVERSARIAL)


@pytest.mark.parametrize("name", losses.FEATURE_LOSSES)
def test_a_loss_by_features_needs_them(patches: Patches, name: str) -> None:
    recipe = tiny.recipe(losses=(Loss(name, 2.0),))
    with pytest.raises(ValueError, match="features"):
        trainer(patches, recipe)
    one = trainer(patches, recipe, features=lambda pictures: [pictures])
    given, wanted = torch.rand(2, 4, 3, 8, 8)
    made = one.network(given)
    torch.testing.assert_close(one.loss(given, wanted), 2 * losses.FEATURE_LOSSES[name]([made], [wanted]))
    one.step()


def test_an_optional_loss_by_features_is_left_out_without_them(patches: Patches) -> None:
    without = trainer(patches, tiny.recipe(losses=(Loss("l1"),)))
    given, wanted = torch.rand(2, 4, 3, 8, 8)
    both = tiny.recipe(losses=(Loss("l1"), Loss("perceptual", 2.0, optional=True)))
    usual = without.loss(given, wanted)
    torch.testing.assert_close(trainer(patches, both).loss(given, wanted), usual)
    assert trainer(patches, both, features=lambda pictures: [pictures]).loss(given, wanted) > usual


def test_losses_are_added_by_their_weights(patches: Patches) -> None:
    one, both = (
        trainer(patches, tiny.recipe(losses=terms))
        for terms in ([Loss("l1")], [Loss("l1", 2), Loss("total_variation", 0.5)])
    )
    given, wanted = torch.rand(2, 4, 3, 8, 8)
    made = one.network(given)
    expected = 2 * losses.l1(made, wanted) + 0.5 * losses.total_variation(made, wanted)
    torch.testing.assert_close(both.loss(given, wanted), expected)


def test_examples_get_the_noise_of_the_camera(patches: Patches) -> None:
    bank = torch.rand(2, 3, 16, 16)
    seen: list[Tensor | None] = []

    def examples(clean: Tensor, _rng: torch.Generator, found: Tensor | None) -> tuple[Tensor, Tensor]:
        seen.append(found)
        return clean, clean

    trainer(patches, examples=examples, bank=bank).step()
    assert seen == [bank]


def test_every_step_draws_another_batch(patches: Patches) -> None:
    seen: list[Tensor] = []

    def examples(clean: Tensor, generator: torch.Generator, _bank: Tensor | None) -> tuple[Tensor, Tensor]:
        seen.extend((clean, torch.rand(4, generator=generator)))
        return clean, clean

    one = trainer(patches, examples=examples)
    one.step()
    one.step()
    first, chance, second, other_chance = seen
    assert not torch.equal(first, second)
    assert not torch.equal(chance, other_chance)


def test_the_penalty_is_paid_at_every_16th_step_for_all_of_them(
    patches: Patches, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid: list[int] = []
    penalty = losses.r1_penalty

    def r1_penalty(critic: nn.Module, real: Tensor, beside: Tensor) -> Tensor:
        paid.append(one.done)
        return penalty(critic, real, beside)

    monkeypatch.setattr(losses, "r1_penalty", r1_penalty)
    one = trainer(patches, ADVERSARIAL, critic=Critic)
    for _number in range(18):
        one.step()
    assert paid == [0, 16]


def test_the_critic_learns_less_the_more_its_slope_costs(patches: Patches) -> None:
    def learned(penalty: float) -> Tensor:
        one = trainer(patches, replace(ADVERSARIAL, critic_penalty=penalty), critic=Critic)
        assert one._critic is not None
        for _number in range(8):
            one.step()
        return torch.cat([weight.flatten() for weight in one._critic.parameters()])

    assert not torch.equal(learned(1e-4), learned(10.0))


class Watching(Critic):
    """Remembers what it was given, beside pictures, by whether it learned from that."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, pictures: Tensor) -> Tensor:
        self.seen.append(pictures[:, 3:].detach())
        return super().forward(pictures[:, :3])


def test_the_critic_sees_what_the_network_is_given_beside_a_picture(patches: Patches) -> None:
    class Masked(tiny.Tiny):
        def forward(self, planes: Tensor) -> Tensor:
            return super().forward(planes[:, :3])

    def examples(clean: Tensor, generator: torch.Generator, bank: Tensor | None) -> Example:
        noisy, wanted = tiny.examples(clean, generator, bank)
        return torch.cat((noisy, clean[:, :1]), 1), wanted

    critic = Watching()
    one = trainer(patches, ADVERSARIAL, network=Masked, examples=examples, critic=lambda: critic)
    one.step()
    # The network's turn, then real, made, and real again for the penalty.
    assert len(critic.seen) == 4
    assert all(torch.equal(beside, critic.seen[0]) for beside in critic.seen)
    assert critic.seen[0].shape[1] == 1
    assert float(critic.seen[0].std()) > 0


def not_a_number(step: int) -> Examples:
    """Examples that have one at that step, counted from 0."""
    calls = iter(range(1000))

    def examples(clean: Tensor, generator: torch.Generator, bank: Tensor | None) -> tuple[Tensor, Tensor]:
        given, wanted = tiny.examples(clean, generator, bank)
        if next(calls) == step:
            given[2, 0, 0, 0] = torch.nan
        return given, wanted

    return examples


def test_what_is_no_number_is_not_learned(patches: Patches) -> None:
    one = trainer(patches, examples=not_a_number(2))
    one.step()
    one.step()
    before = copy.deepcopy(one.state())
    with pytest.raises(NotFiniteError):
        one.step()
    after = one.state()
    for name in ("network", "average"):
        assert_same(after[name], before[name])
    assert after["done"] == 2
    one.load_state(before)
    assert np.isfinite(one.step())


class Steep(nn.Module):
    """Gives a number, but its slope is none."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures + torch.sqrt(self.weight)


def test_a_slope_that_is_no_number_is_not_followed(patches: Patches) -> None:
    one = trainer(patches, network=Steep)
    with pytest.raises(NotFiniteError):
        one.step()
    assert float(one.state()["network"]["weight"]) == 0


def test_a_critic_that_sees_no_numbers_does_not_learn(patches: Patches) -> None:
    def examples(clean: Tensor, _rng: torch.Generator, _bank: Tensor | None) -> tuple[Tensor, Tensor]:
        return clean, clean * torch.nan

    one = trainer(patches, tiny.recipe(losses=(Loss("hinge"),)), critic=Critic, examples=examples)
    before = copy.deepcopy(one.state()["critic"])
    with pytest.raises(NotFiniteError):
        one.step()
    assert_same(one.state()["critic"], before)


def test_a_setback_halves_the_steps_and_draws_others(patches: Patches) -> None:
    plain, set_back = trainer(patches), trainer(patches)
    set_back.setbacks = 1
    start = weights(plain.network)["last.bias"]
    assert plain.step() != set_back.step()
    # The first step of Adam is as large as its rate.
    plain_step, half_step = (weights(each.network)["last.bias"] - start for each in (plain, set_back))
    torch.testing.assert_close(half_step.abs(), plain_step.abs() / 2, rtol=1e-2, atol=1e-7)


def test_it_starts_from_weights(patches: Patches) -> None:
    known = trainer(patches, seed=9).network.state_dict()
    one = trainer(patches)
    one.start_from(known)
    assert_same(weights(one.network), weights(one.average))
    assert_same(weights(one.network), dict(known))
