"""Optimizer hooks as optim wrappers: the class, its constructor and its methods, all of it or nothing."""

from __future__ import annotations

import ast

from mmmigrate.converters.code.classes import Class, Method
from mmmigrate.converters.code.hooks.draft import Blocker, Draft
from mmmigrate.converters.code.hooks.family import Family, family_of, is_super
from mmmigrate.converters.code.hooks.stages import HOOK, STAGES
from mmmigrate.converters.code.hooks.step_uses import StepView, translate_step

Blockers = list[tuple[Class, Blocker]]
OPTIMIZER_HOOK = "mmcv.runner.OptimizerHook"
_STEP, _START, _CLIP = "after_train_iter", "before_run", "clip_grads"
# What an optim wrapper is asked by the runner and the model: a method or attribute of that name would answer.
_TAKEN = frozenset(
    {"update_params", "backward", "zero_grad", "step", "state_dict", "load_state_dict", "optim_context"}
    | {"param_groups", "defaults", "get_lr", "get_momentum", "initialize_count_status", "should_update"}
    | {"should_sync", "scale_loss", "inner_count", "optimizer", "model", "message_hub", "clip_func", "grad_name"}
)
_COUNTS = "model, init_counts, max_counts"


def is_optimizer_hook(cls: Class) -> bool:
    """Whether a class derives from mmcv's OptimizerHook and from no other kind of it."""
    libraries = {base for base in cls.ancestors if not cls.module.project.owns(base)}
    return libraries == {HOOK, OPTIMIZER_HOOK}


def wrapper_blockers(cls: Class) -> Blockers:
    """What speaks against the translation of a class and its relatives."""
    found: dict[str, Blockers] = cls.module.project.__dict__.setdefault("_wrapper_blockers", {})
    if cls.path not in found:
        family = family_of(cls)
        drafts = [_draft(family, member) for member in family.members]
        blockers = [(draft.cls, blocker) for draft in drafts for blocker in draft.blockers]
        found.update({member.path: blockers for member in family.members})
    return found[cls.path]


def wrapper_draft(cls: Class) -> Draft:
    """The translation of a class in the text that its module has now."""
    return _draft(family_of(cls), cls)


def _draft(family: Family, cls: Class) -> Draft:
    draft = Draft(cls)
    if not is_optimizer_hook(cls):
        libraries = [base for base in cls.ancestors if base != HOOK and not cls.module.project.owns(base)]
        draft.block(cls.node, f"it derives from {(libraries or ['something unknown'])[0]}")
        return draft
    if sum(node.name == cls.name for node in cls.module.outline.classes) > 1:
        draft.block(cls.node, f"the file defines {cls.name} more than once")
    _check_names(cls, draft)
    init = cls.methods.get("__init__")
    if init is not None:
        _translate_init(family, cls, draft, init)
    keeps_model = False
    for name, method in cls.methods.items():
        runner = family.runner_names.get(name)
        if name in STAGES and name not in (_STEP, _START):
            draft.block(method, f"a wrapper is not called at {name}")
        elif runner is not None and any(item.arg == runner for item in method.args.args):
            view = StepView(cls, method, family, draft, runner)
            translate_step(view)
            keeps_model |= view.asks_model
            _change_method(view)
    if keeps_model and _START not in cls.methods:
        _keep_model(cls, draft)
    if _CLIP in cls.methods:
        _clip_by_own(draft, cls.methods[_CLIP])
    if not any(_stores_clip(member) for member in family.members):
        for node in ast.walk(cls.node):
            if isinstance(node, ast.Attribute) and node.attr == "grad_clip":
                draft.rename_attribute(node, "clip_grad_kwargs")
    return draft


def _stores_clip(cls: Class) -> bool:
    """Whether a class keeps the arguments of clipping by itself, under mmcv's name."""
    nodes = (node for node in ast.walk(cls.node) if isinstance(node, ast.Attribute) and node.attr == "grad_clip")
    return any(not isinstance(node.ctx, ast.Load) for node in nodes)


def _check_names(cls: Class, draft: Draft) -> None:
    """Names of the class's own that an optim wrapper uses otherwise."""
    for name, method in cls.methods.items():
        if name in _TAKEN:
            draft.block(method, f"its own {name} is a method of optim wrappers")
    for statement in cls.node.body:
        for target in getattr(statement, "targets", [getattr(statement, "target", None)]):
            if isinstance(target, ast.Name) and target.id in (*_TAKEN, _STEP, _START, _CLIP):
                draft.block(statement, f"{target.id} is a name for something else")
    for node in ast.walk(cls.node):
        stored = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in _TAKEN
        if stored and isinstance(node.value, ast.Name) and node.value.id == "self":  # type: ignore[attr-defined]
            draft.block(node, f"its own self.{node.attr} is an attribute of optim wrappers")  # type: ignore[attr-defined]


def _translate_init(family: Family, cls: Class, draft: Draft, init: Method) -> None:
    """``optimizer`` comes first, unless ``**kwargs`` carry it on to the base class."""
    calls = [node for node in ast.walk(init) if _is_super_init(node)]
    own = init.args.args[0] if init.args.args else None
    if own is None or init.args.posonlyargs or len(calls) > 1 or draft.stands_on_one_line(init):
        draft.block(init, "its __init__ is of an unknown form")
        return
    if calls and _carries(init, calls[0]):
        return
    at, pad = draft.end(own), " " * own.col_offset
    following = [*init.args.args[1:], *init.args.kwonlyargs, *filter(None, (init.args.vararg, init.args.kwarg))]
    below = bool(following) and min(item.lineno for item in following) > own.lineno
    draft.put(at, at, f",\n{pad}optimizer" if below else ", optimizer")
    if calls:
        _translate_super(cls, draft, calls[0])
        return
    clip = _stored_clip(init, own.arg)
    draft.insert_first(init, f"super().__init__(optimizer{f', clip_grad={clip}' if clip else ''})\n")


def _is_super_init(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "__init__"
        and is_super(node.func.value)
    )


def _carries(init: Method, call: ast.AST) -> bool:
    """Whether further arguments by keyword reach the base class."""
    assert isinstance(call, ast.Call)
    kwargs = init.args.kwarg.arg if init.args.kwarg else None
    return any(
        keyword.arg is None and isinstance(keyword.value, ast.Name) and keyword.value.id == kwargs
        for keyword in call.keywords
    )


def _translate_super(cls: Class, draft: Draft, call: ast.AST) -> None:
    """The call of the base's constructor: ``grad_clip`` is ``clip_grad``, the optimizer comes first."""
    assert isinstance(call, ast.Call)
    start = draft.end(call.func)
    open_at = start + draft.module.source.utf8[start : draft.end(call)].index(b"(") + 1
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    draft.put(open_at, open_at, "optimizer, " if arguments else "optimizer")
    if any("__init__" in other.methods for other in cls.lineage if other is not cls):
        return
    if len(call.args) > 1 or any(isinstance(item, ast.Starred) for item in call.args):
        draft.block(call, "it gives OptimizerHook more than grad_clip")
    for position in call.args:
        draft.put(draft.start(position), draft.start(position), "clip_grad=")
    for keyword in call.keywords:
        if keyword.arg == "grad_clip":
            draft.put(draft.start(keyword), draft.start(keyword) + len("grad_clip"), "clip_grad")
        else:
            draft.block(keyword.value, f"it gives OptimizerHook {keyword.arg}, which v3 does not have")


def _stored_clip(init: Method, own: str) -> str | None:
    """The parameter that ``self.grad_clip`` is set to."""
    for node in ast.walk(init):
        target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        if (
            isinstance(node, ast.Assign)
            and isinstance(target, ast.Attribute)
            and isinstance(target.value, ast.Name)
            and (target.value.id, target.attr) == (own, "grad_clip")
            and isinstance(node.value, ast.Name)
        ):
            return node.value.id
    return None


def _change_method(view: StepView) -> None:
    draft, node = view.draft, view.node
    parameters = node.args.args
    if view.name in STAGES and (len(parameters) != 2 or node.args.kwonlyargs or node.args.vararg or node.args.kwarg):
        view.block(node, f"{view.name} takes other parameters than the runner")
        return
    if draft.stands_on_one_line(node):
        view.block(node, f"{view.name} stands on one line")
        return
    runner = next(item for item in parameters if item.arg == view.runner)
    end = draft.end(runner.annotation or runner)
    if view.name == _STEP:
        draft.rename_method(node, "update_params")
        draft.put(draft.start(runner), end, "loss, step_kwargs=None, zero_kwargs=None")
        if not view.calls_base:
            draft.insert_first(node, f"{view.own}._inner_count += 1\n")
    elif view.name == _START:
        draft.rename_method(node, "initialize_count_status")
        draft.put(draft.start(runner), end, _COUNTS)
        kept = f"{view.own}.model = model\n" if view.class_asks_model() else ""
        draft.insert_first(node, f"super().initialize_count_status({_COUNTS})\n{kept}")
    else:
        draft.put(draft.end(parameters[parameters.index(runner) - 1]), end, "")


def _keep_model(cls: Class, draft: Draft) -> None:
    """Wrappers are shown the model once, when the weights are loaded: one that asks for it later keeps it."""
    method = cls.methods.get(_STEP) or next(iter(cls.methods.values()))
    source = draft.module.source
    line = source.starts[min([method.lineno, *(item.lineno for item in method.decorator_list)]) - 1]
    pad = source.indent_at(draft.start(method))
    text = (
        f"{pad}def initialize_count_status(self, {_COUNTS}):\n"
        f"{pad}    super().initialize_count_status({_COUNTS})\n{pad}    self.model = model\n\n"
    )
    draft.put(line, line, text)


def _clip_by_own(draft: Draft, clip: Method) -> None:
    """v3's step calls ``_clip_grad()``: an own ``clip_grads(params)`` is called from there."""
    if len(clip.args.args) != 2 or clip.decorator_list:
        draft.block(clip, "its clip_grads takes other things than parameters")
        return
    own = clip.args.args[0].arg
    pad = draft.module.source.indent_at(draft.start(clip))
    end = draft.end(clip)
    text = (
        f"\n\n{pad}def _clip_grad({own}):\n"
        f"{pad}    params = [param for group in {own}.param_groups for param in group['params']]\n"
        f"{pad}    grad_norm = {own}.clip_grads(params)\n"
        f"{pad}    if grad_norm is not None:\n"
        f"{pad}        {own}.message_hub.update_scalar('train/grad_norm', float(grad_norm))"
    )
    draft.put(end, end, text)
