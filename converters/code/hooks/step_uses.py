"""Everything that an optimizer hook asks the runner for, as an optim wrapper has it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.classes import Class, Method
from mmmigrate.converters.code.hooks.draft import Draft, Needed
from mmmigrate.converters.code.hooks.family import Family, called_method, is_super
from mmmigrate.converters.code.module import Module

_STEP, _START = "after_train_iter", "before_run"
_INFO = {"epoch": "epoch", "_epoch": "epoch", "max_epochs": "max_epochs", "_max_epochs": "max_epochs"}
_LOGGER = Needed("mmengine.logging", "MMLogger")
_IS_WRAPPER = Needed("mmengine.model", "is_model_wrapper")


@dataclass
class StepView:
    """A method of an optimizer hook that has the runner, and what its translation needs."""

    cls: Class
    node: Method
    family: Family
    draft: Draft
    runner: str
    asks_model: bool = False
    calls_base: bool = False
    counted: list[ast.AST] = field(default_factory=list)  # places that ask where the run is

    @property
    def module(self) -> Module:
        return self.cls.module

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def own(self) -> str:
        return self.node.args.args[0].arg

    def parent(self, node: ast.AST) -> ast.AST:
        return self.module.parents[node]

    def text(self, node: ast.AST) -> str:
        return self.module.source.segment(node)

    def block(self, node: ast.AST, reason: str) -> None:
        self.draft.block(node, reason)

    def class_asks_model(self) -> bool:
        """Whether any method of the class touches the model beyond clipping the gradients of its parameters."""
        for name, method in self.cls.methods.items():
            runner = self.family.runner_names.get(name)
            if runner is not None:
                trial = StepView(self.cls, method, self.family, Draft(self.cls), runner)
                translate_step(trial)
                if trial.asks_model:
                    return True
        return False


def translate_step(view: StepView) -> None:
    """Every place of a method where its runner is named."""
    own_clipping = any("clip_grads" in member.methods for member in view.family.members)
    done = _counts_of_samples(view) | (set() if own_clipping else _collapse_clipping(view))
    for node in ast.walk(view.node):
        if node in done:
            continue
        if isinstance(node, ast.Name) and node.id == view.runner:
            if any(inner in done for inner in _outer(view, node)):
                continue
            _use(view, node)
        elif isinstance(node, ast.Call) and called_method(node, view.node) == "clip_grads" and not own_clipping:
            view.block(node, "what clip_grads gives is used in an unknown way")
    if view.calls_base and view.counted:
        view.block(view.counted[0], "it asks for the iteration beside the step of its base class, which counts them")
    if view.calls_base and any(isinstance(node, ast.Attribute) and node.attr == "grad" for node in ast.walk(view.node)):
        view.block(view.node, "it reads gradients beside the step of its base class, which clears them")


def _outer(view: StepView, node: ast.AST) -> list[ast.AST]:
    found = []
    while node is not view.node:
        found.append(node)
        node = view.parent(node)
    return found


def _counts_of_samples(view: StepView) -> set[ast.AST]:
    """How many samples a logged value stands for: v3's hub counts values, so nothing asks for it any more."""
    found: set[ast.AST] = set()
    for node in ast.walk(view.node):
        logs = isinstance(node, ast.Call) and len(node.args) == 2
        if logs and ast.unparse(node.func) == f"{view.runner}.log_buffer.update":  # type: ignore[attr-defined]
            found |= {*ast.walk(node.args[1])}  # type: ignore[attr-defined]
    return found


def _collapse_clipping(view: StepView) -> set[ast.AST]:
    """``clip_grads(runner.model.parameters())`` and the logging of its norm are `_clip_grad()` in v3."""
    done: set[ast.AST] = set()
    for node in ast.walk(view.node):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                for statement, following in zip(block, [*block[1:], None]):
                    done |= _collapsed(view, statement, following)
    return done


def _collapsed(view: StepView, statement: ast.stmt, following: ast.stmt | None) -> set[ast.AST]:
    """The nodes of a clipping statement that is replaced, with those of the one that logs its norm."""
    if not (isinstance(statement, (ast.Expr, ast.Assign)) and _clips_all(view, statement.value)):
        return set()
    if isinstance(statement, ast.Expr):
        view.draft.replace(statement, f"{view.own}._clip_grad()")
        return {*ast.walk(statement)}
    if following is None or not _logs_norm(view, statement, following):
        return set()
    view.draft.put(view.draft.start(statement), view.draft.end(following), f"{view.own}._clip_grad()")
    return {*ast.walk(statement), *ast.walk(following)}


def _clips_all(view: StepView, call: ast.AST | None) -> bool:
    """``self.clip_grads(runner.model.parameters())``."""
    return (
        isinstance(call, ast.Call)
        and called_method(call, view.node) == "clip_grads"
        and len(call.args) == 1
        and not call.keywords
        and ast.unparse(call.args[0])
        in (f"{view.runner}.model.parameters()", f"{view.runner}.model.module.parameters()")
    )


def _logs_norm(view: StepView, assign: ast.Assign, logged: ast.AST | None) -> bool:
    """Whether the norm goes into the log under mmcv's name, and nowhere else."""
    target = assign.targets[0]
    if not (len(assign.targets) == 1 and isinstance(target, ast.Name) and isinstance(logged, ast.If)):
        return False
    norm, runner = target.id, view.runner
    names = [node for node in ast.walk(view.node) if isinstance(node, ast.Name) and node.id == norm]
    inside = {*ast.walk(logged), target}
    text = f"{runner}.log_buffer.update({{'grad_norm': float({norm})}}, {runner}.outputs['num_samples'])"
    return (
        all(name in inside for name in names)
        and not logged.orelse
        and ast.unparse(logged.test) == f"{norm} is not None"
        and [ast.unparse(item) for item in logged.body] == [text]
    )


def _use(view: StepView, name: ast.Name) -> None:
    parent = view.parent(name)
    if isinstance(parent, ast.Attribute) and parent.value is name:
        handler = _HANDLERS.get(parent.attr)
        if handler is None or (not isinstance(parent.ctx, ast.Load)):
            view.block(parent, f"an optim wrapper has no runner.{parent.attr}")
        else:
            handler(view, parent)
    elif isinstance(parent, ast.Call) and name in parent.args:
        _argument(view, parent, name)
    else:
        view.block(name, f"{view.runner} is handed on")


def _optimizer(view: StepView, node: ast.Attribute) -> None:
    parent = view.parent(node)
    if isinstance(parent, ast.Call) and view.text(parent.func) == "isinstance":
        view.block(parent, "it asks for the class of the optimizer")
    view.draft.replace(node, f"{view.own}.optimizer")


def _outputs(view: StepView, node: ast.Attribute) -> None:
    """``runner.outputs['loss']`` is the argument `loss`; what is assigned to it is a new value of that."""
    item = view.parent(node)
    if view.name != _STEP or not isinstance(item, ast.Subscript) or _text(item.slice) != "loss":
        view.block(node, f"runner.{node.attr} has more than the loss that an optim wrapper is given")
        return
    user = view.parent(item)
    bound = [one for one in ast.walk(view.node) if isinstance(one, ast.Name) and one.id == "loss"]
    stored = [one for one in bound if not isinstance(one.ctx, ast.Load)]
    reads = [one for one in ast.walk(view.node) if isinstance(one, ast.Subscript) and _text(one.slice) == "loss"]
    if stored and len(reads) > 1:
        view.block(node, "it has a variable `loss` beside runner.outputs['loss']")
    draft = view.draft
    if not isinstance(item.ctx, ast.Load):
        draft.remark(node, "hooks and logs see the loss as the model gave it, not as it is changed here", Effect.EXACT)
    if isinstance(user, ast.AugAssign) and user.target is item:
        operator = _OPERATORS.get(type(user.op))
        if operator is None:
            view.block(user, "runner.outputs['loss'] is changed in an unknown way")
            return
        draft.put(draft.start(user), draft.start(user.value), f"loss = loss {operator} ")
        if isinstance(user.value, (ast.BinOp, ast.IfExp, ast.BoolOp, ast.Compare)):
            draft.put(draft.start(user.value), draft.start(user.value), "(")
            draft.put(draft.end(user.value), draft.end(user.value), ")")
    elif isinstance(user, ast.Assign) and user.value is item and [view.text(one) for one in user.targets] == ["loss"]:
        draft.deleted.append(user)
    else:
        draft.replace(item, "loss")


_OPERATORS: dict[type[ast.operator], str] = {ast.Div: "/", ast.Mult: "*", ast.Add: "+", ast.Sub: "-"}


def _text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _log_buffer(view: StepView, node: ast.Attribute) -> None:
    """Values to log go into the message hub, where v3's own wrapper puts the norm."""
    update = view.parent(node)
    call = view.parent(update)
    values = call.args[0] if isinstance(call, ast.Call) and call.args else None
    if not (isinstance(update, ast.Attribute) and update.attr == "update" and isinstance(values, ast.Dict)):
        view.block(node, "runner.log_buffer is used in an unknown way")
        return
    assert isinstance(call, ast.Call)
    names = [_text(key) if key is not None else None for key in values.keys]
    if None in names or not names or len(call.args) > 2 or call.keywords:
        view.block(node, "the names of the logged values cannot be read here")
        return
    draft, hub = view.draft, f"{view.own}.message_hub"
    draft.remark(node, "logged through the message hub, which averages over the window of the log processor")
    if len(names) == 1:
        draft.put(draft.start(call), draft.start(values.values[0]), f"{hub}.update_scalar('train/{names[0]}', ")
        draft.put(draft.end(values.values[0]), draft.end(call), ")")
        return
    draft.put(draft.start(call), draft.start(values), f"{hub}.update_scalars(")
    for key, name in zip(values.keys, names):
        assert key is not None
        draft.replace(key, f"'train/{name}'")
    draft.put(draft.end(values), draft.end(call), ")")


def _iter(view: StepView, node: ast.Attribute) -> None:
    view.counted.append(node)
    parent = view.parent(node)
    count = f"{view.own}._inner_count"
    if view.name == _START:
        view.draft.replace(node, count)
    elif view.family.stages_of.get(view.name, frozenset()) != {_STEP}:
        view.block(node, f"{view.name} asks for the iteration, and is called at more than one place of it")
    elif (
        isinstance(parent, ast.BinOp)
        and parent.left is node
        and isinstance(parent.op, ast.Add)
        and _is_one(parent.right)
    ):
        view.draft.replace(parent, count)
    else:
        view.draft.replace(node, f"({count} - 1)")


def _is_one(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1


def _max_iters(view: StepView, node: ast.Attribute) -> None:
    view.draft.replace(node, f"{view.own}._max_counts")


def _info(view: StepView, node: ast.Attribute) -> None:
    view.draft.by_epoch.add(f"runner.{node.attr}")
    view.draft.replace(node, f"{view.own}.message_hub.get_info('{_INFO[node.attr]}')")


def _logger(view: StepView, node: ast.Attribute) -> None:
    view.draft.replace(node, _LOGGER, ".get_current_instance()")


def _model(view: StepView, node: ast.Attribute) -> None:
    """The model, which the wrapper keeps from when it was shown; v3 puts it into another only in several processes."""
    view.asks_model = True
    parent, model = view.parent(node), f"{view.own}.model"
    if isinstance(parent, ast.Call) and parent.func is node:
        view.block(node, "it runs the model itself")
    if isinstance(parent, ast.Attribute) and parent.attr == "module":
        view.draft.replace(parent, f"({model}.module if ", _IS_WRAPPER, f"({model}) else {model})")
        return
    if isinstance(parent, ast.Attribute) and parent.attr in ("named_parameters", "named_modules", "state_dict"):
        view.draft.remark(node, f"the names that runner.model.{parent.attr} gives no longer begin with 'module.'")
    view.draft.replace(node, model)


_HANDLERS: dict[str, Callable[[StepView, ast.Attribute], None]] = {
    "optimizer": _optimizer,
    "outputs": _outputs,
    "log_buffer": _log_buffer,
    "iter": _iter,
    "_iter": _iter,
    "max_iters": _max_iters,
    "_max_iters": _max_iters,
    "logger": _logger,
    "model": _model,
    **dict.fromkeys(_INFO, _info),
}


def _argument(view: StepView, call: ast.Call, name: ast.Name) -> None:
    """The runner as an argument: of the base's step, of the hook's own helpers, of the questions that hooks ask."""
    method, own = called_method(call, view.node), view.own
    draft = view.draft
    of_base = isinstance(call.func, ast.Attribute) and is_super(call.func.value)
    if method in (_STEP, _START) and of_base and len(call.args) == 1 and not call.keywords and method == view.name:
        if method == _START:
            statement = view.parent(call)
            if isinstance(statement, ast.Expr):
                draft.deleted.append(statement)
                return
        view.calls_base = True
        assert isinstance(call.func, ast.Attribute)
        draft.rename_attribute(call.func, "update_params")
        draft.replace(name, "loss")
    elif method == "every_n_iters" and len(call.args) == 2 and not call.keywords:
        _every(view, call)
    elif method == "is_last_iter" and len(call.args) == 1:
        view.counted.append(call)
        _only_in_step(view, call)
        _answer(view, call, f"{own}._inner_count == {own}._max_counts")
    elif method in view.family.methods and method not in (_STEP, _START):
        index = call.args.index(name)
        following = call.args[index + 1 :] or [keyword.value for keyword in call.keywords]
        end = draft.start(following[0]) if following and not call.keywords else draft.end(name)
        if call.keywords and following:
            view.block(call, f"{method} is called with keywords")
        draft.put(draft.start(name), end, "")
    else:
        view.block(call, f"the runner is handed to {view.text(call.func)}")


def _every(view: StepView, call: ast.Call) -> None:
    view.counted.append(call)
    _only_in_step(view, call)
    number = call.args[1]
    text, count = view.text(number), f"{view.own}._inner_count"
    if isinstance(number, ast.Constant) and isinstance(number.value, int) and number.value > 0:
        _answer(view, call, f"{count} % {text} == 0")
    elif isinstance(number, (ast.Name, ast.Attribute)):
        _answer(view, call, f"{text} > 0 and {count} % {text} == 0", (ast.If, ast.IfExp))
    else:
        view.block(call, "the interval is computed where it is asked for")


def _answer(
    view: StepView, call: ast.Call, text: str, plain: tuple[type, ...] = (ast.If, ast.IfExp, ast.BoolOp)
) -> None:
    """A comparison in the place of a call, in parentheses where the place could take it apart."""
    view.draft.replace(call, text if isinstance(view.parent(call), plain) else f"({text})")


def _only_in_step(view: StepView, node: ast.AST) -> None:
    if view.name != _STEP and view.family.stages_of.get(view.name, frozenset()) != {_STEP}:
        view.block(node, f"{view.name} asks for the iteration, and is called at more than one place of it")
