"""Every formula of `compat/schedule` broken on purpose, one operator or number at a time.

Both runtimes, the predictions and the converter share these formulas, so that only real mmcv can tell a wrong one.
"""

from __future__ import annotations

import ast
import copy
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

PACKAGE, MUTANT = "mmmigrate.compat.schedule", "mutant_schedule"
FOLDER = Path(find_spec(PACKAGE).origin).parent
# in the order in which they import each other; policies of codebases (cooldown, yolox) are none of mmcv's
MODULES = ("errors", "anneal", "warmup", "policies", "cycles", "cooldown", "yolox", "catalogue", "plan")
FORMULAS = ("anneal", "warmup", "policies", "cycles", "plan")
_OTHER = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div, ast.Pow: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
# What only errors, texts and repeated use need: no value of a schedule comes from it.
_LEFT_ALONE = ("stretches", "check_warmup", "__post_init__", "_known", "strategy", "unit_fraction", "values_of")
# (module, part of the line, what is changed): why no schedule can tell it.
EQUIVALENT = {
    ("cycles", "fraction = min(", "1"): "inside a period the fraction is below 1",
    ("cycles", "len(phases) - 1", "len(phases) - 1"): "the last phase ends with the run",
    ("cycles", "len(phases) - 1", "1"): "the last phase ends with the run",
    ("cycles", "(total - 1, high, high)", "total - 1"): "nothing changes in the third phase",
    ("cycles", "(total - 1, high, high)", "1"): "nothing changes in the third phase",
    ("plan", "by_epoch: bool = True", "True"): "from_config always gives it",
    ("plan", "warmup_iters: int = 0", "0"): "from_config always gives it",
    ("plan", "warmup_ratio: float = 0.1", "0.1"): "from_config always gives it",
    ("plan", 'arguments.pop("warmup_iters", 0)', "0"): "a warm-up without a length is refused",
    ("plan", "if warmup is not None else 0", "0"): "there is no warm-up",
    ("plan", "if run.iters_per_epoch is not None", "run.iters_per_epoch is not None"): "for policies of codebases",
    ("plan", "base * own", "base * own"): "for policies of codebases",
}


@dataclass(frozen=True)
class Mutant:
    """A line of a module with one change in it."""

    module: str
    line: int
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"{self.module}.py:{self.line}: {self.before}  ->  {self.after}"


def mutants() -> Iterator[Mutant]:
    for module in FORMULAS:
        text = (FOLDER / f"{module}.py").read_text()
        tree = ast.parse(text)
        places = list(_places(tree))
        for index, place in enumerate(places):
            changed = copy.deepcopy(tree)
            node = list(_places(changed))[index]
            before, line = ast.unparse(place), text.splitlines()[place.lineno - 1]
            if any((module, before) == key[::2] and key[1] in line for key in EQUIVALENT):
                continue
            _change(node)
            after = ast.unparse(node)
            yield Mutant(module, place.lineno, before, after, ast.unparse(changed))


def load(mutant: Mutant | None) -> ModuleType:
    """The schedules with this change in them, as a package of its own; gives its `plan` module."""
    for name in MODULES:
        text = mutant.source if mutant is not None and mutant.module == name else (FOLDER / f"{name}.py").read_text()
        module = ModuleType(f"{MUTANT}.{name}")
        sys.modules[module.__name__] = module
        exec(compile(text.replace(PACKAGE, MUTANT), f"{name}.py", "exec"), module.__dict__)
    return sys.modules[f"{MUTANT}.plan"]


def _places(tree: ast.AST) -> Iterator[ast.AST]:
    """What can be changed, outside of docstrings, annotations and tests that only refuse an argument."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef) and node.name in _LEFT_ALONE:
            continue
        if isinstance(node, ast.If) and all(isinstance(step, ast.Raise) for step in node.body):
            for rest in node.orelse:
                yield from _places(ast.Module([rest], []))
            continue
        if isinstance(node, (ast.Raise, ast.arg, ast.ExceptHandler, ast.ImportFrom)):
            continue
        if _changeable(node):
            yield node
        yield from _places(_without_annotations(node))


def _without_annotations(node: ast.AST) -> ast.AST:
    if isinstance(node, ast.AnnAssign):
        return ast.Expr(node.value) if node.value is not None else ast.Pass()
    if isinstance(node, ast.ClassDef):
        return ast.Module(node.body, [])
    if isinstance(node, ast.FunctionDef):
        return ast.Module([*map(ast.Expr, node.args.defaults), *node.body], [])
    return node


def _changeable(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare):
        return type(node.ops[0]) in _OTHER
    if isinstance(node, (ast.BinOp, ast.BoolOp)):
        return type(node.op) in _OTHER
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, (ast.USub, ast.Not))
    return isinstance(node, ast.IfExp) or (isinstance(node, ast.Constant) and isinstance(node.value, (int, float)))


def _change(node: ast.AST) -> None:
    if isinstance(node, ast.Compare):
        node.ops[0] = _OTHER[type(node.ops[0])]()
    elif isinstance(node, (ast.BinOp, ast.BoolOp)):
        node.op = _OTHER[type(node.op)]()
    elif isinstance(node, ast.UnaryOp):
        node.op = ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not()
        node.operand = ast.UnaryOp(ast.Not(), node.operand) if isinstance(node.op, ast.Not) else node.operand
    elif isinstance(node, ast.IfExp):
        node.body, node.orelse = node.orelse, node.body
    elif isinstance(node, ast.Constant):
        node.value = not node.value if isinstance(node.value, bool) else node.value + 1
