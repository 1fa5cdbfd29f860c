"""The new text of a YAML or JSON config: keys that stay keep their text, comments included; others are written anew."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mmmigrate.converters.delta.override import override
from mmmigrate.converters.merge.inherit import InheritError, merge
from mmmigrate.converters.read.data import data_tree
from mmmigrate.converters.read.load import RESERVED, ConfigFile
from mmmigrate.converters.read.source import Source
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList, plain, same


def new_data_text(
    file: ConfigFile,
    tree: TracedDict,
    base: Mapping[str, Any],
    sources_of: Callable[[str], tuple[str, ...]],
    flatten: bool,
) -> str:
    """The text that, on top of the converted bases ``base``, gives ``tree``."""
    kept = [key for key in file.own if key in tree and _gives(file.own, key, tree, base)]
    written = [
        key for key in tree if key not in kept and not (key in base and same(tree[key], base[key]))
    ]  # fmt: skip
    drops_base = flatten and bool(file.base_paths)
    if not written and len(kept) == len(file.own) and not drops_base:
        return file.source.text
    changes = plain(override(TracedDict((key, tree.slot(key)) for key in written), base))
    if file.source.path.suffix == ".json":
        return _json(file, kept, changes, sources_of, drops_base)
    return _yaml(file, kept, changes, sources_of, drops_base)


def listed(value: Any) -> Any:
    """The value with every tuple in it as a list."""
    if isinstance(value, TracedDict):
        return TracedDict((key, Slot(listed(slot.value), slot.origin)) for key, slot in value.slots())
    if isinstance(value, (list, tuple)):
        return TracedList(listed(item) for item in value)
    return value


def _gives(own: TracedDict, key: str, tree: TracedDict, base: Mapping[str, Any]) -> bool:
    try:
        return same(merge({key: own[key]}, {key: base[key]} if key in base else {})[key], tree[key])
    except InheritError:
        return False


def _order(old: list[str], changes: dict[str, Any], sources_of: Callable[[str], tuple[str, ...]]) -> list[list[str]]:
    """The new keys that take the place of each old one; those without a place come last."""
    places: list[list[str]] = [[] for _ in (*old, None)]
    for key in changes:
        homes = [old.index(name) for name in (key, *sources_of(key)) if name in old]
        places[homes[0] if homes else -1].append(key)
    return places


def _json(file: ConfigFile, kept: list[str], changes: dict[str, Any], sources_of: Any, drops_base: bool) -> str:
    text = file.source.text
    members = _members(text)
    between = text[members[0][2] : members[1][1]] if len(members) > 1 else ", " if "\n" not in text else ",\n    "
    indent = between.rpartition("\n")[2] if "\n" in between else None
    result = []
    for member, new in zip((*members, None), _order([key for key, _, _ in members], changes, sources_of)):
        if member is not None and (member[0] in kept or (member[0] in RESERVED and not drops_base)):
            result.append(text[member[1] : member[2]])
        for key in new:
            value = json.dumps(changes[key], indent=indent, ensure_ascii=text.isascii())
            result.append(f"{json.dumps(key)}: " + value.replace("\n", f"\n{indent}"))
    first, last = (members[0][1], members[-1][2]) if members else (text.index("{") + 1, text.rindex("}"))
    return text[:first] + between.join(result) + text[last:]


def _members(text: str) -> list[tuple[str, int, int]]:
    """Key, start and end of each member of a JSON object."""
    decoder, space = json.JSONDecoder(), re.compile(r"[\s,:]*")
    position = text.index("{") + 1
    found = []
    while text[(start := _after(space, text, position))] != "}":
        key, end = decoder.raw_decode(text, start)
        _, position = decoder.raw_decode(text, _after(space, text, end))
        found.append((key, start, position))
    return found


def _after(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


@dataclass
class _Part:
    """A top-level key with its lines, and the comment lines right above it."""

    key: str
    above: list[str]
    lines: list[str]


def _yaml(file: ConfigFile, kept: list[str], changes: dict[str, Any], sources_of: Any, drops_base: bool) -> str:
    head, parts = _parts(file.source)
    if not parts:  # a mapping in braces, which has no lines of its own for each key
        raw = data_tree(file.source)
        whole = {key: plain(raw[key]) for key in kept}
        bases = {} if drops_base or not file.base_paths else {"_base_": file.base_paths}
        return "\n".join([*head, *_dump({**bases, **whole, **changes}), ""])
    lines = list(head)
    order = _order([part.key for part in parts], changes, sources_of)
    for part, new in zip(parts, order):
        stays = part.key in kept or (part.key == "_base_" and not drops_base) or part.key == "_deprecation_"
        lines += part.above
        if stays:
            lines += part.lines
        else:
            lines += [line.strip() for line in part.lines if line.lstrip().startswith("#")]
            lines += [found[0].strip() for line in part.lines if (found := re.search(r"(?<=\s)#[^'\"]*$", line))
                      and not line.lstrip().startswith("#")]  # fmt: skip
        for key in new:
            lines += _dump({key: changes[key]})
        if not stays and new:
            lines += _blank_end(part.lines)
    while lines and order[-1] and not lines[-1].strip():
        lines.pop()
    for key in order[-1]:
        lines += _dump({key: changes[key]})
    return "\n".join(lines) + ("" if lines and lines[-1] == "" else "\n")


def _blank_end(lines: list[str]) -> list[str]:
    """The blank lines that separate a key from the next one."""
    count = next((i for i, line in enumerate(reversed(lines)) if line.strip()), len(lines))
    return lines[len(lines) - count :]


def _parts(source: Source) -> tuple[list[str], list[_Part]]:
    """The lines before the first key, and each key's own; nothing where the mapping is written in braces."""
    import yaml

    node = yaml.compose(source.text, Loader=yaml.SafeLoader) if source.text.strip() else None
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        return [line for line in source.lines if line.lstrip().startswith("#")], []
    starts = [(key.start_mark.line, str(key.value)) for key, _ in node.value]
    begins = []
    for line, _ in starts:
        first = line
        while first > 0 and source.lines[first - 1].startswith("#"):
            first -= 1
        begins.append(first)
    ends = [*begins[1:], len(source.lines)]
    parts = [
        _Part(key, source.lines[first:line], source.lines[line:end])
        for (line, key), first, end in zip(starts, begins, ends)
    ]
    return source.lines[: begins[0]], parts


def _dump(value: dict[str, Any]) -> list[str]:
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    # both libraries read the tag, and a tuple must stay one
    tag = "tag:yaml.org,2002:python/tuple"
    Dumper.add_representer(tuple, lambda dumper, data: dumper.represent_sequence(tag, data))
    Dumper.ignore_aliases = lambda self, data: True  # type: ignore[method-assign]
    text: str = yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text.rstrip("\n").split("\n")
