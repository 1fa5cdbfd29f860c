"""``runner.log_buffer`` and ``runner.meta``: v3's message hub keeps both."""

from __future__ import annotations

import ast

from mmmigrate.converters.code.hooks.method import MethodView


def log_buffer(view: MethodView, node: ast.Attribute) -> None:
    """``update({…}, n)`` and ``output[…] = x`` become scalars of the message hub."""
    use = view.parent(node)
    if view.loop != "train":
        view.block(node, "it logs outside training, where v3's validation loop logs its metrics itself")
    elif isinstance(use, ast.Attribute) and use.attr == "update":
        _update(view, node, use)
    elif isinstance(use, ast.Attribute) and use.attr == "output":
        _output(view, node, use)
    else:
        what = use.attr if isinstance(use, ast.Attribute) else "itself"
        view.block(node, f"runner.log_buffer.{what} has no counterpart: v3 averages when it logs")


def _update(view: MethodView, node: ast.Attribute, use: ast.Attribute) -> None:
    call = view.parent(use)
    if not isinstance(call, ast.Call) or len(call.args) not in (1, 2) or call.keywords:
        view.block(use, "runner.log_buffer.update is called with other arguments than values and their count")
        return
    values = call.args[0]
    count = call.args[1] if len(call.args) == 2 else None
    draft, hub = view.draft, f"{view.runner}.message_hub"
    plain = isinstance(values, ast.Dict) and all(_is_text(key) for key in values.keys)
    if plain and isinstance(values, ast.Dict) and len(values.keys) == 1 and values.keys[0] is not None:
        draft.replace(call.func, f"{hub}.update_scalar")
        draft.put(draft.start(values), draft.start(values.values[0]), f"{_train(values.keys[0])}, ")
        draft.put(draft.end(values.values[0]), draft.end(values), "")
    elif plain and isinstance(values, ast.Dict) and count is None:
        draft.replace(call.func, f"{hub}.update_scalars")
        for key in values.keys:
            if key is not None:
                draft.replace(key, _train(key))
    elif isinstance(values, (ast.Name, ast.Attribute)) and isinstance(count, (ast.Name, ast.Constant, type(None))):
        each = "value" if count is None else f"dict(value=value, count={view.text(count)})"
        draft.replace(call.func, f"{hub}.update_scalars")
        text = f"{{f'train/{{name}}': {each} for name, value in {view.text(values)}.items()}}"
        if any(isinstance(item, ast.Name) and item.id == view.runner for item in ast.walk(values)):
            view.block(values, "the values come from the runner as they are")
        draft.put(draft.start(values), draft.end(count or values), text)
    else:
        view.block(call, "the names of the logged values cannot be read here")
    _remark(view, node)


def _output(view: MethodView, node: ast.Attribute, use: ast.Attribute) -> None:
    item = view.parent(use)
    assign = view.parent(item)
    if not (
        isinstance(item, ast.Subscript)
        and isinstance(item.ctx, ast.Store)
        and isinstance(assign, ast.Assign)
        and len(assign.targets) == 1
        and _is_text(item.slice)
    ):
        view.block(use, "runner.log_buffer.output is read, or written under a name that cannot be read here")
        return
    draft = view.draft
    call = f"{view.runner}.message_hub.update_scalar({_train(item.slice)}, "
    draft.put(draft.start(item), draft.start(assign.value), call)
    draft.put(draft.end(assign), draft.end(assign), ")")
    _remark(view, node)


def _is_text(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _train(key: ast.AST) -> str:
    assert isinstance(key, ast.Constant)
    return repr(f"train/{key.value!s}")


def _remark(view: MethodView, node: ast.AST) -> None:
    view.draft.remark(
        node,
        "logged through the message hub: v3 averages over the window of its log processor, mmcv over the "
        "interval of the log; training is the same",
    )


def meta(view: MethodView, node: ast.Attribute) -> None:
    """``runner.meta['hook_msgs']``, which checkpoints keep, is the message hub's runtime info."""
    use = view.parent(node)
    hub = f"{view.runner}.message_hub"
    if isinstance(use, ast.Compare) and use.left is node and _against_none(use):
        view.draft.replace(node, hub)
    elif _sets_default(view, node):
        statement = view.parent(view.parent(use))
        assert isinstance(statement, ast.stmt)
        view.draft.deleted.append(statement)
    elif isinstance(use, ast.Subscript) and _is_text(use.slice) and use.slice.value == "hook_msgs":  # type: ignore[attr-defined]
        _message(view, use, hub)
    else:
        view.block(node, "runner.meta holds more than hooks' messages in v2; v3 has no such dict")


def _against_none(node: ast.Compare) -> bool:
    only = node.comparators[0]
    return len(node.ops) == 1 and isinstance(node.ops[0], (ast.Is, ast.IsNot)) and _is_none(only)


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _sets_default(view: MethodView, node: ast.Attribute) -> bool:
    use = view.parent(node)
    call = view.parent(use)
    return (
        isinstance(use, ast.Attribute)
        and use.attr == "setdefault"
        and isinstance(call, ast.Call)
        and len(call.args) == 2
        and isinstance(call.args[0], ast.Constant)
        and call.args[0].value == "hook_msgs"
        and isinstance(view.parent(call), ast.Expr)
    )


def _message(view: MethodView, messages: ast.Subscript, hub: str) -> None:
    """One message: set, read by key, or read by ``get``."""
    use = view.parent(messages)
    draft = view.draft
    if isinstance(use, ast.Subscript) and use.value is messages:
        statement = view.parent(use)
        if isinstance(use.ctx, ast.Store) and isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            draft.put(draft.start(use), draft.start(use.slice), f"{hub}.update_info(")
            draft.put(draft.end(use.slice), draft.start(statement.value), ", ")
            draft.put(draft.end(statement), draft.end(statement), ")")
            return
        if isinstance(use.ctx, ast.Load):
            draft.put(draft.start(use), draft.start(use.slice), f"{hub}.get_info(")
            draft.put(draft.end(use.slice), draft.end(use), ")")
            return
    if isinstance(use, ast.Attribute) and use.attr == "get":
        draft.replace(use, f"{hub}.get_info")
        return
    view.block(messages, "runner.meta['hook_msgs'] is used as a whole")
