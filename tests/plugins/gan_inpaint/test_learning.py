"""GAN fill, as far as it learns: the holes, the network and its critic."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from plugins.gan_inpaint import PLUGIN, net
from plugins.gan_inpaint.holes import drawn, prepared
from tests.imaging.pictures import textured

U8 = NDArray[np.uint8]


@pytest.fixture(scope="module")
def cell() -> U8:
    return (textured(128, 128) * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def cells(cell: U8) -> Tensor:
    """Three with other holes each, 1 x 7 x S x S."""
    planes = [np.dstack((cell, prepared(cell, np.random.default_rng(seed)))) for seed in range(3)]
    return torch.from_numpy(np.stack(planes)).permute(0, 3, 1, 2).float() / 255


def test_holes_are_neither_tiny_nor_all(cell: U8) -> None:
    holes = [drawn(128, np.random.default_rng(seed)) for seed in range(60)]
    shares = [hole.mean() for hole in holes]
    assert min(shares) >= 0.01
    assert max(shares) <= 0.25
    assert np.std(shares) > 0.03


def test_only_the_hole_is_filled_and_not_with_what_was_there(cell: U8) -> None:
    planes = prepared(cell, np.random.default_rng(4))
    again = prepared(cell, np.random.default_rng(4))
    hole = planes[..., 3] > 0
    assert np.array_equal(planes, again)
    assert set(np.unique(planes[..., 3])) == {0, 255}
    assert np.array_equal(planes[..., :3][~hole], cell[~hole])
    assert np.mean(planes[..., :3][hole] != cell[hole]) > 0.5


def test_examples_differ_from_the_truth_in_the_hole_alone(cells: Tensor) -> None:
    given, wanted = net.examples(cells.repeat(8, 1, 1, 1), torch.Generator().manual_seed(1), None)
    mask = given[:, 3:]
    assert given.shape == (24, 4, 128, 128)
    assert torch.equal(mask, cells[:, 6:].repeat(8, 1, 1, 1))
    assert torch.equal(torch.where(mask > 0, 0, given[:, :3]), torch.where(mask > 0, 0, wanted))
    assert all(not torch.equal(one[:3], other) for one, other in zip(given, wanted, strict=True))
    again, _wanted = net.examples(cells.repeat(8, 1, 1, 1), torch.Generator().manual_seed(1), None)
    assert torch.equal(given, again)


def test_what_is_learned_from_has_hole_in_it_however_small_and_where() -> None:
    cells = torch.rand(3, 7, 256, 200)
    cells[:, 6] = 0
    for cell, place in zip(cells, (np.s_[0:4, 0:4], np.s_[250:256, 190:200], np.s_[128:130, 90:95]), strict=True):
        cell[6][place] = 1
    given, wanted = net.examples(cells, torch.Generator().manual_seed(1), None)
    assert given.shape == (3, 4, 128, 128)
    assert wanted.shape == (3, 3, 128, 128)
    assert torch.equal(given[:, 3].sum(dim=(1, 2)), cells[:, 6].sum(dim=(1, 2)))


def test_a_fresh_network_leaves_the_fill_and_a_taught_one_all_outside_the_mask() -> None:
    network = net.network()
    planes = torch.rand(2, 4, 64, 72)
    planes[:, 3] = (planes[:, 3] > 0.5).float()
    assert torch.equal(network(planes), planes[:, :3])
    for weights in network.parameters():
        torch.nn.init.normal_(weights, std=0.05)
    changed = network(planes) != planes[:, :3]
    assert torch.equal(changed.any(dim=1), planes[:, 3] > 0)


def test_it_fits_into_eight_megabytes() -> None:
    assert 4 * sum(weights.numel() for weights in net.network().parameters()) < 8e6


def test_the_network_sees_as_far_as_its_tiles_overlap() -> None:
    network = net.network()
    for weights in network.parameters():
        if weights.dim() > 1:
            torch.nn.init.normal_(weights, std=0.05)
    planes = torch.rand(1, 4, 16, 640, requires_grad=True)
    planes.data[:, 3] = 1
    network(planes)[..., 320].sum().backward()
    assert planes.grad is not None
    seen = torch.nonzero(planes.grad.abs().sum(dim=(0, 1, 2)))
    assert PLUGIN.recipe is not None
    reach = max(320 - int(seen.min()), int(seen.max()) - 320)
    assert 64 < reach <= PLUGIN.recipe.export.overlap_px


def test_the_critic_judges_places_under_the_mask_alone() -> None:
    judged = torch.rand(2, 4, 64, 64)
    judged[:, 3] = 0
    judged[0, 3, 16:24, 32:48] = 1  # two places of 8 x 8
    judged[1, 3, 3, 3] = 1  # a pixel of one
    assert net.critic()(judged).shape == (3,)
