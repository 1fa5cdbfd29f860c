"""Hooks that derive from each other are translated together: methods by name, who calls whom, and in which loop."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from mmmigrate.converters.code.classes import Class, Method
from mmmigrate.converters.code.hooks.stages import STAGES


@dataclass
class Family:
    """The classes of a project that are tied by inheritance."""

    members: list[Class]
    runner_names: dict[str, str] = field(default_factory=dict)  # method -> the parameter that is the runner
    wanted: dict[str, set[str]] = field(default_factory=dict)  # helper -> the stage's values that it must be given

    def __post_init__(self) -> None:
        self._find_runners()

    @cached_property
    def methods(self) -> dict[str, list[tuple[Class, Method]]]:
        """Every definition of each method."""
        found: dict[str, list[tuple[Class, Method]]] = {}
        for cls in self.members:
            for name, method in cls.methods.items():
                found.setdefault(name, []).append((cls, method))
        return found

    def _find_runners(self) -> None:
        """A stage's runner is its first parameter; a helper's is the one that a stage's runner is passed for."""
        waiting = [name for name in self.methods if name in STAGES]
        for name in waiting:
            for _, method in self.methods[name]:
                if len(method.args.args) > 1:
                    self.runner_names[name] = method.args.args[1].arg
        while waiting:
            name = waiting.pop()
            for _, method in self.methods[name]:
                for callee, parameter in self._handed_on(method, self.runner_names.get(name, "")):
                    if callee not in self.runner_names:
                        self.runner_names[callee] = parameter
                        waiting.append(callee)

    def _handed_on(self, method: Method, runner: str) -> Iterator[tuple[str, str]]:
        for node in ast.walk(method):
            if not isinstance(node, ast.Call) or called_method(node, method) is None:
                continue
            callee = str(called_method(node, method))
            for _, definition in self.methods.get(callee, ()):
                is_static = any(
                    isinstance(item, ast.Name) and item.id == "staticmethod" for item in definition.decorator_list
                )
                parameters = [item.arg for item in definition.args.args[0 if is_static else 1 :]]
                for index, argument in enumerate(node.args):
                    if isinstance(argument, ast.Name) and argument.id == runner and index < len(parameters):
                        yield callee, parameters[index]
                for keyword in node.keywords:
                    if isinstance(keyword.value, ast.Name) and keyword.value.id == runner and keyword.arg:
                        yield callee, keyword.arg

    @cached_property
    def stages_of(self) -> dict[str, frozenset[str]]:
        """The v2 stages from which each method is reached."""
        reached: dict[str, set[str]] = {name: {name} for name in self.methods if name in STAGES}
        waiting = list(reached)
        while waiting:
            name = waiting.pop()
            for _, method in self.methods.get(name, ()):
                for node in ast.walk(method):
                    callee = called_method(node, method) if isinstance(node, ast.Call) else None
                    if callee in self.methods and callee not in STAGES:
                        known = reached.setdefault(callee, set())
                        if not reached[name] <= known:
                            known |= reached[name]
                            waiting.append(callee)
        return {name: frozenset(stages) for name, stages in reached.items()}

    def loops_of(self, method: str) -> set[str]:
        """``train`` and ``val``, by the stages that reach a method."""
        return {STAGES[stage].loop for stage in self.stages_of.get(method, ())}


def called_method(call: ast.Call, inside: Method) -> str | None:
    """The name of the method that ``self.x()``, ``super().x()`` or ``super(C, self).x()`` calls."""
    func = call.func
    if not isinstance(func, ast.Attribute):
        return None
    owner, own = func.value, inside.args.args[0].arg if inside.args.args else ""
    if isinstance(owner, ast.Name) and owner.id == own:
        return func.attr
    return func.attr if is_super(owner) else None


def is_super(node: ast.AST) -> bool:
    """Whether an expression is ``super()`` or ``super(C, self)``."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def family_of(cls: Class) -> Family:
    """A class with those of the project that it derives from, and those that derive from these."""
    roots = list(cls.lineage)
    members = {member.path: member for member in roots}
    waiting = list(members.values())
    while waiting:
        for other in _children(waiting.pop()):
            if other.path not in members:
                members[other.path] = other
                waiting.append(other)
                for ancestor in other.lineage:
                    if ancestor.path not in members:
                        members[ancestor.path] = ancestor
                        waiting.append(ancestor)
    return Family(sorted(members.values(), key=lambda member: member.path))


def _children(cls: Class) -> Iterator[Class]:
    """The classes of the project that name a class as their base."""
    for own in cls.module.classes:
        if own.node is not cls.node and cls.path in own.bases:
            yield own
    for module_path in cls.module.project.survey.heirs.get(cls.name, ()):
        module = cls.module.project.module(module_path)
        for other in module.classes if module and module.name != cls.module.name else ():
            if cls.path in other.bases:
                yield other
