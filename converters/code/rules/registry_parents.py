"""A package's own registries: children of what the new runner builds from, one for each parent and scope."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.module import Module
from mmmigrate.converters.code.rule import CodeRule

_REGISTRY = "mmengine.registry"
# Registries that v2 code looks things up in by itself and that v3's runner builds from, by their usual names.
_PARENTS = {
    "DATASETS": "DATASETS",
    "PIPELINES": "TRANSFORMS",
    "TRANSFORMS": "TRANSFORMS",
    "SAMPLERS": "DATA_SAMPLERS",
    "HOOKS": "HOOKS",
    "RUNNERS": "RUNNERS",
    "OPTIMIZERS": "OPTIMIZERS",
    "OPTIMIZER_BUILDERS": "OPTIM_WRAPPER_CONSTRUCTORS",
    "MODULE_WRAPPERS": "MODEL_WRAPPERS",
} | dict.fromkeys(
    ("MODELS", "DETECTORS", "SEGMENTORS", "CLASSIFIERS", "RECOGNIZERS", "LOCALIZERS", "POSENETS", "ARCHITECTURES"),
    "MODELS",
)


@dataclass(frozen=True)
class _Child:
    """``name = Registry(...)`` at the top level. ``parent`` is the full new name of the parent, None without one."""

    module: Module
    name: str
    call: ast.Call
    parent: str | None
    scope: str

    @property
    def target(self) -> str | None:
        """The parent that it has, or is to get."""
        usual = _PARENTS.get(self.name)
        return self.parent or (f"{_REGISTRY}.{usual}" if usual else None)

    @property
    def place(self) -> tuple[str | None, str]:
        """What can be taken once: mmengine refuses two children of one parent with the same scope."""
        return self.target, self.scope

    def is_same(self, other: _Child) -> bool:
        return (self.module.name, self.name) == (other.module.name, other.name)


def convert(module: Module) -> None:
    children = list(_children(module))
    if not children:
        return
    owners = _owners(module)
    for child in children:
        owner = owners[child.place]
        if child.target is None:
            continue
        if child.parent is None:
            _adopt(child, owner)
        elif not child.is_same(owner):
            _join(child, owner)


def _children(module: Module) -> Iterator[_Child]:
    for use in module.uses_of("mmcv.utils.Registry"):
        call = module.parents.get(use.chain)
        assign = module.parents.get(call) if isinstance(call, ast.Call) and call.func is use.chain else None
        if not isinstance(call, ast.Call) or not isinstance(assign, ast.Assign) or assign not in module.top_statements:
            continue
        target = assign.targets[0]
        if len(assign.targets) == 1 and isinstance(target, ast.Name):
            parent = _argument(call, "parent", 2)
            scope = _argument(call, "scope", 3)
            yield _Child(module, target.id, call, _new_name(module, parent), _scope(module, scope))


def _scope(module: Module, given: ast.expr | None) -> str:
    """The scope that a registry has: by default the package that makes it."""
    if given is None:
        return module.name.partition(".")[0]
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        return given.value
    return module.source.segment(given)


def _argument(call: ast.Call, name: str, position: int) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == name and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is None):
            return keyword.value
    return call.args[position] if len(call.args) > position else None


def _new_name(module: Module, node: ast.expr | None) -> str | None:
    """The full name that a parent has in the new generation; its text for one that is not a library's."""
    if node is None:
        return None
    path = module.resolve(node)
    symbol = module.symbols.get(path) if path else None
    return (symbol.new if symbol else path) or module.source.segment(node)


def _owners(module: Module) -> dict[tuple[str | None, str], _Child]:
    """For each parent and scope the registry of the project that keeps them: the same one whichever file is asked.

    One with a parent is taken before others, then one in a module that imports nothing of the project: the others can
    import it.
    """
    children: dict[tuple[str | None, str], list[_Child]] = {}
    for name in sorted({module.name, *module.project.registry_modules}):
        other = module if name == module.name else module.project.module(name)
        for child in _children(other) if other is not None else ():
            children.setdefault(child.place, []).append(child)
    for group in children.values():
        group.sort(key=lambda child: (child.parent is None, not _is_leaf(child.module)))
    return {place: group[0] for place, group in children.items()}


def _is_leaf(module: Module) -> bool:
    """Whether a module imports nothing of the project, so that importing it makes no cycle."""
    items = [item for found in module.outline.imports.values() for item in found]
    return not any(module.project.owns(item.target) for item in items) and not module.outline.stars


def _adopt(child: _Child, owner: _Child) -> None:
    """A registry without a parent gets the one that the v3 runner builds from."""
    if not child.is_same(owner):
        message = (
            f"{child.name} has no parent, so v3's runner does not find what is registered in it; "
            f"{owner.module.name}.{owner.name} is the child of {child.target} with this scope"
        )
        child.module.note(RULE, message, child.call, Effect.MANUAL, marker=True)
        return
    target = child.target or ""
    name = target.rpartition(".")[2]
    local = child.module.need(_REGISTRY, name)
    arguments = [*child.call.args, *child.call.keywords]
    if arguments:
        end = max(child.module.source.span(argument)[1] for argument in arguments)
        child.module.edits.insert(end, f", parent={local}")
    scope = child.scope.strip("'\"") or child.module.name.partition(".")[0]
    message = f"{child.name} is a child of {target}, from which v3's runner builds where default_scope is {scope!r}"
    child.module.note(RULE, message, child.call)


def _join(child: _Child, owner: _Child) -> None:
    """Two registries whose parents became one are one registry now."""
    if owner.module.name == child.module.name:
        child.module.replace(child.call, owner.name)
    elif _is_leaf(owner.module):
        child.module.replace(child.call, child.module.need(owner.module.name, owner.name))
    else:
        message = f"{child.name} and {owner.module.name}.{owner.name} have the same parent in v3, which allows one"
        child.module.note(RULE, message, child.call, Effect.MANUAL, marker=True)
        return
    message = f"{child.name} is {owner.name}: their parents are one registry in v3 ({child.parent})"
    child.module.note(RULE, message, child.call)


RULE = CodeRule(
    code="REG001",
    title="registry that v3's runner does not see, or whose parent became another's",
    why="v3 builds data sets, transforms and models from mmengine's registries and their children. mmcv's registries "
    "of layers became one, MODELS, and mmengine refuses two children of one parent with the same scope.",
    before="from mmcv.utils import Registry\n\nDATASETS = Registry('dataset')",
    after="from mmengine.registry import DATASETS as MMENGINE_DATASETS\nfrom mmengine.registry import Registry\n\n"
    "DATASETS = Registry('dataset', parent=MMENGINE_DATASETS)",
    effect=Effect.EXACT,
    reversible=False,
    words=frozenset({"Registry"}),
    convert=convert,
)
