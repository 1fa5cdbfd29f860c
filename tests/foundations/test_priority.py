from __future__ import annotations

import pytest

from mmmigrate.compat.priority import Priority, get_priority


@pytest.mark.parametrize(
    ("given", "number"),
    [("VERY_HIGH", 10), ("very_high", 10), (Priority.LOWEST, 100), (0, 0), (100, 100), ("NORMAL", 50)],
)
def test_a_priority_is_a_number_a_name_or_a_member(given: int | str | Priority, number: int) -> None:
    assert get_priority(given) == number


@pytest.mark.parametrize("given", [-1, 101])
def test_a_number_outside_the_range_is_refused(given: int) -> None:
    with pytest.raises(ValueError, match=f"between 0 and 100, got {given}"):
        get_priority(given)


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ValueError, match="did you mean 'VERY_HIGH'"):
        get_priority("VERYHIGH")


def test_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="got float"):
        get_priority(1.5)  # type: ignore[arg-type]
