"""YAML and JSON configs: the same trees, without expressions."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmmigrate.converters.read.budget import Budget, LimitError
from mmmigrate.converters.read.expressions import PYTHON_ERRORS, Evaluator
from mmmigrate.converters.read.source import Source
from mmmigrate.converters.read.traced import Origin, Slot, TracedDict, TracedList, traced

DATA_SUFFIXES = (".yaml", ".yml", ".json")
_TEMPLATE = re.compile(r"\{\{\s*(_base_\.[\w.]+)\s*\}\}")
_UNQUOTED = re.compile(r"(?<![\"'\w])\{\{\s*(_base_\.[\w.]+)\s*\}\}(?![\"'\w])")


@dataclass(frozen=True)
class Place:
    """Where a key of a data file stands; what `ast` nodes have."""

    lineno: int
    col_offset: int


def data_tree(source: Source) -> TracedDict:
    """The file's content, every key with its place. Raises ConversionError (CFG001, CFG003, CFG004)."""
    # `{{_base_.x}}` is no YAML or JSON by itself: both libraries put quotes around it
    text = _UNQUOTED.sub(lambda match: f'"{match[0]}"', source.text)
    tree = _json(source, text) if source.path.suffix == ".json" else _yaml(source, text)
    if tree is None:
        return TracedDict()
    if not isinstance(tree, TracedDict):
        source.fail("CFG003", f"must hold a dict at its top level, not {type(tree).__name__}", 1, 1)
    try:
        Budget().weigh(tree)
    except LimitError as error:
        source.fail("CFG004", f"exceeds what a config can need: {error}")
    return tree


def fill_data(source: Source, tree: TracedDict, base: Mapping[str, Any]) -> TracedDict:
    """The tree with templates filled in: a string that is one becomes the base's value, inside a string its text."""
    evaluator = Evaluator(source, {}, base, Budget())

    def fill(value: Any) -> Any:
        if isinstance(value, TracedDict):
            return TracedDict((key, Slot(fill(slot.value), slot.origin)) for key, slot in value.slots())
        if isinstance(value, TracedList):
            return TracedList(Slot(fill(slot.value), slot.origin) for slot in value.slots())
        if isinstance(value, str) and "{{" in value:
            whole = _TEMPLATE.fullmatch(value)
            if whole:
                return evaluator.value(ast.parse(whole[0], mode="eval").body)
            return evaluator.value(ast.Constant(value))
        return value

    try:
        return fill(tree) if "{{" in source.text else tree
    except LimitError as error:
        source.fail("CFG004", f"exceeds what a config can need: {error}")
    except PYTHON_ERRORS as error:
        source.fail("CFG003", f"cannot be evaluated: {type(error).__name__}: {error}")


def _json(source: Source, text: str) -> Any:
    try:
        tree = traced(json.loads(text))
    except json.JSONDecodeError as error:
        source.fail("CFG001", f"not valid JSON: {error.msg}", error.lineno, error.colno)
    except (ValueError, RecursionError) as error:
        source.fail("CFG001", f"cannot be parsed: {error or type(error).__name__}")
    if isinstance(tree, TracedDict):
        lines: dict[str, tuple[int, int]] = {}
        for number, line in enumerate(source.lines, 1):
            for key in re.findall(r'"([^"\\]+)"\s*:', line):
                lines.setdefault(key, (number, line.index(f'"{key}"')))
        for key in tree:
            if key in lines:
                tree.origins[key] = _origin(source, *lines[key])
    return tree


def _origin(source: Source, line: int, column: int) -> Origin:
    place: Any = Place(line, column)
    return Origin(source, place, place)


def _yaml(source: Source, text: str) -> Any:
    import yaml

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return None if node is None else _Yaml(source).value(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        source.fail("CFG001", f"not valid YAML: {error.problem or error.context}", *place)
    except yaml.YAMLError as error:
        source.fail("CFG001", f"not valid YAML: {error}")
    except LimitError as error:
        source.fail("CFG004", f"exceeds what a config can need: {error}")
    except (ValueError, RecursionError, TypeError, AttributeError, OverflowError) as error:
        source.fail("CFG001", f"cannot be parsed: {error or type(error).__name__}")


class _Yaml:
    """YAML nodes to traced values, anchors shared, merge keys (``<<``) resolved as PyYAML does."""

    def __init__(self, source: Source) -> None:
        import yaml

        self.source = source
        self.loader = yaml.SafeLoader("")
        self.known: dict[int, Any] = {}
        self.budget = Budget()

    def value(self, node: Any) -> Any:
        import yaml

        self.budget.spend()
        if id(node) in self.known:
            return self.known[id(node)]
        if isinstance(node, yaml.MappingNode):
            result = self.known[id(node)] = TracedDict()
            self.loader.flatten_mapping(node)
            for key_node, value_node in node.value:
                key = self.loader.construct_object(key_node, deep=True)
                hash(key)
                mark = key_node.start_mark
                result.put(key, Slot(self.value(value_node), _origin(self.source, mark.line + 1, mark.column)))
            return result
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            items = self.known[id(node)] = TracedList()
            for item in node.value:
                items.push(self.value(item))
            return items
        if isinstance(node, yaml.SequenceNode) and node.tag == _TUPLE:
            return tuple(self.value(item) for item in node.value)
        return self.loader.construct_object(node, deep=True)


_TUPLE = "tag:yaml.org,2002:python/tuple"
