"""To v2: registries of a package lose a parent that mmcv does not have."""

from __future__ import annotations

import ast

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.module import Module, Use
from mmmigrate.converters.code.rule import CodeRule

_HOME = "mmengine.registry."
BRIDGED_REGISTRY = "mmmigrate.runtime_v3.registry"
# What v3's own parts look up by name, also where they run under v2. The others are built by the packages themselves.
_BUILT_BY_V3 = frozenset(
    {"METRICS", "EVALUATOR", "PARAM_SCHEDULERS", "OPTIM_WRAPPERS", "LOOPS", "LOG_PROCESSORS", "VISUALIZERS"}
    | {"VISBACKENDS", "INFERENCERS", "STRATEGIES", "FUNCTIONS"}
)


def convert(module: Module) -> None:
    for use in module.uses_of(f"{_HOME}Registry"):
        call = module.parents.get(use.chain)
        if isinstance(call, ast.Call) and call.func is use.chain:
            for position, keyword in enumerate(call.keywords):
                if keyword.arg == "parent":
                    _parent(module, use, call, position)


def _parent(module: Module, use: Use, call: ast.Call, position: int) -> None:
    keyword = call.keywords[position]
    path = module.resolve(keyword.value) or ""
    symbol = module.symbols.get(path) if path.startswith(_HOME) else None
    if symbol is None or symbol.new is not None:
        return
    if symbol.name in _BUILT_BY_V3:
        module.replace(use.node, module.need(BRIDGED_REGISTRY, "Registry"))
        module.note(RULE, f"what is registered here is built by v3's parts, from {path}: it stays v3's registry", call)
        return
    before = [*call.args, *call.keywords[:position]]
    if before:
        start = max(module.source.span(argument)[1] for argument in before)
        module.edits.replace(start, module.source.span(keyword)[1], "")
        module.note(RULE, f"{path} has no counterpart in mmcv, which looks things up in this registry itself", keyword)


RULE = CodeRule(
    code="REG101",
    title="registry whose parent mmcv does not have",
    why="mmcv 1.x has no registry of data sets or transforms: each package builds from its own.",
    before="from mmengine.registry import DATASETS as ROOT\nfrom mmengine.registry import Registry\n\n"
    "DATASETS = Registry('dataset', parent=ROOT)",
    after="from mmcv.utils import Registry\n\nDATASETS = Registry('dataset')",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"Registry"}),
    convert=convert,
    to="v2",
)
