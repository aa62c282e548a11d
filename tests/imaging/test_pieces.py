from __future__ import annotations

import cv2
import numpy as np

from editor.imaging.pieces import Piece, turns
from editor.sdk.plugin import Inputs
from editor.sdk.testing import FakeContext
from plugins.content_fill import Params, run
from tests.imaging.pictures import Bool, square_hole


def _diagonal_wire(rows: int, columns: int) -> Bool:
    return cv2.line(np.zeros((rows, columns), np.uint8), (5, 0), (columns - 5, rows - 1), 1, 7) > 0


def _pieces(hole: Bool) -> list[list[Piece]]:
    return turns(hole, FakeContext().check)


def test_every_pixel_of_a_long_wire_is_kept_from_just_one_piece() -> None:
    hole = _diagonal_wire(1500, 2600)
    times = np.zeros(hole.shape, np.int32)
    ordered = _pieces(hole)
    for turn in ordered:
        for piece in turn:
            times[piece.box] += piece.kept
    assert sum(len(turn) for turn in ordered) > 1
    assert np.array_equal(times, hole.astype(np.int32))


def test_pieces_of_one_turn_do_not_meet() -> None:
    hole = np.ones((2600, 2600), np.bool_)
    hole[12:-12, 12:-12] = False
    for turn in _pieces(hole):
        times = np.zeros(hole.shape, np.int32)
        for piece in turn:
            times[piece.box] += piece.mask
        assert times.max() <= 1


def test_a_round_hole_stays_whole_however_large() -> None:
    hole = square_hole(2400, 2400, 500, 500, 1300)
    ((piece,),) = _pieces(hole)
    assert piece.size == 1300 * 1300
    assert piece.thick > 600


def test_specks_near_each_other_are_filled_together_and_far_ones_apart() -> None:
    hole = np.zeros((300, 300), np.bool_)
    hole[20:24, 20:24] = hole[20:24, 40:44] = hole[200:204, 20:24] = True
    ((first, second),) = _pieces(hole)
    assert (first.size, second.size) == (32, 16)


def test_a_wire_that_was_cut_is_filled_all_along() -> None:
    tile = np.random.default_rng(3).random((12, 12, 3), np.float32)
    truth = np.tile(tile, (9, 220, 1))
    hole = np.zeros(truth.shape[:2], np.bool_)
    hole[50:57] = True
    spoiled = np.where(hole[..., None], np.float32(1), truth)
    filled = run(Inputs(spoiled, hole.astype(np.float32), ~hole), Params(), FakeContext()).image
    assert np.abs(filled - truth).max() < 0.02
