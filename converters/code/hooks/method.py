"""One method of a hook: every place where it touches the runner is translated, or blocks the translation."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from mmmigrate.converters.code.classes import Class, Method
from mmmigrate.converters.code.hooks.draft import Draft
from mmmigrate.converters.code.hooks.family import Family
from mmmigrate.converters.code.hooks.stages import REQUIRED, STAGES
from mmmigrate.converters.code.import_text import style_of
from mmmigrate.converters.code.module import Module

# The loader of a loop under v3; a stage of training or of validation knows which, a helper of both is told.
LOADERS = {"train": "train_dataloader", "val": "val_dataloader"}


@dataclass
class MethodView:
    """A method with what is known of it: its runner, its stages, and the values that v3 hands to them."""

    cls: Class
    node: Method
    family: Family
    draft: Draft
    runner: str

    @property
    def module(self) -> Module:
        return self.cls.module

    @property
    def own(self) -> str:
        """What the method calls its object."""
        return self.node.args.args[0].arg if self.node.args.args else ""

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def is_stage(self) -> bool:
        return self.name in STAGES

    @property
    def stages(self) -> frozenset[str]:
        return self.family.stages_of.get(self.name, frozenset())

    @property
    def loop(self) -> str | None:
        """``train`` or ``val`` if all stages that reach this method are of that loop."""
        loops = self.family.loops_of(self.name)
        return next(iter(loops)) if len(loops) == 1 else None

    def parent(self, node: ast.AST) -> ast.AST:
        return self.module.parents[node]

    def block(self, node: ast.AST, reason: str, bridged: bool = True) -> None:
        self.draft.block(node, reason, bridged)

    def text(self, node: ast.AST) -> str:
        return self.module.source.segment(node)

    def want(self, value: str, node: ast.AST) -> str:
        """The name by which this method has one of the values of its stage; a helper asks its callers for it."""
        if self.is_stage:
            if value in STAGES[self.name].added:
                return value
            self.block(node, f"{value} is not known in {self.name}")
            return value
        if not self.stages:
            self.block(node, f"{value} is known only while a stage of the runner calls: nothing here calls {self.name}")
        self.family.wanted.setdefault(self.name, set()).add(value)
        return value

    def loader(self, node: ast.AST) -> str:
        """The running loop's loader as an expression."""
        if self.loop is None and self.stages:
            self.family.wanted.setdefault(self.name, set()).add("data_loader")
            return "data_loader"
        if self.loop is None:
            self.block(node, "the loader depends on the loop, and nothing here says which")
        return f"{self.runner}.{LOADERS[self.loop or 'train']}"

    def value_for(self, callee: str, value: str, node: ast.AST) -> str:
        """What to pass to a helper that asks for ``value``."""
        if value == "data_loader":
            return self.loader(node)
        if value == "mode":
            return self.mode(node)
        return self.want(value, node)

    def mode(self, node: ast.AST) -> str:
        """The mode of the loop as an expression."""
        if self.loop is not None:
            return repr(self.loop)
        if not self.stages:
            self.block(node, "the mode depends on the loop, and nothing here says which")
        self.family.wanted.setdefault(self.name, set()).add("mode")
        return "mode"


def change_signature(view: MethodView) -> None:
    """Gives a stage its name and parameters of v3, and a helper the values that it asks for."""
    draft, node = view.draft, view.node
    stage = STAGES.get(view.name)
    added = list(stage.added) if stage else sorted(view.family.wanted.get(view.name, ()))
    if stage:
        if len(node.args.args) != 2 or node.args.kwonlyargs or node.args.posonlyargs or node.args.defaults:
            view.block(node, f"{view.name} takes other parameters than the runner")
            return
        draft.rename_method(node, stage.name)
    if not added:
        return
    taken = _locals(node) & set(added)
    if taken:
        view.block(node, f"{view.name} has a variable {sorted(taken)[0]!r} of its own, which v3 passes in")
    if stage:
        at = draft.end(node.args.args[1].annotation or node.args.args[1])
        names = [name if name in REQUIRED else f"{name}=None" for name in added]
        draft.put(at, at, _wrapped(view, at, names, len(stage.name) - len(node.name)))
        return
    if node.args.vararg or node.args.kwarg or node.args.kwonlyargs or node.args.posonlyargs:
        view.block(node, f"{view.name} takes any parameters: {added[0]} cannot be added to them")
        return
    last = node.args.args[-1]
    default = "=None" if node.args.defaults else ""
    at = draft.end(node.args.defaults[-1] if node.args.defaults else last.annotation or last)
    draft.put(at, at, "".join(f", {name}{default}" for name in added))


def _wrapped(view: MethodView, at: int, names: list[str], longer: int) -> str:
    """Further parameters behind the byte `at`, on lines below `self` where the file's width asks for it."""
    source, own = view.module.source, view.node.args.args[0]
    line = source.starts[source.place(at)[0] - 1]
    width = style_of(source).width
    column = at - line + longer
    pad = " " * (own.col_offset + (longer if own.lineno == view.node.args.args[1].lineno else 0))
    text = ""
    for index, name in enumerate(names):
        closing = 2 if index == len(names) - 1 else 1
        if column + 2 + len(name) + closing > width and own.lineno == view.node.lineno:
            text += f",\n{pad}{name}"
            column = len(pad) + len(name)
        else:
            text += f", {name}"
            column += 2 + len(name)
    return text


def _locals(node: Method) -> set[str]:
    """Names that a method binds, but for ``outputs = runner.outputs`` and the like."""
    bound = set()
    for item in ast.walk(node):
        if isinstance(item, ast.arg):
            bound.add(item.arg)
        elif isinstance(item, ast.Assign) and _names_itself(item):
            continue
        elif isinstance(item, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.NamedExpr, ast.comprehension)):
            targets = item.targets if isinstance(item, ast.Assign) else [item.target]
            bound |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
        elif isinstance(item, ast.withitem) and item.optional_vars is not None:
            bound |= {name.id for name in ast.walk(item.optional_vars) if isinstance(name, ast.Name)}
    return bound


def _names_itself(node: ast.Assign) -> bool:
    """Whether a statement gives an attribute's value to a variable of the same name."""
    target, value = node.targets[0], node.value
    return (
        len(node.targets) == 1
        and isinstance(target, ast.Name)
        and isinstance(value, ast.Attribute)
        and target.id == value.attr
    )
