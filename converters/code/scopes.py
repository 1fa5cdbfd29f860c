"""Which names are what was imported: one pass over a tree, with Python's own scoping rules.

Only names that some import of the file binds (``interesting``) are looked at, so a pass costs little more than
visiting every node.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import NoneType
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef
Statement = ast.Import | ast.ImportFrom


@dataclass(eq=False)
class Imported:
    """One name that an import statement binds: ``from a import b as c`` binds ``c`` to ``a.b``."""

    local: str
    target: str  # full dotted name; for `import a.b` it is `a`
    statement: ast.Import | ast.ImportFrom
    alias: ast.alias
    scope: Scope
    guarded: bool = False  # in a `try` or an `if`: another branch may bind the same name


@dataclass(eq=False)
class Scope:
    """A module, class, function or comprehension."""

    parent: Scope | None
    node: ast.AST
    is_class: bool = False
    imported: dict[str, list[Imported]] = field(default_factory=dict)
    bound: dict[str, list[ast.AST]] = field(default_factory=dict)  # by anything but an import
    outer: set[str] = field(default_factory=set)  # declared global or nonlocal

    def owner(self, name: str) -> Scope | None:
        """The scope whose binding a load of ``name`` here finds."""
        scope: Scope | None = self
        while scope is not None:
            if name not in scope.outer and (name in scope.bound or name in scope.imported):
                return scope
            scope = scope.parent
            while scope is not None and scope.is_class:  # a class body is not seen from the functions in it
                scope = scope.parent
        return None


@dataclass(eq=False)
class Load:
    """A name, or an attribute chain that starts with one, whose first name an import may have bound."""

    node: ast.Name | ast.Attribute  # the whole chain
    root: ast.Name
    scope: Scope


_SKIP = (ast.expr_context, ast.operator, ast.boolop, ast.unaryop, ast.cmpop)
# Fields that hold no nodes, or (names of an import, match captures) nodes that are handled by themselves.
_NO_NODES = frozenset(
    ("name", "id", "attr", "arg", "asname", "module", "kind", "type_comment", "names", "rest", "kwd_attrs", "level")
    + ("ctx", "op", "ops", "simple", "is_async", "conversion", "tag", "s", "n")
)


def _children() -> dict[type, tuple[str, ...]]:
    """The fields of each node class that hold nodes."""
    table: dict[type, tuple[str, ...]] = {NoneType: (), bool: (), ast.Constant: (), ast.alias: ()}
    for name in dir(ast):
        kind = getattr(ast, name)
        if isinstance(kind, type) and issubclass(kind, ast.AST) and kind not in table:
            leaf = issubclass(kind, _SKIP)
            table[kind] = () if leaf else tuple(item for item in kind._fields if item not in _NO_NODES)
    return table


_CHILDREN = _children()


def parents_of(tree: ast.Module) -> dict[ast.AST, ast.AST]:
    """Each node of a tree with the node that it stands in."""
    parents: dict[ast.AST, ast.AST] = {}
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                parents[value] = node
                stack.append(value)
            elif type(value) is list:
                for item in value:
                    if isinstance(item, ast.AST):
                        parents[item] = node
                        stack.append(item)
    return parents


class ScopeScan:
    """The loads and bindings of interesting names of one module."""

    def __init__(self, tree: ast.Module, interesting: set[str], imports: dict[Statement, list[Imported]]) -> None:
        self.interesting = interesting
        self.imports = imports
        self.loads: list[Load] = []
        self.module = Scope(None, tree)
        self._scan(tree.body, self.module)
        self.loads.sort(key=lambda load: (load.node.lineno, load.node.col_offset))

    def _scan(self, nodes: Iterable[Any], scope: Scope) -> None:
        interesting, children, stack = self.interesting, _CHILDREN, list(nodes)
        special = _SPECIAL
        while stack:
            node = stack.pop()
            kind = type(node)
            if kind is ast.Name:
                if node.id in interesting:
                    if type(node.ctx) is ast.Load:
                        self.loads.append(Load(node, node, scope))
                    else:
                        scope.bound.setdefault(node.id, []).append(node)
            elif kind is ast.Attribute:
                root = node.value
                while type(root) is ast.Attribute:
                    root = root.value
                if type(root) is ast.Name:
                    if root.id in interesting:
                        self.loads.append(Load(node, root, scope))
                else:
                    stack.append(root)
            elif kind in special:
                stack.extend(special[kind](self, node, scope))
            else:
                for name in children[kind]:
                    value = getattr(node, name)
                    if type(value) is list:
                        stack.extend(value)
                    else:
                        stack.append(value)

    def _bind(self, name: str | None, node: ast.AST, scope: Scope) -> None:
        if name is not None and name in self.interesting:
            scope.bound.setdefault(name, []).append(node)

    def _function(self, node: Function, scope: Scope) -> list[Any]:
        self._bind(node.name, node, scope)
        inner = Scope(scope, node)
        outside = self._arguments(node.args, inner)
        self._scan(node.body, inner)
        return [*node.decorator_list, *outside, node.returns, *getattr(node, "type_params", ())]

    def _lambda(self, node: ast.Lambda, scope: Scope) -> list[Any]:
        inner = Scope(scope, node)
        outside = self._arguments(node.args, inner)
        self._scan([node.body], inner)
        return outside

    def _arguments(self, args: ast.arguments, inner: Scope) -> list[Any]:
        """Binds the parameters; gives what is evaluated outside: defaults and annotations."""
        every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
        outside: list[Any] = [*args.defaults, *args.kw_defaults]
        for arg in every:
            if arg is not None:
                self._bind(arg.arg, arg, inner)
                if arg.annotation is not None:
                    outside.append(arg.annotation)
        return outside

    def _class(self, node: ast.ClassDef, scope: Scope) -> list[Any]:
        self._bind(node.name, node, scope)
        self._scan(node.body, Scope(scope, node, is_class=True))
        return [*node.decorator_list, *node.bases, *node.keywords]

    def _comprehension(self, node: Any, scope: Scope) -> list[Any]:
        inner = Scope(scope, node)
        first, *others = node.generators
        parts = [getattr(node, name, None) for name in ("elt", "key", "value")]
        self._scan([*parts, first.target, *first.ifs, *others], inner)
        return [first.iter]

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> list[Any]:
        for imported in self.imports.get(node, ()):
            imported.scope = scope
            scope.imported.setdefault(imported.local, []).append(imported)
        return []

    def _outer(self, node: ast.Global | ast.Nonlocal, scope: Scope) -> list[Any]:
        scope.outer.update(node.names)
        return []

    def _handler(self, node: ast.ExceptHandler, scope: Scope) -> list[Any]:
        self._bind(node.name, node, scope)
        return [node.type, *node.body]

    def _pattern(self, node: Any, scope: Scope) -> list[Any]:
        self._bind(getattr(node, "name", None) or getattr(node, "rest", None), node, scope)
        return [getattr(node, "pattern", None), *getattr(node, "keys", ()), *getattr(node, "patterns", ())]


_SPECIAL: dict[type, Any] = {
    ast.FunctionDef: ScopeScan._function,
    ast.AsyncFunctionDef: ScopeScan._function,
    ast.Lambda: ScopeScan._lambda,
    ast.ClassDef: ScopeScan._class,
    ast.ListComp: ScopeScan._comprehension,
    ast.SetComp: ScopeScan._comprehension,
    ast.DictComp: ScopeScan._comprehension,
    ast.GeneratorExp: ScopeScan._comprehension,
    ast.Import: ScopeScan._import,
    ast.ImportFrom: ScopeScan._import,
    ast.Global: ScopeScan._outer,
    ast.Nonlocal: ScopeScan._outer,
    ast.ExceptHandler: ScopeScan._handler,
    ast.MatchAs: ScopeScan._pattern,
    ast.MatchStar: ScopeScan._pattern,
    ast.MatchMapping: ScopeScan._pattern,
}
