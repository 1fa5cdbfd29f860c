"""Classes that a package registers under a name that the new libraries have taken themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.module import Module
from mmmigrate.converters.code.rule import CodeRule

_REGISTER = "register_module"


def convert(module: Module) -> None:
    if not any(map(module.may_be_of_library, _registering(module))):
        return
    for use in module.uses:
        taken = module.symbols.registered.get(use.symbol.new or "") if use.symbol else None
        call = module.parents.get(use.chain) if taken and use.rest == (_REGISTER,) else None
        if taken and isinstance(call, ast.Call) and call.func is use.chain:
            _decorator(module, call, taken)


def _registering(module: Module) -> Iterator[ast.expr]:
    """What decorators register with: ``MODELS.register_module``."""
    for node in module.outline.decorated:
        for item in node.decorator_list:
            if isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute) and item.func.attr == _REGISTER:
                yield item.func


def _decorator(module: Module, call: ast.Call, taken: frozenset[str]) -> None:
    owner = module.parents.get(call)
    if not isinstance(owner, (ast.ClassDef, ast.FunctionDef)) or call not in owner.decorator_list:
        return
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    name = given.get("name", call.args[0] if call.args else None)
    label = name.value if isinstance(name, ast.Constant) and name.value is not None else owner.name
    if label not in taken or "force" in given or len(call.args) > 1:
        return
    end = module.source.span(call)[1] - 1
    arguments = [*call.args, *call.keywords]
    if arguments:
        module.edits.insert(max(module.source.span(argument)[1] for argument in arguments), ", force=True")
    else:
        module.edits.insert(end, "force=True")
    module.note(RULE, f"{label!r} is registered by the new libraries too: force=True takes its place", call)


RULE = CodeRule(
    code="REG002",
    title="class with a name that the new libraries register themselves",
    why="Registering a name twice is a KeyError. In v2 it was free in this registry, so the own class was meant: "
    "force=True puts it in the place of the library's.",
    before="from mmcv.cnn import ACTIVATION_LAYERS\n\n\n@ACTIVATION_LAYERS.register_module()\nclass SiLU: ...",
    after="from mmengine.registry import MODELS\n\n\n@MODELS.register_module(force=True)\nclass SiLU: ...",
    effect=Effect.MEASURED,
    reversible=False,
    words=frozenset({_REGISTER}),
    convert=convert,
    structural=False,
)
