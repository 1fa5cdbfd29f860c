"""Every case under fixtures/rules: `before` becomes `after`; without an `after` nothing may change."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.rules.engine import rules
from mmmigrate.converters.rules.experiment import Options

RULES = Path(__file__).parents[2] / "fixtures" / "rules"
CASES = sorted(path for path in RULES.glob("*/*") if path.is_dir())


def converter_for(code: str) -> ConfigConverter:
    """Cases of the other rules speak of runtime keys alone: no pack translates the classes in them."""
    return ConfigConverter(Options(packs=("auto",) if code.startswith("PCK") else ()))


def pairs(case: Path) -> list[tuple[Path, Path]]:
    """(before, after) of each file of a case; where nothing may change, after is before."""
    if (case / "before.py").exists():
        after = case / "after.py"
        return [(case / "before.py", after if after.exists() else case / "before.py")]
    folder = case / "after" if (case / "after").exists() else case / "before"
    return [(path, folder / path.name) for path in sorted((case / "before").glob("*.py"))]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_before_becomes_after(case: Path) -> None:
    converter = converter_for(case.parent.name)
    for before, after in pairs(case):
        assert converter.convert(before).text == after.read_text()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_converting_twice_changes_nothing(case: Path) -> None:
    converter = converter_for(case.parent.name)
    for _, after in pairs(case):
        assert converter.convert(after).text == after.read_text()


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_the_example_a_rule_declares_is_what_it_does(rule, tmp_path: Path) -> None:
    before = tmp_path / "config.py"
    before.write_text(rule.before + "\n")
    assert converter_for(rule.code).convert(before).text == (rule.after + "\n" if rule.after else "")


def test_every_rule_has_a_case() -> None:
    assert {rule.code for rule in rules()} <= {case.parent.name for case in CASES}
