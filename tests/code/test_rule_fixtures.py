"""Every case under fixtures/code: `before` becomes `after`; without an `after` nothing may change."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmigrate.converters.code.convert import CodeConverter, code_rules

CASES = sorted(path.parent for path in (Path(__file__).parents[2] / "fixtures" / "code").glob("*/*/before.py"))


def expected(case: Path) -> Path:
    after = case / "after.py"
    return after if after.exists() else case / "before.py"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_before_becomes_after(case: Path) -> None:
    converted = CodeConverter().convert(case / "before.py")
    assert converted.utf8.decode() == expected(case).read_text()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_converting_twice_changes_nothing(case: Path) -> None:
    after = expected(case)
    assert CodeConverter().convert(after).utf8.decode() == after.read_text()


@pytest.mark.parametrize("rule", code_rules(), ids=lambda rule: rule.code)
def test_the_example_a_rule_declares_is_what_it_does(rule, tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text(rule.before + "\n")
    assert CodeConverter().convert(tmp_path / "code.py").utf8.decode() == rule.after + "\n"


def test_every_rule_has_a_case() -> None:
    assert {rule.code for rule in code_rules()} <= {case.parent.name for case in CASES}
