"""``runner.model`` and ``runner.optimizer``: v3 wraps the optimizer always, the model only where it is distributed."""

from __future__ import annotations

import ast

from mmmigrate.converters.code.hooks.draft import Needed
from mmmigrate.converters.code.hooks.method import MethodView

_WRAPPED = "mmcv.parallel.is_module_wrapper"
_IS_WRAPPER = Needed("mmengine.model", "is_model_wrapper")
# What mmcv's data-parallel wrapper puts `module.` in front of.
_NAMED = frozenset({"named_parameters", "named_modules", "named_buffers", "named_children", "state_dict"})
_STEPS = frozenset({"train_step", "val_step", "forward"})


def model(view: MethodView, node: ast.Attribute) -> None:
    """``runner.model.module`` is the model inside a wrapper that v3 does not make on one device."""
    parent = view.parent(node)
    if isinstance(parent, ast.Attribute):
        if parent.attr == "module" and not isinstance(parent.ctx, ast.Load):
            view.block(parent, "it puts another model into the wrapper")
        elif parent.attr == "module":
            _unwrap(view, parent, view.text(node))
        elif parent.attr in _STEPS:
            view.block(parent, f"it calls runner.model.{parent.attr}, which takes and gives other things in v3")
        elif parent.attr in _NAMED:
            view.draft.remark(node, f"the names that runner.model.{parent.attr} gives no longer begin with 'module.'")
    elif isinstance(parent, ast.Call) and parent.func is node:
        view.block(node, "it runs the model itself, which takes and gives other things in v3")
    elif isinstance(parent, ast.Call) and node in parent.args and not _takes_a_module(view, parent, node):
        view.block(node, f"the wrapped model is handed to {view.text(parent.func)}, which is not known")
    elif isinstance(parent, ast.Assign) and parent.value is node:
        _alias(view, parent)


def _takes_a_module(view: MethodView, call: ast.Call, argument: ast.expr) -> bool:
    """Whether what is called takes a bare model as well as a wrapped one."""
    func = call.func
    if isinstance(func, ast.Name) and func.id in ("isinstance", "getattr", "hasattr", "print", "id", "type"):
        return True
    name = view.module.resolve(func)
    if name == _WRAPPED or name in ("mmcv.runner.get_state_dict", "mmcv.runner.weights_to_cpu"):
        return True
    return name is not None and view.module.project.owns(name) and _only_walks(view, name, call.args.index(argument))


def _only_walks(view: MethodView, name: str, index: int) -> bool:
    """Whether a function of the project only looks at the modules and parameters of what it is given."""
    home, _, local = name.rpartition(".")
    module = view.module if home == view.module.name else view.module.project.module(home)
    function = module.outline.top.get(local) if module else None
    if not isinstance(function, ast.FunctionDef):
        return False
    if index >= len(function.args.args):
        return False
    parameter = function.args.args[index].arg
    parents = {child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
    for item in ast.walk(function):
        if isinstance(item, ast.Name) and item.id == parameter:
            user = parents[item]
            if not (isinstance(user, ast.Attribute) and user.attr in _WALKS):
                return False
    return True


_WALKS = frozenset(
    {"modules", "children", "parameters", "named_modules", "named_children", "named_parameters", "named_buffers"}
    | {"buffers", "apply", "training", "load_state_dict", "state_dict", "zero_grad"}
)


def _unwrap(view: MethodView, node: ast.AST, name: str) -> None:
    """``x.module`` becomes a variable that is set once, at the beginning of the method."""
    if _guarded(view, node, name):
        return
    _use_v3_name(view)
    if name == f"{view.runner}.model" and not view.draft.stands_on_one_line(view.node):
        variable = _free_variable(view)
        text = f"{variable} = {name}\nif ", _IS_WRAPPER, f"({variable}):\n    {variable} = {variable}.module\n"
        view.draft.insert_first(view.node, *text)
        view.draft.replace(node, variable)
        return
    view.draft.replace(node, f"({name}.module if ", _IS_WRAPPER, f"({name}) else {name})")


def _use_v3_name(view: MethodView) -> None:
    """Where the file asks `is_module_wrapper` itself, one import of v3's function serves both."""
    for use in view.module.uses:
        if use.symbol is not None and use.symbol.path == _WRAPPED:
            view.draft.redirected[use] = (_IS_WRAPPER.module, _IS_WRAPPER.name)


def _free_variable(view: MethodView) -> str:
    taken = {node.id for node in ast.walk(view.node) if isinstance(node, ast.Name)}
    taken |= {node.arg for node in ast.walk(view.node) if isinstance(node, ast.arg)}
    return next(name for name in ("model", "module", "inner_model", "unwrapped_model_") if name not in taken)


def _guarded(view: MethodView, node: ast.AST, name: str) -> bool:
    """Whether the code itself asks first if the model is wrapped."""
    while node is not view.node:
        parent = view.parent(node)
        if isinstance(parent, (ast.If, ast.IfExp)) and node is not parent.test:
            for call in ast.walk(parent.test):
                if isinstance(call, ast.Call) and call.args and view.text(call.args[0]) == name:
                    asks = view.module.resolve(call.func) == _WRAPPED or view.text(call.func) == "hasattr"
                    if asks:
                        return True
        node = parent
    return False


def _alias(view: MethodView, assign: ast.Assign) -> None:
    """``model = runner.model``: the variable's ``.module`` is unwrapped as well."""
    target = assign.targets[0]
    if len(assign.targets) != 1 or not isinstance(target, ast.Name):
        view.block(assign, "the wrapped model is kept for later")
        return
    for node in ast.walk(view.node):
        if isinstance(node, ast.Name) and node.id == target.id and isinstance(node.ctx, ast.Load):
            user = view.parent(node)
            if isinstance(user, ast.Attribute) and user.attr == "module":
                _unwrap(view, user, target.id)
            elif isinstance(user, ast.Attribute) and user.attr in _STEPS:
                view.block(user, f"it calls the model's {user.attr}, which takes and gives other things in v3")
            elif isinstance(user, ast.Call) and user.func is node:
                view.block(user, "it runs the model itself, which takes and gives other things in v3")
            elif isinstance(user, ast.Call) and node in user.args and not _takes_a_module(view, user, node):
                view.block(user, f"the wrapped model is handed to {view.text(user.func)}, which is not known")


def optimizer(view: MethodView, node: ast.Attribute) -> None:
    """The optimizer is inside a wrapper; several of them are a dict of wrappers."""
    parent = view.parent(node)
    runner = view.runner
    wrapper = f"{runner}.optim_wrapper"
    if isinstance(parent, ast.Call) and view.text(parent.func) == "isinstance" and parent.args[0] is node:
        if view.text(parent.args[1]) != "dict":
            view.block(parent, "it asks for the class of the optimizer")
            return
        view.draft.replace(node, wrapper)
        view.draft.replace(parent.args[1], Needed("mmengine.optim", "OptimWrapperDict"))
    elif isinstance(parent, ast.Attribute) and parent.attr in ("step", "zero_grad"):
        view.block(parent, f"it calls the optimizer's {parent.attr} itself")
    elif isinstance(parent, ast.Attribute) and parent.attr == "keys":
        view.draft.replace(node, wrapper)
    elif isinstance(parent, ast.Attribute) and parent.attr in ("items", "values"):
        view.draft.replace(node, f"{{name: one.optimizer for name, one in {wrapper}.items()}}")
    elif isinstance(parent, ast.Subscript) and parent.value is node:
        view.draft.replace(node, wrapper)
        view.draft.put(view.draft.end(parent), view.draft.end(parent), ".optimizer")
    elif isinstance(parent, (ast.For, ast.comprehension)) and parent.iter is node:
        view.draft.replace(node, wrapper)
    elif isinstance(parent, ast.Assign) and _asked_if_dict(view, parent):
        view.block(node, "the optimizer is kept in a variable that may be a dict of several")
    else:
        view.draft.replace(node, f"{wrapper}.optimizer")


_OF_ONE_OPTIMIZER = frozenset({"param_groups", "state", "state_dict", "defaults"})


def _asked_if_dict(view: MethodView, assign: ast.Assign) -> bool:
    """Whether a variable that holds the optimizer is treated as a dict, or stepped, or leaves the method."""
    target = assign.targets[0]
    if len(assign.targets) != 1 or not isinstance(target, ast.Name):
        return True
    for node in ast.walk(view.node):
        if isinstance(node, ast.Name) and node.id == target.id and isinstance(node.ctx, ast.Load):
            user = view.parent(node)
            if not (isinstance(user, ast.Attribute) and user.attr in _OF_ONE_OPTIMIZER):
                return True
    return False
