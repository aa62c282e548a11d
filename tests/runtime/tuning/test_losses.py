"""What training makes small, against numbers worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from editor.runtime.convert.efficientnet import EfficientNetLite0
from editor.runtime.tuning import losses
from editor.runtime.tuning.features import features
from editor.runtime.tuning.losses import critic_loss, generator_loss, perceptual, r1_penalty, style
from editor.runtime.tuning.measures import MEASURES
from editor.sdk.recipe import Loss

# 1 x 1 x 2 x 2; differences of 0, 0.3, 0 and -0.5.
GIVEN = torch.tensor([[[[0.2, 0.8], [0.4, 0.0]]]])
WANTED = torch.tensor([[[[0.2, 0.5], [0.4, 0.5]]]])


def softplus(x: float) -> float:
    return math.log(1 + math.exp(x))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("l1", 0.8 / 4),
        ("charbonnier", (2 * 0.001 + math.sqrt(0.09 + 1e-6) + math.sqrt(0.25 + 1e-6)) / 4),
        ("total_variation", (0.2 + 0.8) / 2 + (0.6 + 0.4) / 2),
    ],
)
def test_pixels(name: str, expected: float) -> None:
    assert float(losses.PIXEL_LOSSES[name](GIVEN, WANTED)) == pytest.approx(expected)


def test_sharpness_punishes_blur_and_not_that_detail_lies_elsewhere() -> None:
    torch.manual_seed(0)
    wanted = torch.rand(2, 3, 32, 32)
    blurred = functional.avg_pool2d(wanted, 3, 1, 1, count_include_pad=False)
    assert float(losses.sharpness(wanted, wanted)) == 0
    assert float(losses.sharpness(blurred, wanted)) > 4 * float(losses.sharpness(wanted.roll((3, 5), (2, 3)), wanted))
    flat = torch.full((1, 3, 16, 16), 0.5, requires_grad=True)
    (slope,) = torch.autograd.grad(losses.sharpness(flat, wanted[:1, :, :16, :16]), flat)
    assert bool(torch.isfinite(slope).all())


def test_perceptual_is_relative_to_the_energy_of_each_map() -> None:
    def loss(given: Tensor, wanted: Tensor) -> Tensor:
        return perceptual(*([pictures, 100 * pictures[..., :1]] for pictures in (given, wanted)))

    assert float(loss(GIVEN, GIVEN)) == 0
    whole = 0.34 / 0.7  # squared differences over squares of what is wanted
    assert float(loss(GIVEN, WANTED)) == pytest.approx((whole + 0) / 2, rel=1e-4)
    assert float(loss(GIVEN.flip(3), WANTED.flip(3))) == pytest.approx((whole + 0.34 / 0.5) / 2, rel=1e-4)


def test_style_knows_what_goes_together_and_not_where() -> None:
    torch.manual_seed(0)
    wanted = torch.rand(2, 3, 8, 8)
    moved = wanted.clone()
    moved[..., :2, :2] = wanted[..., :2, :2].flip(2, 3)  # within a window
    assert float(style([moved], [wanted])) == pytest.approx(0, abs=1e-8)
    elsewhere = wanted.roll(2, 3)  # to the next one
    smooth = functional.avg_pool2d(wanted, 2, 2).repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert float(style([elsewhere], [wanted])) > 0.01
    assert float(style([smooth], [wanted])) > 0.01
    one = torch.tensor([[[[1.0]], [[2.0]]]])  # its Gram matrix has the energy 1 + 4 + 4 + 16
    assert float(style([0 * one], [one])) == pytest.approx(1)
    assert float(style([one.flip(1)], [one])) == pytest.approx((9 + 9) / 25, rel=1e-4)


def test_features_of_a_network_that_knows_photos(tmp_path: Path) -> None:
    torch.manual_seed(0)
    torch.save(EfficientNetLite0().state_dict(), tmp_path / "features.pth")
    known = features(tmp_path / "features.pth", "cpu")
    given, wanted = torch.rand(2, 2, 3, 32, 32)
    given.requires_grad_()
    for loss in losses.FEATURE_LOSSES.values():
        assert loss(known(wanted), known(wanted)).item() == 0
        found = loss(known(given), known(wanted))
        assert found.item() > 0.01
    found.backward()  # type: ignore[no-untyped-call]
    assert given.grad is not None
    assert float(given.grad.abs().min()) > 0


REAL, FAKE = torch.tensor([2.0, 0.5]), torch.tensor([-2.0, 1.0])


@pytest.mark.parametrize(
    ("kind", "critic", "generator"),
    [
        (
            "non_saturating",
            (softplus(-2) + softplus(-0.5)) / 2 + (softplus(-2) + softplus(1)) / 2,
            (softplus(2) + softplus(-1)) / 2,
        ),
        ("hinge", (0 + 0.5) / 2 + (0 + 2) / 2, 0.5),
    ],
)
def test_adversaries(kind: str, critic: float, generator: float) -> None:
    assert float(critic_loss(kind, REAL, FAKE)) == pytest.approx(critic)
    assert float(generator_loss(kind, FAKE)) == pytest.approx(generator)


class Square(nn.Module):
    """Scores a picture by the weighted sum of its squares: the slope is 2 w x."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(3.0))

    def forward(self, pictures: Tensor) -> Tensor:
        return self.weight * pictures.square().sum(dim=(1, 2, 3))


def test_r1_and_its_slope() -> None:
    critic = Square()
    pictures = torch.cat([GIVEN, WANTED])
    penalty = r1_penalty(critic, pictures, pictures[:, :0])
    squares = (0.84 + 0.7) / 2  # mean over the two pictures
    assert penalty.item() == pytest.approx(4 * 9 * squares / 2)
    penalty.backward()  # type: ignore[no-untyped-call]
    assert critic.weight.grad is not None
    assert float(critic.weight.grad) == pytest.approx(4 * 2 * 3 * squares / 2)


def test_r1_of_many_scores_a_picture_is_their_mean() -> None:
    class Pixels(nn.Module):
        def forward(self, judged: Tensor) -> Tensor:
            return judged[:, :3].square().sum(dim=1).flatten() * judged[:, 3].flatten()

    pictures, trust = torch.rand(2, 3, 4, 4), torch.full((2, 1, 4, 4), 0.5)
    wanted = (2 * pictures * 0.5).square().sum(dim=1).mean() / 2
    assert r1_penalty(Pixels(), pictures, trust).item() == pytest.approx(float(wanted))


@pytest.mark.parametrize(
    "wrong",
    [
        [Loss("l2")],
        [Loss("l1", 0.0)],
        [Loss("l1", -1.0)],
        [Loss("l1", math.nan)],
        [Loss("hinge"), Loss("non_saturating")],
    ],
)
def test_wrong_losses_are_refused(wrong: list[Loss]) -> None:
    with pytest.raises(ValueError, match=r"loss|adversary"):
        losses.check(wrong)


def test_every_known_loss_is_allowed() -> None:
    losses.check([Loss(name) for name in (*losses.PIXEL_LOSSES, *losses.FEATURE_LOSSES, "hinge")])


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda wanted: wanted, 100.0),
        (lambda wanted: wanted + 0.1, 20.0),
        (lambda wanted: torch.cat([wanted[:1] + 0.1, wanted[1:] + 0.01]), 30.0),  # a mean of dB, not of squares
        (lambda wanted: wanted * 1000 + 1, -10 * math.log10(0.25)),  # clipped to 1
    ],
)
def test_psnr(spoil: Callable[[Tensor], Tensor], expected: float) -> None:
    wanted = torch.full((2, 3, 4, 4), 0.5)
    assert MEASURES["psnr"](spoil(wanted), wanted) == pytest.approx(expected, rel=1e-4)
