"""Classes that stay v2 code: what they name of mmcv comes from the bridge, which v3 builds and calls them through."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from mmmigrate.converters.code.classes import Class
from mmmigrate.converters.code.hooks.redirect import Target, redirect
from mmmigrate.converters.code.hooks.stages import HOOK
from mmmigrate.converters.code.module import Module, Use

BRIDGE = "mmmigrate.compat.adapters.v2"
BRIDGE_V3 = "mmmigrate.compat.adapters.v3"
_ENGINE = tuple(
    f"mmengine.{part}." for part in ("hooks", "registry", "model", "optim", "runner", "evaluator", "dataset")
)
_REGISTRIES = frozenset(
    f"mmcv.runner.{name}" for name in ("HOOKS", "RUNNERS", "RUNNER_BUILDERS", "OPTIMIZERS", "OPTIMIZER_BUILDERS")
)


def adapt(classes: Sequence[Class]) -> None:
    """Takes from the bridge what these classes of one file name of mmcv and v3 has not, or has otherwise."""
    if classes:
        redirect(classes[0].module, bridged_uses(classes[0].module, classes))


def bridged_uses(module: Module, classes: Sequence[Class]) -> dict[Use, Target]:
    """The uses inside these classes that must go to the bridge, with where."""
    if not classes:
        return {}  # the names of most files need not be looked up at all
    inside = {node for cls in classes for node in ast.walk(cls.node)}
    found: dict[Use, Target] = {}
    for use in module.uses:
        if use.node in inside and use.symbol is not None and _differs(module, use.symbol.path, use.symbol.new):
            found[use] = (BRIDGE, use.symbol.name)
    return found


def uses_that_stay_v3(module: Module, classes: Sequence[Class]) -> dict[Use, Target]:
    """To v2: the uses inside these classes, which stay v3 code, of what v2 has otherwise under some name, or not."""
    inside = {node for cls in classes for node in ast.walk(cls.node)}
    found: dict[Use, Target] = {}
    for use in module.uses if classes else ():
        path = use.symbol.path if use.symbol is not None and use.node in inside else ""
        if path.startswith(_ENGINE):
            found[use] = (BRIDGE_V3, path.rpartition(".")[2])
    return found


def _differs(module: Module, path: str, new: str | None) -> bool:
    """Whether a name of mmcv means something else in v3; functions that only moved are left to the symbols' rule."""
    if path.partition(".")[0] != "mmcv":
        return False
    if new is None or path in _REGISTRIES or path.startswith("mmcv.parallel."):
        return True
    return HOOK in module.symbols.ancestors(path)
