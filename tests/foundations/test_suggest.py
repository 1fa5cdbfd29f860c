from __future__ import annotations

from mmmigrate.compat.suggest import did_you_mean, nearest


def test_the_nearest_name_ignores_case_and_keeps_its_own() -> None:
    assert nearest("COSINEANNEALING", ["Step", "CosineAnnealing"]) == "CosineAnnealing"
    assert nearest("Hok", ["hook", "Hook"]) == "hook"


def test_nothing_near_lists_what_is_known_only_if_it_is_short() -> None:
    assert did_you_mean("qqq", ["alpha", "beta"]) == "; known: alpha, beta"
    assert did_you_mean("qqq", [f"name{index}" for index in range(40)]) == ""
    assert did_you_mean("qqq", []) == ""
