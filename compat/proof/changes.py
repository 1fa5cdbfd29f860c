"""Two config trees as a list of changes that can be made one by one, and a tree without some of its keys."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Path = tuple[Any, ...]
GONE = object()
"""The value of what one of the trees does not have."""


@dataclass(frozen=True)
class Change:
    """At `path` (keys and list indices), `before` becomes `after`; either may be GONE."""

    path: Path
    before: Any
    after: Any

    def __str__(self) -> str:
        was = "new" if self.before is GONE else f"was {_short(self.before)}"
        return f"{name_of(self.path)}: {'left out' if self.after is GONE else _short(self.after)} ({was})"


def name_of(path: Path) -> str:
    """The path as it is written in Python.

    >>> name_of(("param_scheduler", 0, "end"))
    'param_scheduler[0].end'
    """
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.removeprefix(".")


def changes(before: Any, after: Any, path: Path = ()) -> Iterator[Change]:
    """The smallest changes that make `after` of `before`. What has another `type` or length changes as a whole."""
    if _same_kind(before, after):
        for key in dict.fromkeys([*_keys(before), *_keys(after)]):
            yield from changes(_get(before, key), _get(after, key), (*path, key))
    elif not _equal(before, after):
        yield Change(path, before, after)


def changed(tree: Any, chosen: Sequence[Change]) -> Any:
    """`tree` with these changes made; a dict on the way to one that is not there is made."""
    result = copy.deepcopy(tree)
    for change in chosen:
        parent, last = result, change.path[-1]
        for key in change.path[:-1]:
            if isinstance(parent, dict):
                parent = parent.setdefault(key, {})
            elif isinstance(key, int) and key < len(parent):
                parent = parent[key]
            else:
                break
        else:
            if change.after is GONE:
                parent.pop(last, None)
            else:
                parent[last] = copy.deepcopy(change.after)
    return result


def paths(tree: Any, depth: int, path: Path = ()) -> Iterator[Path]:
    """Where keys and list items stand `depth` levels down; a `type` is no key to leave out."""
    if len(path) == depth:
        yield path
        return
    if isinstance(tree, dict) or (isinstance(tree, list) and all(isinstance(item, dict) for item in tree)):
        for key in _keys(tree):
            if key != "type":
                yield from paths(tree[key], depth, (*path, key))


def without(tree: Any, gone: Collection[Path], path: Path = ()) -> Any:
    """A copy without what stands at these paths."""
    if not isinstance(tree, (dict, list)):
        return tree
    kept = {key: without(_get(tree, key), gone, (*path, key)) for key in _keys(tree) if (*path, key) not in gone}
    return kept if isinstance(tree, dict) else list(kept.values())


def _same_kind(a: Any, b: Any) -> bool:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return bool(a.get("type") == b.get("type"))
    both_lists = isinstance(a, list) and isinstance(b, list) and len(a) == len(b)
    return both_lists and any(isinstance(item, dict) for item in a)


def _keys(tree: Any) -> list[Any]:
    return list(tree) if isinstance(tree, dict) else list(range(len(tree)))


def _get(tree: Any, key: Any) -> Any:
    return tree.get(key, GONE) if isinstance(tree, dict) else tree[key]


def _equal(a: Any, b: Any) -> bool:
    return a is b or (type(a) is type(b) and bool(a == b))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
