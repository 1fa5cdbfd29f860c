"""A config that the user trusts, executed in a process of its own: only its values come back."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from mmmigrate.converters.read.source import Source
from mmmigrate.converters.read.traced import TracedDict, plain, traced

TIMEOUT_S = 60

# Runs in the other process: standard input has the text, its path and the bases, standard output gets the variables.
_CHILD = """
import ast, importlib.util, sys, types
text, path, base = ast.literal_eval(sys.stdin.read())
out, sys.stdout = sys.stdout, sys.stderr
absent = [name for name in ("mmcv", "mmengine") if name in text and importlib.util.find_spec(name) is None]
if absent:
    from mmmigrate.compat import aliases
    aliases.install(*absent)

class Base(dict):
    def __getattr__(self, name):
        try:
            return wrap(self[name])
        except KeyError:
            raise AttributeError(name) from None
    __setattr__ = dict.__setitem__

def wrap(value):
    return Base(value) if type(value) is dict else value

def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return type(value)(plain(item) for item in value) if type(value) in (list, tuple, set) else list(value)
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return value
    name = getattr(value, "__qualname__", None)
    if name is None:
        raise TypeError(f"a {type(value).__name__} cannot be written as text")
    return f"{value.__module__}.{name}"

names = {"__file__": path, "__name__": "__config__", "_base_": Base(base)}
tree = ast.parse(text, path)
tree.body = [
    node for node in tree.body
    if not (isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "_base_")
]
exec(compile(tree, path, "exec"), names)
keep = {
    name: plain(value)
    for name, value in names.items()
    if not name.startswith("__") and not isinstance(value, (types.ModuleType, types.FunctionType))
}
keep.pop("_base_", None)
out.write(repr(keep))
"""


def execute(source: Source, base: Mapping[str, Any]) -> TracedDict:
    """The variables of a config. Raises ConversionError (CFG009) for what fails, runs too long or is no plain value."""
    text = source.filled(base)
    request = repr((text, str(source.path.absolute()), plain(dict(base))))
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CHILD], input=request, capture_output=True, text=True, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        source.fail("CFG009", f"executing it took more than {TIMEOUT_S} s")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        source.fail("CFG009", f"executing it failed: {last}")
    try:
        return TracedDict(traced(_read_back(done.stdout)))
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        source.fail("CFG009", f"executing it gave values that cannot be written as text: {error}")


def _read_back(text: str) -> dict[str, Any]:
    """Literals, and the floats that are none."""
    tree = ast.parse(text, mode="eval")

    class Floats(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return ast.copy_location(ast.Constant(float(node.id)), node)

    value: dict[str, Any] = ast.literal_eval(Floats().visit(tree))
    return value
