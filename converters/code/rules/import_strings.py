"""Import paths in strings: ``import_module('mmcv.runner.hooks')``, ``mock.patch('mmcv.runner.get_dist_info')``."""

from __future__ import annotations

import ast
import re

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.module import Module
from mmmigrate.converters.code.remarks import GONE
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.code.symbols import v2_symbols

# Functions whose string argument is a path to import, by the last name of the call.
_IMPORTERS = frozenset({"import_module", "__import__", "find_spec", "importorskip", "patch", "setattr", "delattr",
                        "import_modules_from_strings", "locate", "resolve_name"})  # fmt: skip
_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")

_QUOTED = re.compile(rf"""['"](?:{"|".join(sorted(v2_symbols().roots))})\.\w""".encode())


_QUOTED_BACK = re.compile(rb"""['"](?:mmengine|mmmigrate)\.\w""")


def convert(module: Module) -> None:
    if not (_QUOTED_BACK if module.symbols.backwards else _QUOTED).search(module.source.utf8):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and _last_name(node.func) in _IMPORTERS:
            for argument in node.args[:1]:
                _each(module, argument)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values):
                if isinstance(key, ast.Constant) and key.value in ("imports", "custom_imports"):
                    _each(module, value)
        elif isinstance(node, ast.keyword) and node.arg == "imports":
            _each(module, node.value)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _each(module: Module, node: ast.expr) -> None:
    for item in node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]:
        if isinstance(item, ast.Constant) and isinstance(item.value, str) and _PATH.fullmatch(item.value):
            _path(module, item, item.value)


def _path(module: Module, node: ast.Constant, path: str) -> None:
    table = module.symbols
    if module.project.owns(path) or module.is_skipped(node) or not table.load(path):
        return
    new = table.modules.get(path, "")
    if new == "" or (new is None and table.get(path)):
        found = table.lookup(path)
        if found is None:
            return
        symbol, behind = found
        rest = path.split(".")[len(path.split(".")) - behind :] if behind else []
        target = path if symbol.status == "kept" else symbol.new or (symbol.bridge if module.bridge else None)
        new = ".".join([target, *rest]) if target else None
    if new is None:
        module.note(GONE, f"{path} is gone, or its names went to several places", node, marker=True)
    elif new != path:
        text = module.source.segment(node)
        module.replace(node, text.replace(path, new))
        module.note(BACK if table.backwards else RULE, f"{path} is {new}", node)


RULE = CodeRule(
    code="STR001",
    title="import path in a string",
    why="The string is imported when the program runs: it must say where the module or name is now.",
    before="from importlib import import_module\n\nimport_module('mmcv.runner.checkpoint')",
    after="from importlib import import_module\n\nimport_module('mmengine.runner.checkpoint')",
    effect=Effect.EXACT,
    reversible=True,
    words=v2_symbols().roots,
    convert=convert,
    structural=False,
)
BACK = CodeRule(
    code="STR101",
    title="import path of mmengine in a string",
    why="The string is imported when the program runs: it must say where the module or name is in mmcv 1.x.",
    before="from importlib import import_module\n\nimport_module('mmengine.runner.checkpoint')",
    after="from importlib import import_module\n\nimport_module('mmcv.runner.checkpoint')",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"mmengine", "mmmigrate"}),
    convert=convert,
    structural=False,
    to="v2",
)
