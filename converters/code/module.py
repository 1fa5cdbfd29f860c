"""One parsed file, as rules see it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.classes import Class
from mmmigrate.converters.code.edit import Edits
from mmmigrate.converters.code.imports import ImportPlan, local_name
from mmmigrate.converters.code.project import Project
from mmmigrate.converters.code.scopes import Imported, ScopeScan, parents_of
from mmmigrate.converters.code.skip import skipped_lines
from mmmigrate.converters.code.source import CodeSource
from mmmigrate.converters.code.statements import Outline, outline
from mmmigrate.converters.code.symbols import Symbol, Symbols, symbols_to


class Coded(Protocol):
    """A rule or a remark."""

    @property
    def code(self) -> str: ...

    @property
    def effect(self) -> Effect: ...


@dataclass(eq=False)
class Use:
    """One place where an imported name is used.

    ``path`` is the full name of the whole chain, by its imports and the project's re-exports. If it leads to a public
    name of a library, ``symbol`` is that and ``node`` the part of the chain that names it; ``rest`` are the
    attributes behind it: ``mmcv.Config.fromfile`` is the symbol ``mmcv.Config`` with the rest ``("fromfile",)``.
    Where there is no symbol, ``node`` is the whole chain.
    """

    node: ast.Name | ast.Attribute
    chain: ast.Name | ast.Attribute
    root: ast.Name
    path: str
    symbol: Symbol | None
    rest: tuple[str, ...]
    imported: Imported | None  # None for a name of a star import
    sole: bool  # nothing else binds the local name: it may be renamed


@dataclass
class Note:
    """Something to say about a node; ``marker`` asks for a comment above its statement."""

    code: str
    effect: Effect
    message: str
    node: ast.AST | None
    marker: bool = False


@dataclass
class Module:
    """A file with its names resolved. Rules read it and record what they want: `replace`, `need`, `note` …"""

    source: CodeSource
    name: str
    project: Project
    bridge: bool = True  # whether imports of mmmigrate's own runtimes are welcome
    edits: Edits = field(default_factory=Edits)
    notes: list[Note] = field(default_factory=list)
    needed: dict[tuple[str, str | None], str] = field(default_factory=dict)  # (module, name) -> local name
    plan: ImportPlan = field(default_factory=ImportPlan)

    @cached_property
    def tree(self) -> ast.Module:
        """Raises ConversionError (COD001) where the text is not Python."""
        return self.source.parse()

    @cached_property
    def symbols(self) -> Symbols:
        """The names of the libraries that are left behind."""
        return symbols_to(self.project.to)

    @property
    def is_package(self) -> bool:
        return self.source.path.name == "__init__.py"

    @cached_property
    def outline(self) -> Outline:
        package = self.name if self.is_package else self.name.rpartition(".")[0]
        return outline(self.tree, package)

    # -- names ------------------------------------------------------------------------------------------------

    @cached_property
    def scan(self) -> ScopeScan:
        imports = {
            statement: [item for item in items if self._concerns(item.target)]
            for statement, items in self.outline.imports.items()
        }
        names = {item.local for items in imports.values() for item in items}
        return ScopeScan(self.tree, names | self._starred.keys(), self.outline.imports)

    def _concerns(self, target: str) -> bool:
        return self.project.owns(target) or self.symbols.load(target)

    @cached_property
    def _starred(self) -> dict[str, str]:
        """Names that star imports of libraries and of the project bring in, with where they come from."""
        found: dict[str, str] = {}
        for _, home in self.outline.stars:
            if self.project.owns(home):
                other = self.project.module(home) if home != self.name else None
                found.update({name: f"{home}.{name}" for name in (other.public() if other else ())})
            elif home.partition(".")[0] in self.symbols.roots:
                found.update({name: f"{home}.{name}" for name in self.symbols.public(home)})
        return found

    @cached_property
    def every_use(self) -> list[Use]:
        """Every use of an imported name in order of place, those in skipped statements too."""
        uses = []
        for load in self.scan.loads:
            scope = load.scope.owner(load.root.id)
            if scope is None:
                target, imported, sole = self._starred.get(load.root.id), None, True
                if target is None:
                    continue
            else:
                candidates = scope.imported.get(load.root.id, [])
                if not self.shims.isdisjoint(candidates):
                    continue
                others = [node for node in scope.bound.get(load.root.id, ()) if not self._is_fallback(node)]
                if others or not candidates:
                    continue
                imported = next((item for item in candidates if self._concerns(item.target)), candidates[0])
                target = imported.target
                sole = len(candidates) == 1 and load.root.id not in scope.bound
            uses.append(self._use(load.node, load.root, target, imported, sole))
        return uses

    @cached_property
    def shims(self) -> set[Imported]:
        """Imports of names that another branch imports from the new generation: such code works with both already."""
        by_name: dict[str, list[Imported]] = {}
        for items in self.outline.imports.values():
            for item in items:
                by_name.setdefault(item.local, []).append(item)
        found: set[Imported] = set()
        for items in by_name.values():
            if len(items) > 1 and any(item.guarded for item in items):
                new = [item for item in items if item.target.partition(".")[0] == "mmengine"]
                found.update(items if new else ())
        return found

    def _is_fallback(self, node: ast.AST) -> bool:
        """Whether a binding is ``name = None`` or the like, as stands in for an import that failed."""
        parent = self.parents.get(node)
        return isinstance(parent, ast.Assign) and isinstance(parent.value, ast.Constant)

    def _use(
        self, node: ast.Name | ast.Attribute, root: ast.Name, target: str, imported: Imported | None, sole: bool
    ) -> Use:
        links: list[ast.Name | ast.Attribute] = [node]
        attributes: list[str] = []
        while isinstance(links[-1], ast.Attribute):
            attributes.insert(0, links[-1].attr)
            links.append(links[-1].value)  # type: ignore[arg-type]
        path = self.project.resolve(".".join([target, *attributes]))
        found = None if self.project.owns(path) else self.symbols.lookup(path)
        if found is None:
            return Use(node, node, root, path, None, (), imported, sole)
        if not self.source.utf8.startswith(root.id.encode(), self.source.span(root)[0]):
            self._mend_place(links, attributes)
        symbol, behind = found
        behind = min(behind, len(attributes))
        rest = tuple(attributes[len(attributes) - behind :])
        return Use(links[behind], node, root, path, symbol, rest, imported, sole)

    def _mend_place(self, links: list[ast.Name | ast.Attribute], attributes: list[str]) -> None:
        """Before Python 3.12 nodes inside f-strings may have wrong places: look for the text in the string."""
        string: ast.AST = links[0]
        while not isinstance(string, ast.JoinedStr):
            string = self.parents[string]
        start, end = self.source.span(string)
        words = [links[-1].id, *attributes]  # type: ignore[union-attr]
        pattern = rb"(?<![\w.])" + r"\s*\.\s*".join(words).encode() + rb"(?!\w)"
        found = [match.start() for match in re.finditer(pattern, self.source.utf8[start:end])]
        same = [node for node in ast.walk(string) if isinstance(node, (ast.Name, ast.Attribute))]
        same = [node for node in same if ast.unparse(node) == ".".join(words)]
        number = same.index(links[0])
        if len(found) != len(same):
            self.edits.forbid(f"names in the f-string of line {string.lineno} cannot be placed")
            return
        at = start + found[number]
        line, _ = self.source.place(at)
        for link in links:
            link.lineno = link.end_lineno = line
            link.col_offset = at - self.source.starts[line - 1]
            link.end_col_offset = link.col_offset + len(ast.unparse(link).encode())

    @cached_property
    def uses(self) -> list[Use]:
        """The uses that rules may change."""
        return [use for use in self.every_use if not self.is_skipped(use.node)]

    def uses_of(self, *paths: str) -> list[Use]:
        """The uses of library symbols by their full names."""
        wanted = {symbol.path for symbol in map(self.symbols.get, paths) if symbol}
        return [use for use in self.uses if use.symbol is not None and use.symbol.path in wanted]

    @cached_property
    def _use_at(self) -> dict[ast.AST, Use]:
        return {use.chain: use for use in self.every_use}

    def resolve(self, node: ast.AST) -> str | None:
        """The full name of a name or attribute chain: a library's or the project's; None for anything else.

        A class or function of this module is found too. Symbols come under their shortest path.
        """
        use = self._use_at.get(node)
        if use is not None:
            return ".".join([use.symbol.path, *use.rest]) if use.symbol else use.path
        if isinstance(node, ast.Name) and node.id in self.outline.top:
            return f"{self.name}.{node.id}"
        return None

    def targets(self, node: ast.AST) -> set[str]:
        """Every full name that a name or attribute chain may have, whatever hides it here: found without a scan."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return set()
        heads = [item.target for item in self._imported_as.get(node.id, ())]
        heads += [self._starred[node.id]] if node.id in self._starred else []
        heads += [f"{self.name}.{node.id}"] if node.id in self.outline.top else []
        return {self.project.resolve(".".join([head, *attributes])) for head in heads}

    @cached_property
    def _imported_as(self) -> dict[str, list[Imported]]:
        found: dict[str, list[Imported]] = {}
        for items in self.outline.imports.values():
            for item in items:
                found.setdefault(item.local, []).append(item)
        return found

    def may_be_of_library(self, node: ast.AST) -> bool:
        """False where a name or attribute chain is certainly none of the libraries that are left behind."""
        return any(not self.project.owns(path) and self.symbols.load(path) for path in self.targets(node))

    @cached_property
    def top_statements(self) -> set[ast.stmt]:
        return set(self.tree.body)

    @cached_property
    def taken_names(self) -> set[str]:
        """Every name that the file uses or binds, in any scope."""
        taken = {item.local for items in self.outline.imports.values() for item in items}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name):
                taken.add(node.id)
            elif isinstance(node, ast.arg):
                taken.add(node.arg)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                taken.add(node.name)
        return taken

    def exported(self, name: str) -> str | None:
        """What a name at the top level of this module is: its import's target, or itself; None if there is none."""
        for items in self.outline.imports.values():
            for item in items:
                if item.local == name and item.target != f"{self.name}.{name}":
                    return item.target
        if name in self.outline.top:
            return f"{self.name}.{name}"
        return self._starred.get(name)

    def public(self) -> list[str]:
        """The names that ``from this import *`` binds."""
        if self.all_names is not None:
            return self.all_names
        names = [*self.outline.top, *self._starred]
        names += [item.local for items in self.outline.imports.values() for item in items]
        return [name for name in names if not name.startswith("_")]

    @cached_property
    def all_names(self) -> list[str] | None:
        """The strings of ``__all__``, None where there is none."""
        node = self.outline.top.get("__all__")
        if not isinstance(node, ast.Assign):
            return None
        return [
            item.value
            for item in ast.walk(node.value)
            if isinstance(item, ast.Constant) and isinstance(item.value, str)
        ]

    # -- structure --------------------------------------------------------------------------------------------

    @cached_property
    def classes(self) -> list[Class]:
        """Every class that may be changed, nested ones too, in order of place."""
        return [Class(node, self) for node in self.outline.classes if not self.is_skipped(node)]

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return parents_of(self.tree)

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that a node is in, or is."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    @cached_property
    def _skipped(self) -> list[tuple[int, int]]:
        return skipped_lines(self.source, self.tree)

    def is_skipped(self, node: ast.AST) -> bool:
        """Whether a node stands in a statement with ``# mmmigrate: skip``."""
        if not self._skipped:
            return False
        line: int = node.lineno  # type: ignore[attr-defined]
        return any(first <= line <= last for first, last in self._skipped)

    # -- what rules ask for -----------------------------------------------------------------------------------

    def replace(self, node: ast.AST, text: str) -> None:
        """Puts text in the place of an expression or statement; line ends are turned into the file's."""
        self.edits.replace(*self.source.span(node), self.lines(text))

    def delete(self, node: ast.stmt) -> None:
        """Removes a statement with its line; where it was the only one of its block, ``pass`` takes its place."""
        parent = self.tree if node in self.top_statements else self.parents[node]
        blocks = [getattr(parent, name, None) for name in ("body", "orelse", "finalbody")]
        block = next(block for block in blocks if isinstance(block, list) and node in block)
        start, end = self.source.span(node)
        if (
            all(item is node or self.edits.covers(*self.source.span(item)) for item in block)
            and parent is not self.tree
        ):
            self.edits.replace(start, end, "pass")
            return
        data = self.source.utf8
        first = self.source.starts[self.source.place(start)[0] - 1]
        last = self.source.place(end)[0]
        line_end = self.source.starts[last] if last < len(self.source.starts) else len(data)
        alone = not data[first:start].strip() and data[end:line_end].strip()[:1] in (b"", b"#")
        self.edits.replace(first if alone else start, line_end if alone else end, b"")

    def insert_before(self, node: ast.stmt, text: str) -> None:
        """Puts statements, written without indentation, on lines of their own above a statement."""
        start, _ = self.source.span(node)
        indent = self.source.indent_at(start)
        at = self.source.starts[self.source.place(start)[0] - 1]
        self.edits.insert(at, self.lines("".join(f"{indent}{line}\n" if line else "\n" for line in text.splitlines())))

    def insert_after(self, node: ast.stmt, text: str) -> None:
        """Puts statements, written without indentation, on lines of their own below a statement."""
        start, end = self.source.span(node)
        indent = self.source.indent_at(start)
        last = self.source.place(end)[0]
        starts, data = self.source.starts, self.source.utf8
        at = starts[last] if last < len(starts) else len(data)
        lead = "" if at == 0 or data[at - 1 : at] in (b"\n", b"\r") else "\n"
        body = "".join(f"{indent}{line}\n" if line else "\n" for line in text.splitlines())
        self.edits.insert(at, self.lines(lead + body))

    def lines(self, text: str) -> str:
        """Text with the line ends of the file."""
        return text if self.source.newline == "\n" else text.replace("\n", self.source.newline)

    def need(self, module: str, name: str | None = None) -> str:
        """Asks for ``from module import name`` (or ``import module``); gives the text to use it by.

        An import that the file has is used; a local name that is taken by something else gets ``as``.
        """
        key = (module, name)
        if key not in self.needed:
            self.needed[key] = local_name(self, module, name)
        return self.needed[key]

    def note(
        self, rule: Coded, message: str, node: ast.AST | None, effect: Effect | None = None, *, marker: bool = False
    ) -> None:
        """Reports something at a node, with the effect of the rule unless another one is given.

        ``marker`` puts a comment above the statement too: only where a person must decide, and never a second time.
        """
        self.notes.append(Note(rule.code, effect or rule.effect, message, node, marker))
