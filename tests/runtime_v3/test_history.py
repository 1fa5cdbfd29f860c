"""Histories of scalars, and the hub that holds them."""

import copy
import math
import pickle

import numpy as np
import pytest
import torch

from mmmigrate.runtime_v3 import HistoryBuffer, MessageHub


def test_statistics_cover_the_window():
    history = HistoryBuffer([1.0, 2.0, 3.0, 4.0], [1, 1, 1, 1])
    assert history.mean(2) == 3.5
    assert history.max() == 4.0
    assert history.min(3) == 2.0
    assert history.current() == 4.0
    assert history.statistics("mean", window_size=4) == 2.5


def test_a_window_longer_than_the_history_is_the_history():
    assert HistoryBuffer([1.0, 3.0], [1, 1]).mean(100) == 2.0


def test_values_stand_for_their_count():
    history = HistoryBuffer()
    history.update(6.0, 3)
    history.update(2.0, 1)
    assert history.mean() == 2.0


def test_only_the_last_entries_are_kept():
    history = HistoryBuffer(max_length=5)
    for value in range(5000):
        history.update(float(value))
    assert history.data[0].tolist() == [4995.0, 4996.0, 4997.0, 4998.0, 4999.0]
    assert len(history) == 5
    assert history.mean(10) == 4997.0


def test_integers_stay_integers():
    history = HistoryBuffer([1, 2], [1, 1])
    assert history.current().dtype == np.int64
    history.update(0.5)
    assert history.current().dtype == np.float64


def test_what_is_not_a_number_is_refused_and_leaves_no_trace():
    history = HistoryBuffer([1.0], [1])
    with pytest.raises(TypeError, match="must be int or float"):
        history.update(1.0, "two")
    assert history.data[0].tolist() == [1.0]


def test_reading_does_not_stop_updates():
    history = HistoryBuffer([1.0], [1])
    kept = history.data
    history.update(2.0)
    assert kept[0].tolist() == [1.0]


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda history: pickle.loads(pickle.dumps(history))])
def test_a_copy_is_independent(clone):
    history = HistoryBuffer([1.0], [1])
    other = clone(history)
    other.update(5.0)
    assert (len(history), len(other)) == (1, 2)


def test_an_empty_history_has_no_current_value():
    with pytest.raises(ValueError, match="empty"):
        HistoryBuffer().current()


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.array([2.0]), torch.tensor(2.0), torch.tensor([[2]])])
def test_a_scalar_may_be_a_number_or_have_one_element(value):
    hub = MessageHub("numbers")
    hub.update_scalar("a", value)
    assert hub.get_scalar("a").current() == 2


@pytest.mark.parametrize("value", [torch.zeros(2), np.zeros(3), "2", None])
def test_anything_else_is_refused_by_its_name(value):
    with pytest.raises(TypeError, match="train/loss"):
        MessageHub("refused").update_scalar("train/loss", value)


def test_nan_is_kept():
    hub = MessageHub("nan")
    hub.update_scalar("loss", torch.tensor(math.nan))
    assert math.isnan(hub.get_scalar("loss").current())


def test_what_is_not_to_be_resumed_is_not_saved():
    hub = MessageHub("saved")
    hub.update_scalar("kept", 1.0)
    hub.update_scalar("left", 1.0, resumed=False)
    hub.update_info("iter", 7)
    other = MessageHub("loaded")
    other.load_state_dict(hub.state_dict())
    assert sorted(other.log_scalars) == ["kept"]
    assert other.get_info("iter") == 7
    with pytest.raises(ValueError, match="resumed"):
        hub.update_scalar("kept", 1.0, resumed=False)
