"""The garbage collector is paused for a while, and always comes back."""

import gc

import pytest

from mmmigrate.compat.collection import paused_collection


@pytest.fixture(autouse=True)
def as_before():
    was_on = gc.isenabled()
    yield
    (gc.enable if was_on else gc.disable)()


def test_it_is_off_inside_and_on_again_after_an_error():
    gc.enable()
    with pytest.raises(KeyError), paused_collection():
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()


def test_what_was_off_stays_off():
    gc.disable()
    with paused_collection():
        pass
    assert not gc.isenabled()
