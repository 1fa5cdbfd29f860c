"""There and back: a name that moved to mmengine is the same name, or one that became the same, after the way back."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmigrate.converters.code.convert import CodeConverter, CodeOptions
from mmmigrate.converters.code.source import decode_source
from mmmigrate.converters.code.symbols import Symbol, v2_symbols

TABLE = v2_symbols()
TABLE.load("mmcv")
MOVED = [symbol for symbol in TABLE.symbols.values() if (symbol.new or "").startswith("mmengine.")]


def convert(text: str, to: str) -> str:
    source = decode_source(Path("code.py"), text.encode())
    return CodeConverter(CodeOptions(to=to)).convert_source(source, "code").utf8.decode()


@pytest.mark.parametrize("symbol", MOVED, ids=lambda symbol: symbol.path)
def test_a_name_comes_back(symbol: Symbol) -> None:
    home, _, name = symbol.path.rpartition(".")
    there = convert(f"from {home} import {name} as local\n\nlocal.x\n", "v3")
    assert " ".join(there.split()).startswith(f"from {symbol.new.rpartition('.')[0]} import ")
    back = convert(there, "v2")
    flat = " ".join(back.split("\n\n")[0].replace("(", "").replace(")", "").split()).split()
    found = TABLE.get(f"{flat[1]}.{flat[3]}")
    assert found is not None
    assert found.new == symbol.new


def test_uses_follow_a_name_in_both_directions() -> None:
    old = "from mmcv.runner import OPTIMIZER_BUILDERS\n\nOPTIMIZER_BUILDERS.get('a')\n"
    new = "from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS\n\nOPTIM_WRAPPER_CONSTRUCTORS.get('a')\n"
    assert convert(old, "v3") == new
    assert convert(new, "v2") == old


FIXTURES = Path(__file__).parents[2] / "fixtures" / "code"
V2_CASES = sorted(
    path.parent
    for path in FIXTURES.glob("*/*/before.py")
    if "mmengine" not in path.read_text() and "mmcv" in path.read_text()
)


@pytest.mark.parametrize("case", V2_CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_what_came_back_goes_there_and_back_unchanged(case: Path) -> None:
    """The way back is one way of several to write the old code: its own result is a fixed point."""
    normal = convert(convert((case / "before.py").read_text(), "v3"), "v2")
    assert convert(convert(normal, "v3"), "v2") == normal
    compile(normal, "normal.py", "exec")


TRANSLATED = [
    "HKC001/inherited_and_super",
    "HKC001/after_iteration",
    "HKC002/steps_the_optimizer",
    "HKC004/by_epoch_or_iteration",
    "MDC001/train_step_and_its_heirs",
    "MDC002/registered_by_an_heir",
    "OWC001/default_constructor",
    "OWC001/standing_alone",
    "OWC003/function_of_a_project",
    "OWC003/kinds_of_configs",
]


@pytest.mark.parametrize("case", TRANSLATED)
def test_the_way_back_needs_no_bridge_for_what_v2_wrote(case: str) -> None:
    back = convert(convert((FIXTURES / case / "before.py").read_text(), "v3"), "v2")
    assert "mmmigrate.compat" not in back
    assert "mmengine" not in back.replace("MMENGINE_", "")
