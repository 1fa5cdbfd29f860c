"""One Python file from v2 to v3: rules in rounds on its text, and a check of what they made."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from mmmigrate.compat.findings import ConversionError, Effect, Finding
from mmmigrate.converters.code.edit import EditConflict, Edits
from mmmigrate.converters.code.imports import ImportPlan, drop_unused, write_imports
from mmmigrate.converters.code.markers import add_markers
from mmmigrate.converters.code.module import Module, Note
from mmmigrate.converters.code.project import Project
from mmmigrate.converters.code.reparse import check_edited
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.code.skip import skips_file
from mmmigrate.converters.code.source import CodeSource, read_code

_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class CodeOptions:
    """What the user asked for. ``select`` and ``ignore`` are rule codes or prefixes of them.

    Without ``bridge`` nothing is imported from mmmigrate's own runtimes: what is gone is left, with a marker.
    """

    to: str = "v3"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    bridge: bool = True

    def wants(self, code: str) -> bool:
        chosen = not self.select or code.startswith(self.select)
        return chosen and not (self.ignore and code.startswith(self.ignore))


@dataclass
class ConvertedCode:
    """The new text of a file in UTF-8, and what was said of it."""

    source: CodeSource
    utf8: bytes
    findings: list[Finding] = field(default_factory=list)
    skipped: bool = False

    @property
    def changed(self) -> bool:
        return self.utf8 != self.source.utf8


@cache
def code_rules() -> tuple[CodeRule, ...]:
    """Every rule for code, structural ones first, each group by its code."""
    package = f"{__package__}.rules"
    found: list[CodeRule] = []
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        loaded = importlib.import_module(f"{package}.{module.name}")
        found += [rule for rule in vars(loaded).values() if isinstance(rule, CodeRule)]
    return tuple(sorted(dict.fromkeys(found), key=lambda rule: (not rule.structural, rule.code)))


class CodeConverter:
    """Converts files of one project; what it learns of other files is kept."""

    def __init__(self, options: CodeOptions | None = None, project: Project | None = None) -> None:
        self.options = options or CodeOptions()
        self.project = project or Project()
        self.project.to = self.options.to
        self.rules = [rule for rule in code_rules() if rule.to == self.options.to and self.options.wants(rule.code)]
        self._words = frozenset(word.encode() for rule in self.rules for word in rule.words)

    def convert(self, path: Path) -> ConvertedCode:
        """Raises ConversionError where the file cannot be read or parsed."""
        name = self.project.add(path)
        known = self.project.module_at(path, name)
        source = known.source if known else read_code(path)
        module = known or Module(source, name, self.project)
        converted = self._converted(module)
        if "tree" in module.__dict__:
            self.project.keep(module)
        return converted

    def convert_source(self, source: CodeSource, name: str) -> ConvertedCode:
        """Raises ConversionError where the text is not Python, or a rule made something that is not."""
        return self._converted(Module(source, name, self.project))

    def _converted(self, module: Module) -> ConvertedCode:
        source = module.source
        module.bridge, module.edits, module.notes = self.options.bridge, Edits(), []
        module.needed, module.plan = {}, ImportPlan()
        if skips_file(source):
            return ConvertedCode(source, source.utf8, skipped=True)
        words = set(_WORD.findall(source.utf8))
        own = {root.encode() for root in self.project.roots if root in module.symbols.roots}
        if words.isdisjoint(self._words - own):
            _ = module.tree  # what is not Python is said, also where nothing would change
            return ConvertedCode(source, source.utf8)
        return _Rounds(module, words).run(self.rules)


class _Rounds:
    """The text of one file as rule after rule changes it."""

    def __init__(self, module: Module, words: set[bytes]) -> None:
        self.first = module
        self.module = module
        self.words = words
        self.done: list[tuple[Module, Edits]] = []  # what each round changed, for places in the first text
        self.findings: list[Finding] = []

    def run(self, rules: list[CodeRule]) -> ConvertedCode:
        last = [rule for rule in rules if not rule.structural]
        for rule in rules:
            if rule.structural and self._wanted(rule):
                self._round([rule])
        if self.done:
            drop_unused(self.first, self.module)
        self._round([rule for rule in last if self._wanted(rule)], final=True)
        return ConvertedCode(self.first.source, self.module.source.utf8, sorted(set(self.findings)))

    def _wanted(self, rule: CodeRule) -> bool:
        return not rule.words or any(word.encode() in self.words for word in rule.words)

    def _round(self, rules: list[CodeRule], *, final: bool = False) -> None:
        module = self.module
        plan = module.plan
        try:
            for rule in rules:
                rule.convert(module)
            if module.needed or plan.moves or plan.drops:
                write_imports(module, plan)
            add_markers(module)  # behind new imports, so that they stand right above their statements
        except EditConflict as error:
            codes = ", ".join(rule.code for rule in rules)
            self._fail(f"two edits change the same place ({codes}, {error}); nothing is written: please report it")
        self.findings += [self._finding(note) for note in module.notes]
        if not module.edits:
            module.notes, module.needed = [], {}
            return
        new = replace(module.source, utf8=module.edits.apply(module.source.utf8))
        self.done.append((module, module.edits))
        self.module = Module(new, module.name, module.project, bridge=module.bridge)
        try:
            if final:
                check_edited(module.source, module.tree, module.edits, new.utf8)
            else:
                self.module.__dict__["tree"] = ast.parse(new.text)
        except SyntaxError as error:
            codes = ", ".join(rule.code for rule in rules)
            self._fail(f"what {codes} made is not Python ({error.msg}); nothing is written: please report it")
        if not final:
            self.words |= set(_WORD.findall(new.utf8))

    def _finding(self, note: Note) -> Finding:
        line = column = 0
        if note.node is not None:
            offset = self.module.source.span(note.node)[0]
            for _, edits in reversed(self.done):
                offset = edits.origin(offset)
            line, column = self.first.source.place(offset)
        return Finding(str(self.first.source.path), line, column, note.code, note.effect, note.message)

    def _fail(self, message: str) -> None:
        raise ConversionError(Finding(str(self.first.source.path), 0, 0, "COD003", Effect.ERROR, message))
