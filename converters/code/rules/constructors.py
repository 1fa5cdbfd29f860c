"""Optimizer constructors build optim wrappers: ``(optimizer_cfg, …)`` -> ``(optim_wrapper_cfg, …)``.

mmengine's constructors get the whole `optim_wrapper`, whose `optimizer` is what mmcv's got, and give a wrapper back.
"""

from __future__ import annotations

import ast

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.classes import Class, Method
from mmmigrate.converters.code.hooks.draft import Draft, Needed
from mmmigrate.converters.code.hooks.family import is_super
from mmmigrate.converters.code.module import Module
from mmmigrate.converters.code.remarks import UNKNOWN_CONSTRUCTOR
from mmmigrate.converters.code.rule import CodeRule

_DEFAULT = "mmcv.runner.DefaultOptimizerConstructor"
_REGISTER = "mmcv.runner.OPTIMIZER_BUILDERS.register_module"
_OLD, _NEW = "optimizer_cfg", "optim_wrapper_cfg"
_WRAPPERS = Needed("mmengine.registry", "OPTIM_WRAPPERS")


def convert(module: Module) -> None:
    for cls in module.classes:
        standing_alone = not cls.derives(_DEFAULT)
        if standing_alone and not _is_registered(cls) and not any(map(_is_registered, cls.lineage)):
            continue
        draft = Draft(cls)
        own_init = cls.methods.get("__init__")
        if own_init is not None:
            _translate_init(draft, own_init, standing_alone)
        call = cls.methods.get("__call__")
        if call is not None:
            _translate_call(draft, call)
        _take_default_name(draft)
        if draft.blockers:
            for blocker in draft.blockers:
                module.note(UNKNOWN_CONSTRUCTOR, f"{cls.name}: {blocker.reason}", blocker.node, marker=True)
            continue
        draft.apply()
        if draft.changes:
            module.note(RULE, f"{cls.name} gets the whole optim_wrapper and builds one", cls.node)


def _take_default_name(draft: Draft) -> None:
    """A class that takes the place of the default by its name must take it by v3's name."""
    if draft.cls.name != "DefaultOptimizerConstructor":
        return
    for decorator in draft.cls.node.decorator_list:
        if not isinstance(decorator, ast.Call) or draft.module.resolve(decorator.func) != _REGISTER:
            continue
        if not decorator.args and all(keyword.arg != "name" for keyword in decorator.keywords):
            draft.append_arguments(decorator, ["name='DefaultOptimWrapperConstructor'"])


def _is_registered(cls: Class) -> bool:
    for decorator in cls.node.decorator_list:
        func = decorator.func if isinstance(decorator, ast.Call) else decorator
        if cls.module.may_be_of_library(func) and cls.module.resolve(func) == _REGISTER:
            return True
    return False


def _translate_init(draft: Draft, init: Method, standing_alone: bool) -> None:
    arguments = init.args.args
    if len(arguments) < 2 or arguments[1].arg != _OLD:
        if any(item.arg == _OLD for item in arguments) or not (init.args.vararg or init.args.kwarg):
            draft.block(init, f"__init__ does not take {_OLD} first: v3 passes {_NEW} and paramwise_cfg")
        return
    own, old = arguments[0].arg, arguments[1]
    uses = [node for node in ast.walk(init) if isinstance(node, ast.Name) and node.id == _OLD]
    handed_on = [node for node in uses if goes_to_super(draft, node, _OLD, _NEW)]
    at = draft.start(old)
    draft.put(at, at + len(_OLD), _NEW)
    for node in handed_on:
        draft.replace(node, _NEW)
    if not standing_alone and not handed_on and not any(is_super(node) for node in ast.walk(init)):
        standing_alone = True
    if len(handed_on) == len(uses) and not standing_alone:
        return
    lines = [f"{_OLD} = {_NEW}['optimizer']"]
    if standing_alone:
        lines = [
            f"{own}.{_NEW} = dict({_NEW})",
            f"{own}.{_NEW}.setdefault('type', 'OptimWrapper')",
            f"{_OLD} = {own}.{_NEW}.pop('optimizer')",
        ]
    if draft.stands_on_one_line(init):
        draft.block(init, "__init__ stands on one line")
        return
    draft.insert_first(init, "".join(f"{line}\n" for line in lines))


def goes_to_super(draft: Draft, name: ast.Name, old: str, new: str) -> bool:
    """Whether a name is passed to the ``__init__`` of the base class."""
    parent = draft.module.parents[name]
    if isinstance(parent, ast.keyword):
        if parent.arg == old:
            draft.put(draft.start(parent), draft.start(parent) + len(old), new)
        parent = draft.module.parents[parent]
    if not isinstance(parent, ast.Call) or not isinstance(parent.func, ast.Attribute) or parent.func.attr != "__init__":
        return False
    owner = parent.func.value
    return is_super(owner) or draft.module.resolve(owner) in (*draft.cls.bases, *draft.cls.ancestors)


def _translate_call(draft: Draft, call: Method) -> None:
    """Every value that ``__call__`` returns is put into a wrapper, except what its base class gives."""
    own = call.args.args[0].arg
    base_gives = names_from_super(call)
    for node in returns_of(call):
        if node.value is None:
            draft.block(node, "__call__ returns nothing")
        elif comes_from_super(node.value) or (isinstance(node.value, ast.Name) and node.value.id in base_gives):
            if not is_plain(draft, node.value, base_gives, call):
                draft.block(node, "it changes the optimizer that its base class gives, which is a wrapper in v3")
        else:
            start, end = draft.start(node.value), draft.end(node.value)
            indent = draft.module.source.indent_at(draft.start(node)) + "    "
            head = f".build(\n{indent}{own}.{_NEW},\n{indent}default_args=dict(optimizer="
            draft.put(start, start, _WRAPPERS, head)
            draft.put(end, end, "))")


def returns_of(method: Method) -> list[ast.Return]:
    """The returns of a method itself, not those of functions inside it."""
    found: list[ast.Return] = []
    stack: list[ast.AST] = list(method.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Return):
            found.append(node)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(node))
    return found


def comes_from_super(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_super(node.func.value)


def names_from_super(method: Method) -> set[str]:
    return {
        target.id
        for node in ast.walk(method)
        if isinstance(node, ast.Assign) and comes_from_super(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


_SAME_ON_WRAPPERS = frozenset({"param_groups", "state_dict", "load_state_dict", "zero_grad"})


def is_plain(draft: Draft, value: ast.AST, names: set[str], method: Method) -> bool:
    """Whether what the base class gives is used only in ways that a wrapper has as well."""
    for node in ast.walk(method):
        if isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load) and node is not value:
            parent = draft.module.parents[node]
            if not isinstance(parent, ast.Return) and not (
                isinstance(parent, ast.Attribute) and parent.attr in _SAME_ON_WRAPPERS
            ):
                return False
    return True


RULE = CodeRule(
    code="OWC001",
    title="optimizer constructor",
    why="mmengine gives a constructor the whole `optim_wrapper` (its `optimizer` is what mmcv gave) and takes an "
    "OptimWrapper back. `DefaultOptimWrapperConstructor` keeps `optimizer_cfg`, `base_lr`, `base_wd` and `add_params`.",
    before="from mmcv.runner import DefaultOptimizerConstructor\n\n\n"
    "class Constructor(DefaultOptimizerConstructor):\n\n    def __init__(self, optimizer_cfg, paramwise_cfg=None):\n"
    "        super().__init__(optimizer_cfg, paramwise_cfg)",
    after="from mmengine.optim import DefaultOptimWrapperConstructor\n\n\n"
    "class Constructor(DefaultOptimWrapperConstructor):\n\n"
    "    def __init__(self, optim_wrapper_cfg, paramwise_cfg=None):\n"
    "        super().__init__(optim_wrapper_cfg, paramwise_cfg)",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"DefaultOptimizerConstructor", "OPTIMIZER_BUILDERS"}),
    convert=convert,
)
