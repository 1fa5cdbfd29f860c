import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmmigrate.compat.trace.ulp import APART, SAME, array_distance, decode, distance

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite)
def test_the_next_number_is_one_ulp_away(value):
    following = math.nextafter(value, math.inf)
    assert distance(value, following).ulp == (0 if value == following else 1)


@given(finite, finite, finite)
def test_ulp_distances_along_the_number_line_add_up(a, b, c):
    low, middle, high = sorted([a, b, c])
    assert distance(low, high).ulp == distance(low, middle).ulp + distance(middle, high).ulp


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_numbers_from_float32_are_counted_in_float32(value):
    following = float(np.nextafter(np.float32(value), np.float32(np.inf)))
    assert distance(value, following, kind="f4").ulp == 1


@given(st.lists(st.floats(width=32), min_size=1, max_size=20), st.lists(st.floats(width=32), min_size=20, max_size=20))
def test_arrays_agree_with_single_numbers(left, right):
    old, new = np.array(left, np.float32), np.array(right[: len(left)], np.float32)
    found = array_distance(old, new)
    pairs = [distance(float(a), float(b), kind="f4") for a, b in zip(old, new)]
    if APART in pairs:
        assert found.largest == APART
    else:
        assert (SAME if found is None else found.largest).ulp == max(pair.ulp for pair in pairs)


def test_nan_is_apart_from_every_number_and_the_same_as_nan():
    assert distance(math.nan, 1.0) == APART
    assert distance(math.nan, math.nan) == SAME


def test_the_first_element_that_differs_is_named():
    old = np.zeros((2, 3), np.float32)
    new = old.copy()
    new[1, 0], new[1, 2] = 0.5, 8
    found = array_distance(old, new)
    assert (found.place, found.old, found.new, found.largest.abs) == ((1, 0), 0.0, 0.5, 8.0)


def test_zero_and_minus_zero_differ_in_bits_and_not_in_value():
    found = array_distance(np.array([0.0]), np.array([-0.0]))
    assert (found.place, found.largest) == ((0,), SAME)


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64, torch.bool]
)
def test_stored_tensors_decode_to_their_values(dtype):
    from mmmigrate.compat.trace.gradients import raw

    tensor = torch.tensor([[0.0, 1.0, 2.5]]).to(dtype)
    assert decode(*raw(tensor)).tolist() == tensor.tolist()


def test_infinity_against_a_number_is_infinitely_far_and_not_an_error():
    assert distance(math.inf, 1e300).abs == math.inf
    assert distance(math.inf, 1e39, kind="f4").ulp == 0
