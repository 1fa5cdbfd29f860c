"""The new text of a file: statements that are no longer right go, new ones take their place, comments move along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mmmigrate.converters.delta.override import override
from mmmigrate.converters.emit.render import WIDTH, Renderer
from mmmigrate.converters.emit.scope import Scope
from mmmigrate.converters.emit.statements import Division, divide
from mmmigrate.converters.read.load import ConfigFile
from mmmigrate.converters.read.source import Comment
from mmmigrate.converters.read.traced import TracedDict, TracedList
from mmmigrate.converters.style import group_of


@dataclass
class _Block:
    """The lines of one new key and the statement that they replace or follow."""

    key: str
    lines: list[str]
    home: int | None  # the dropped statement that it replaces; None: it follows `after`
    after: int = -1
    comments: list[str] = field(default_factory=list)


def new_text(
    file: ConfigFile,
    tree: TracedDict,
    base: Mapping[str, Any],
    sources_of: Callable[[str], tuple[str, ...]],
    *,
    flatten: bool = False,
    literal: bool = False,
    grouped: bool = False,
) -> str:
    """The text that, on top of the converted bases ``base``, gives ``tree``.

    ``sources_of`` names the old keys a new one is made from; its place in the file is theirs. With ``literal`` no
    expression of the old file is used in what is written anew; ``grouped`` keeps new keys of a kind together.
    """
    division = divide(file, tree, base, flatten)
    if not division.written and len(division.kept) == len(file.statements):
        return file.source.text
    return _Layout(file, tree, base, division, sources_of, literal, grouped).text()


class _Layout:
    def __init__(
        self,
        file: ConfigFile,
        tree: TracedDict,
        base: Mapping[str, Any],
        division: Division,
        sources_of: Callable[[str], tuple[str, ...]],
        literal: bool,
        grouped: bool,
    ) -> None:
        self.file = file
        self.grouped = grouped
        self.tree = tree
        self.division = division
        self.sources_of = sources_of
        self.statements = file.statements
        self.dropped = [i for i in range(len(file.statements)) if i not in division.kept]
        kept_names = {name for i in division.kept for name in file.statements[i].writes}
        names = {name: file.own[name] for name in kept_names if name in file.own}
        ends = frozenset(file.statements[i].last_line for i in self.dropped)
        self.renderer = Renderer(Scope(file.source, names, base, literal), ends)
        self.changes = override(TracedDict((key, tree.slot(key)) for key in division.written if key in tree), base)
        if "_base_" in division.written:
            self.changes = TracedDict([("_base_", TracedList(file.imported_paths)), *self.changes.slots()])
        self.homes: dict[str, int] = {}  # a variable that is written anew -> the statement that it replaces
        self.targets: dict[int, _Block | None] = {}  # dropped statement -> the block that its content went to
        self.orphans: dict[int, list[str]] = {}  # dropped statement that left nothing -> its comments

    def text(self) -> str:
        blocks = self._blocks()
        self._place_comments(blocks)
        lines: list[str] = []
        position = 1
        for index, statement in enumerate(self.statements):
            if index in self.division.kept:
                lines += self.file.source.lines[position - 1 : statement.last_line]
            else:
                lines += self._lines_before(index, position)
                lines += _joined(block for block in blocks if block.home == index)
                self._close_gap(lines, index)
            position = max(position, statement.last_line + 1)
            lines += _joined(block for block in blocks if block.home is None and block.after == index)
        tail = self.file.source.lines[position - 1 :]
        last = _joined(block for block in blocks if block.home is None and block.after == len(self.statements))
        return "\n".join(_with_end(lines, tail, last))

    def _lines_before(self, index: int, position: int) -> list[str]:
        """What stands between the previous statement and a dropped one, less the comments that moved elsewhere."""
        first = self.statements[index].first_line
        moved = self._leading(index) if self._moves(index) else []
        gone = {comment.line for comment in moved}
        return [
            line
            for number, line in enumerate(self.file.source.lines[position - 1 : first - 1], position)
            if number not in gone
        ]

    def _blocks(self) -> list[_Block]:
        """A block for each new key, made in the order of the file: later ones may name variables of earlier ones."""
        homes = {key: self._home(key) for key in self.division.written}
        if self.grouped:  # where the last of a group would stand: what the others read is defined by then
            for key in homes:
                places = [place for name in group_of(key) if (place := homes.get(name)) is not None]
                homes[key] = max(places, default=homes[key])
        blocks: dict[str, _Block] = {}
        for _, key in sorted((len(self.statements) if home is None else home, key) for key, home in homes.items()):
            blocks[key] = block = self._block(key, homes[key])
            whole = self.changes[key] is self.tree.get(key)
            if whole and block.home is not None and key in self.statements[block.home].writes:
                self.renderer.scope.names[key] = self.tree[key]
                self.homes[key] = block.home
        order = [key for key in self.tree if key in blocks] if self.grouped else self.division.written
        return [blocks[key] for key in dict.fromkeys((*order, *blocks))]

    def _block(self, key: str, home: int | None) -> _Block:
        self.renderer.names = set()
        lines = self.renderer.assignment(key, self.changes.slot(key))
        names = self.renderer.names
        needed = max((i for i in self.division.kept if self.statements[i].writes & names), default=-1)
        needed = max([needed, *(index for name, index in self.homes.items() if name in names)])
        if home is not None and home > needed:
            return _Block(key, lines, home)
        return _Block(key, lines, None, needed if home is not None else len(self.statements))

    def _home(self, key: str) -> int | None:
        """The dropped statement whose place a new key takes: its own, else that of the old key it comes from."""
        for name in (key, *self.sources_of(key)):
            for index in self.dropped:
                if name in self.statements[index].writes:
                    return index
        return None

    def _target(self, index: int, blocks: list[_Block]) -> _Block | None:
        """The new key that a dropped statement's content went to."""
        for block in blocks:
            if block.home == index:
                return block
        for block in blocks:
            if self.statements[index].writes & {block.key, *self.sources_of(block.key)}:
                return block
        return None

    def _place_comments(self, blocks: list[_Block]) -> None:
        """Comments of dropped statements: those that the new text did not take along go above it."""
        self.targets = {index: self._target(index, blocks) for index in self.dropped}
        for index in self.dropped:
            block = self.targets[index]
            statement = self.statements[index]
            inner = [
                comment
                for comment in self.file.source.comments
                if statement.first_line <= comment.line <= statement.last_line
                and comment.line not in self.renderer.comment_lines
            ]
            if block is None:
                self.orphans[index] = [comment.text for comment in inner]
                continue
            if self._moves(index):
                block.comments += [comment.text for comment in self._leading(index)]
            behind = inner[-1] if inner and inner[-1].line == statement.last_line and len(block.lines) == 1 else None
            fits = behind and len(block.lines[0]) + 2 + len(behind.text) <= WIDTH
            if behind and fits and block.home == index and "  #" not in block.lines[0]:
                block.lines[0] += f"  {behind.text}"
                inner.pop()
            block.comments += [comment.text for comment in inner]

    def _moves(self, index: int) -> bool:
        """Whether a dropped statement's leading comments belong elsewhere now."""
        block = self.targets[index]
        return block is not None and block.home != index

    def _leading(self, index: int) -> list[Comment]:
        by_line = {comment.line: comment for comment in self.file.source.comments if comment.own_line}
        first = self.statements[index].first_line
        start = self.statements[index - 1].last_line if index else 0
        lines: list[Comment] = []
        line = first - 1
        while line > start and line in by_line:
            lines.insert(0, by_line[line])
            line -= 1
        return lines

    def _close_gap(self, lines: list[str], index: int) -> None:
        """After a statement that left nothing: its orphaned comments, and no second blank line in a row."""
        lines += self.orphans.get(index, [])
        end = self.statements[index].last_line
        following = self.file.source.lines[end : end + 1]
        if following == [""] and lines and lines[-1] == "":
            lines.pop()


def _joined(blocks: Any) -> list[str]:
    return [line for block in blocks for line in (*block.comments, *block.lines)]


def _with_end(lines: list[str], tail: list[str], last: list[str]) -> list[str]:
    """Blocks that have no place of their own stand at the end, before the final line break."""
    if not last:
        return [*lines, *tail]
    while tail and not tail[-1].strip():
        tail = tail[:-1]
    return [*lines, *tail, *last, ""]
