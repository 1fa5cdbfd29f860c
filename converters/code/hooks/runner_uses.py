"""Everything that the code of a hook can ask a v2 runner for, with what it is in v3."""

from __future__ import annotations

import ast
from collections.abc import Callable

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.hooks.family import called_method, is_super
from mmmigrate.converters.code.hooks.log_values import log_buffer, meta
from mmmigrate.converters.code.hooks.method import MethodView
from mmmigrate.converters.code.hooks.model_and_optimizer import model, optimizer
from mmmigrate.converters.code.hooks.stages import BY_EPOCH_ONLY, KEPT, LOOPS, QUESTIONS, RENAMED, STAGES

Handler = Callable[[MethodView, ast.Attribute], None]


def translate_uses(view: MethodView) -> None:
    """Every place of a method where its runner is named."""
    for node in ast.walk(view.node):
        if isinstance(node, ast.arg) and node.arg == view.runner and view.module.parents[node] is not view.node.args:
            view.block(node, "an inner function calls a parameter of its own as the runner is called")
        if isinstance(node, ast.Name) and node.id == view.runner:
            _use(view, node)
        elif isinstance(node, ast.Call) and view.own:
            _bare_call(view, node)
        elif isinstance(node, ast.Attribute) and node.attr == "grad":
            view.block(node, "it reads gradients, which v3 has set to zero before any hook comes", False)


def _use(view: MethodView, name: ast.Name) -> None:
    parent = view.parent(name)
    if not isinstance(name.ctx, ast.Load):
        view.block(name, f"{view.runner} is set to something else")
    elif isinstance(parent, ast.Attribute):
        _attribute(view, parent)
    elif isinstance(parent, ast.Call) and name in parent.args:
        _argument(view, parent, name)
    elif isinstance(parent, ast.keyword):
        call = view.parent(parent)
        assert isinstance(call, ast.Call)
        _argument(view, call, name)
    else:
        view.block(name, f"{view.runner} is handed on")


def _attribute(view: MethodView, node: ast.Attribute) -> None:
    name = node.attr
    if not isinstance(node.ctx, ast.Load):
        if name in KEPT or name in RENAMED or name in _HANDLERS or name in _UNSAFE:
            view.block(node, f"it sets runner.{name}", False)
        return
    if name in BY_EPOCH_ONLY:
        view.draft.by_epoch.add(f"runner.{name.lstrip('_')}")
    if name in KEPT:
        return
    if name in RENAMED:
        view.draft.rename_attribute(node, RENAMED[name])
    elif name in _HANDLERS:
        _HANDLERS[name](view, node)
    elif name in _UNSAFE:
        view.block(node, _UNSAFE[name], name not in _NOT_BRIDGED)
    elif name not in _set_on_runner(view):
        message = f"runner.{name} is none of mmcv's: whoever sets it must set it on v3's runner"
        view.draft.remark(node, message, Effect.MANUAL)


def _set_on_runner(view: MethodView) -> set[str]:
    """Attributes that the family itself hangs on the runner: v3's takes them as well."""
    found = set()
    for name, definitions in view.family.methods.items():
        runner = view.family.runner_names.get(name)
        for _, method in definitions if runner else ():
            for node in ast.walk(method):
                stored = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
                if stored and isinstance(node.value, ast.Name) and node.value.id == runner:  # type: ignore[attr-defined]
                    found.add(node.attr)  # type: ignore[attr-defined]
    return found


def _outputs(view: MethodView, node: ast.Attribute) -> None:
    """``runner.outputs['loss']`` and its ``log_vars``: v3's outputs are the log values, with the loss among them."""
    if view.loop == "val":
        view.block(node, "in a val phase mmcv computed losses; v3's validation has predictions")
        return
    outputs = view.want("outputs", node)
    key = _constant_key(view, node)
    if key == "loss" and not _backward(view, view.parent(node)):
        view.draft.replace(node, outputs)
        return
    if key == "log_vars":
        inner = view.parent(node)
        if _constant_key(view, inner) is not None:
            value = view.parent(inner)
            assert isinstance(value, ast.Subscript)
            view.draft.put(view.draft.start(value), view.draft.end(inner), f"float({outputs}")
            view.draft.put(view.draft.end(value), view.draft.end(value), ")")
            return
        view.block(node, "runner.outputs['log_vars'] is used as a whole: v3 has tensors where mmcv had numbers")
        return
    parent = view.parent(node)
    if isinstance(parent, ast.Assign) and parent.value is node and len(parent.targets) == 1:
        view.block(node, "runner.outputs is kept in a variable")
        return
    view.block(node, f"runner.outputs{'' if key is None else f'[{key!r}]'} has no counterpart in v3's outputs")


def _constant_key(view: MethodView, node: ast.AST) -> str | None:
    parent = view.parent(node)
    if isinstance(parent, ast.Subscript) and parent.value is node and isinstance(parent.ctx, ast.Load):
        key = parent.slice
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
    return None


def _backward(view: MethodView, node: ast.AST) -> bool:
    parent = view.parent(node)
    return isinstance(parent, ast.Attribute) and parent.attr == "backward"


def _data_loader(view: MethodView, node: ast.Attribute) -> None:
    """The loop's loader; an IterLoader's inner one is v3's loader itself."""
    parent = view.parent(node)
    whole = parent if isinstance(parent, ast.Attribute) and parent.attr == "_dataloader" else node
    if whole is node and isinstance(parent, ast.Attribute) and parent.attr in ("epoch", "iter_loader"):
        view.block(node, f"runner.data_loader.{parent.attr} belongs to mmcv's IterLoader")
    if isinstance(parent, ast.Call) and view.text(parent.func) in ("next", "iter"):
        view.block(node, "it draws batches from the running loader itself")
    view.draft.replace(whole, view.loader(node))


def _inner_iter(view: MethodView, node: ast.Attribute) -> None:
    view.draft.replace(node, view.want("batch_idx", node))


def _mode(view: MethodView, node: ast.Attribute) -> None:
    view.draft.replace(node, view.mode(node))


def _current(view: MethodView, node: ast.Attribute) -> None:
    """``runner.current_lr()`` of one optimizer."""
    call = view.parent(node)
    if not (isinstance(call, ast.Call) and call.func is node and not call.args and not call.keywords):
        view.block(node, f"runner.{node.attr} is handed on")
        return
    what = node.attr.removeprefix("current_")
    view.draft.replace(call, f"{view.runner}.optim_wrapper.get_{what}()[{what!r}]")
    message = f"runner.{node.attr}() of several optimizers was a dict of lists; v3 has one key for each optimizer"
    view.draft.remark(node, message)


def _call_hook(view: MethodView, node: ast.Attribute) -> None:
    call = view.parent(node)
    name = call.args[0] if isinstance(call, ast.Call) and len(call.args) == 1 else None
    if not isinstance(name, ast.Constant) or name.value in STAGES:
        view.block(node, "it calls a stage of the other hooks itself")


_REGISTRATIONS = (
    "register_hook_from_cfg",
    "register_lr_hook",
    "register_momentum_hook",
    "register_optimizer_hook",
    "register_checkpoint_hook",
    "register_logger_hooks",
    "register_timer_hook",
    "register_profiler_hook",
    "register_training_hooks",
    "register_custom_hooks",
)
_HANDLERS: dict[str, Handler] = {
    "model": model,
    "optimizer": optimizer,
    "outputs": _outputs,
    "log_buffer": log_buffer,
    "meta": meta,
    "data_loader": _data_loader,
    "inner_iter": _inner_iter,
    "_inner_iter": _inner_iter,
    "mode": _mode,
    "current_lr": _current,
    "current_momentum": _current,
    "call_hook": _call_hook,
}
_NOT_BRIDGED = frozenset(
    {"hooks", "_hooks", "run_iter", "run", "train", "val", "batch_processor", "flow", *_REGISTRATIONS}
)
_UNSAFE = {
    "data_batch": "runner.data_batch is a batch as mmcv collates it; v3's loaders give another form",
    "hooks": "it looks through the other hooks, which are of other classes in v3",
    "_hooks": "it looks through the other hooks, which are of other classes in v3",
    "register_hook": "it registers a hook while it runs",
    "save_checkpoint": "v3 names checkpoints otherwise: save_checkpoint takes the finished file name",
    "run_iter": "it runs an iteration itself",
    "run": "it runs the training itself",
    "train": "it runs the training itself",
    "val": "it runs the validation itself",
    "batch_processor": "runner.batch_processor has no counterpart",
    "flow": "runner.flow has no counterpart: v3 has no workflow",
    "get_hook_info": "runner.get_hook_info lists the hooks, which are others in v3",
    "model_name": "runner.model_name is mmcv's name of the class, v3's of the config",
    **dict.fromkeys(_REGISTRATIONS, "it registers hooks while it runs"),
}


def _argument(view: MethodView, call: ast.Call, name: ast.Name) -> None:
    """The runner as an argument: of the hook's own methods, of ``isinstance`` and its like."""
    method = called_method(call, view.node)
    func = call.func
    if method is not None:
        _own_call(view, call, method, name)
    elif isinstance(func, ast.Name) and func.id == "isinstance" and call.args[0] is name:
        _isinstance(view, call, name)
    elif isinstance(func, ast.Name) and func.id in ("hasattr", "getattr", "setattr") and call.args[0] is name:
        view.block(name, f"it asks by {func.id} what the runner has")
    else:
        view.block(name, f"the runner is handed to {view.text(func)}")


def _own_call(view: MethodView, call: ast.Call, method: str, name: ast.Name) -> None:
    draft, func = view.draft, call.func
    assert isinstance(func, ast.Attribute)
    if method in STAGES:
        if len(call.args) != 1 or call.keywords:
            view.block(call, f"{method} is called with other arguments than the runner")
            return
        stage = STAGES[method]
        draft.rename_attribute(func, stage.name)
        draft.append_arguments(call, [view.want(value, call) for value in stage.added if value != "metrics"])
    elif method in view.family.methods:
        given = sorted(view.family.wanted.get(method, ()))
        draft.append_arguments(call, [f"{value}={view.value_for(method, value, call)}" for value in given])
    elif method in QUESTIONS:
        if method == "is_last_epoch":
            view.draft.by_epoch.add(method)
        draft.rename_attribute(func, QUESTIONS[method])
    elif method == "every_n_inner_iters":
        draft.replace(name, view.want("batch_idx", call))
    elif method == "end_of_epoch":
        draft.replace(name, f"{view.loader(call)}, {view.want('batch_idx', call)}")
    else:
        view.block(call, f"the runner is handed to {view.text(func)}, which is not known")


def _bare_call(view: MethodView, call: ast.Call) -> None:
    """Calls of stages by something else than the runner's name, which could not be renamed."""
    method = called_method(call, view.node)
    named = any(isinstance(item, ast.Name) and item.id == view.runner for item in _arguments(call))
    if method in STAGES and not named:
        view.block(call, f"{method} is called with something else than the runner")
    if method is None and isinstance(call.func, ast.Attribute) and call.func.attr in STAGES:
        owner = call.func.value
        if not is_super(owner) and named:
            view.block(call, f"a stage of another object is called: {view.text(call.func)}")


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(item.value for item in call.keywords)]


def _isinstance(view: MethodView, call: ast.Call, name: ast.Name) -> None:
    kinds = call.args[1]
    classes = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
    names = [view.module.resolve(kind) for kind in classes]
    if any(kind not in LOOPS for kind in names):
        view.block(call, "it asks for a kind of runner that v3 does not have")
        return
    view.draft.replace(name, f"{view.runner}.train_loop")
    for use in view.module.uses:
        if use.chain in classes and use.symbol is not None:
            view.draft.redirected[use] = ("mmengine.runner", LOOPS[use.symbol.path])
    if view.loop != "train":
        view.draft.remark(call, "asked of the training loop, also while validating", Effect.EXACT)
