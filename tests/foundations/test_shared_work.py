"""Work shared out between processes: every piece once, in order, whatever becomes of a helper."""

from __future__ import annotations

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from mmmigrate.compat.shared_work import shared_out


@settings(max_examples=15, deadline=None)
@given(pieces=st.integers(0, 40), jobs=st.integers(1, 5))
def test_results_come_in_order(pieces: int, jobs: int) -> None:
    assert shared_out(lambda index: index * index, pieces, jobs) == [index * index for index in range(pieces)]


def test_helpers_do_a_part_of_the_work() -> None:
    assert len(set(shared_out(lambda index: os.getpid(), 12, 3))) == 3


def test_what_a_dead_helper_had_is_made_here() -> None:
    own = os.getpid()

    def work(index: int) -> int:
        if os.getpid() != own:
            os._exit(9)
        return index

    assert shared_out(work, 10, 2) == list(range(10))


def test_what_a_helper_could_not_send_is_made_here() -> None:
    made = shared_out(lambda index: lambda: index, 6, 2)
    assert [one() for one in made] == list(range(6))
