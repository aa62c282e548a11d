"""GAN fill, as far as it learns: the holes, the network and its critic."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from plugins.gan_inpaint import PLUGIN, net
from plugins.gan_inpaint.holes import drawn, prepared
from tests.imaging.pictures import textured

U8 = NDArray[np.uint8]


@pytest.fixture(scope="module")
def cell() -> U8:
    return (textured(128, 128) * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def cells(cell: U8) -> Tensor:
    """Three with other holes each, 1 x 10 x S x S."""
    made = [np.dstack((cell, prepared(cell, np.random.default_rng(seed)))) for seed in range(3)]
    return torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2).float() / 255


def test_holes_are_neither_tiny_nor_all(cell: U8) -> None:
    holes = [drawn(128, np.random.default_rng(seed)) for seed in range(60)]
    shares = [hole.mean() for hole in holes]
    assert min(shares) >= 0.01
    assert max(shares) <= 0.25
    assert np.std(shares) > 0.03


def test_only_the_hole_is_filled_and_not_with_what_was_there(cell: U8) -> None:
    planes = prepared(cell, np.random.default_rng(4))
    again = prepared(cell, np.random.default_rng(4))
    hole = drawn(128, np.random.default_rng(4))
    assert np.array_equal(planes, again)
    for picture in (planes[..., :3], planes[..., 3:6]):
        assert np.array_equal(picture[~hole], cell[~hole])
        assert np.mean(picture[hole & (planes[..., 6] > 0)] != cell[hole & (planes[..., 6] > 0)]) > 0.5


def test_examples_are_as_prepared_but_for_their_exposure(cells: Tensor) -> None:
    many = cells.repeat(8, 1, 1, 1)
    given, wanted = net.examples(many, torch.Generator().manual_seed(1), None)
    assert given.shape == (24, 7, 96, 96)
    assert wanted.shape == (24, 3, 96, 96)
    far = given[:, 6:] == 0
    known = far & (given[:, :3] == wanted).all(dim=1, keepdim=True)
    assert torch.equal(torch.where(known, given[:, 3:6], 0), torch.where(known, wanted, 0))
    assert known.float().mean() > 0.5
    assert all(not torch.equal(one[:3], other) for one, other in zip(given, wanted, strict=True))
    means = wanted.mean(dim=(1, 2, 3))
    assert means.std() > 0.02
    again, _wanted = net.examples(many, torch.Generator().manual_seed(1), None)
    assert torch.equal(given, again)


def test_what_is_learned_from_has_the_edge_of_a_hole_in_it_however_small_and_where() -> None:
    cells = torch.rand(3, 10, 256, 200)
    cells[:, 9] = 0
    for cell, place in zip(cells, (np.s_[0:4, 0:4], np.s_[250:256, 190:200], np.s_[128:130, 90:95]), strict=True):
        cell[9][place] = 1
    given, wanted = net.examples(cells, torch.Generator().manual_seed(1), None)
    assert given.shape == (3, 7, 96, 96)
    assert wanted.shape == (3, 3, 96, 96)
    assert torch.equal(given[:, 6].sum(dim=(1, 2)), cells[:, 9].sum(dim=(1, 2)))


def test_a_fresh_network_leaves_the_fill_and_a_taught_one_all_that_is_not_near() -> None:
    network = net.network()
    given = torch.rand(2, 7, 64, 72)
    given[:, 6] = (given[:, 6] > 0.5).float()
    assert torch.equal(network(given), given[:, :3])
    for weights in network.parameters():
        torch.nn.init.normal_(weights, std=0.05)
    changed = network(given) != given[:, :3]
    assert torch.equal(changed.any(dim=1), given[:, 6] > 0)


def test_it_fits_into_eight_megabytes() -> None:
    assert 4 * sum(weights.numel() for weights in net.network().parameters()) < 8e6


def test_the_network_sees_as_far_as_its_tiles_overlap() -> None:
    network = net.network()
    for weights in network.parameters():
        if weights.dim() > 1:
            torch.nn.init.normal_(weights, std=0.05)
    given = torch.rand(1, 7, 16, 640, requires_grad=True)
    given.data[:, 6] = 1
    network(given)[..., 320].sum().backward()
    assert given.grad is not None
    seen = torch.nonzero(given.grad.abs().sum(dim=(0, 1, 2)))
    assert PLUGIN.recipe is not None
    reach = max(320 - int(seen.min()), int(seen.max()) - 320)
    assert 64 < reach <= PLUGIN.recipe.export.overlap_px


def test_the_critic_judges_places_near_the_edge_alone() -> None:
    judged = torch.rand(2, 7, 64, 64)
    judged[:, 6] = 0
    judged[0, 6, 16:24, 32:48] = 1  # two places of 8 x 8
    judged[1, 6, 3, 3] = 1  # a pixel of one
    assert net.critic()(judged).shape == (3,)


def test_what_it_measures_is_the_fill_with_its_detail() -> None:
    filled = torch.rand((1, 3, 64, 64), generator=torch.Generator().manual_seed(2)) * 0.1 + 0.45
    near = torch.zeros(1, 1, 64, 64)
    near[..., 26:38, :] = 1
    given = torch.cat((filled, filled, near), 1)
    smooth = torch.where(near > 0, functional.avg_pool2d(filled, 3, 1, 1, count_include_pad=False), filled)
    made = net.finished(smooth, given)
    torch.testing.assert_close(made[:, :, :26], filled[:, :, :26])
    assert made[..., 27:37, :].std() > 1.2 * smooth[..., 27:37, :].std()
    assert (net.finished(smooth + near, given) - filled).abs().max() < 0.15
