"""Every case under fixtures/code: `before` becomes `after`; without an `after` nothing may change."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmigrate.converters.code.convert import CodeConverter, CodeOptions, code_rules

CASES = sorted(path.parent for path in (Path(__file__).parents[2] / "fixtures" / "code").glob("*/*/before.py"))

TO = {rule.code: rule.to for rule in code_rules()}


def converter(code: str) -> CodeConverter:
    """A converter to the generation that a rule is for."""
    return CodeConverter(CodeOptions(to=TO[code]))


def expected(case: Path) -> Path:
    after = case / "after.py"
    return after if after.exists() else case / "before.py"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_before_becomes_after(case: Path) -> None:
    converted = converter(case.parent.name).convert(case / "before.py")
    assert converted.utf8.decode() == expected(case).read_text()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_converting_twice_changes_nothing(case: Path) -> None:
    after = expected(case)
    assert converter(case.parent.name).convert(after).utf8.decode() == after.read_text()


@pytest.mark.parametrize("rule", code_rules(), ids=lambda rule: rule.code)
def test_the_example_a_rule_declares_is_what_it_does(rule, tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text(rule.before + "\n")
    assert converter(rule.code).convert(tmp_path / "code.py").utf8.decode() == rule.after + "\n"


def test_every_rule_has_a_case() -> None:
    assert {rule.code for rule in code_rules()} <= {case.parent.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_code_of_one_generation_is_not_changed_on_the_way_to_it(case: Path) -> None:
    other = CodeConverter(CodeOptions(to="v2" if TO[case.parent.name] == "v3" else "v3"))
    if "mmengine" not in (case / "before.py").read_text() and "mmmigrate" not in (case / "before.py").read_text():
        assert not other.convert(case / "before.py").changed
