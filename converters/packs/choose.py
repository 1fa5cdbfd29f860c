"""Which codebase a config is written for: the one that has most of the classes which it names."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from mmmigrate.converters.packs.pack import Pack, builtin_packs, load_pack, pack_named

_LISTS = (list, tuple)
# The keys whose classes tell the codebase.
_TELLING = {
    "v2": ("model", "data"),
    "v3": ("model", "val_evaluator", *(f"{split}_dataloader" for split in ("train", "val", "test"))),
}
_CONTAINERS = (dict, *_LISTS)


def class_names(value: Any, foreign: Collection[str] = ()) -> set[str]:
    """Every ``type`` in a tree; what stands below a ``foreign`` class is left out."""
    names: set[str] = set()
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            name = item.get("type")
            if isinstance(name, str):
                names.add(name)
                if name in foreign:
                    continue
            item = item.values()
        elif not isinstance(item, _LISTS):
            continue
        stack += [inner for inner in item if isinstance(inner, _CONTAINERS)]  # values outnumber what holds them
    return names


def choose_pack(tree: dict[str, Any], wanted: Iterable[str], side: str = "v2") -> Pack | None:
    """The pack for a merged config of generation ``side``, or None where no pack fits or none is wanted.

    ``wanted``: names of packs, or files of packs; ``auto`` stands for all that are shipped, ``none`` for none.
    A class that few packs have tells more than one that all have. Raises PackError for an unknown name.
    """
    packs = named_packs(wanted)
    if len(packs) <= 1:
        return packs[0] if packs else None
    names = class_names({key: value for key, value in tree.items() if key in _TELLING[side] or _is_list(value)})
    owners = {name: [pack.name for pack in packs if name in pack.own_of(side)] for name in names}
    scope = tree.get("default_scope") if side == "v3" else None

    def score(pack: Pack) -> tuple[float, int]:
        has = pack.v2_names if side == "v2" else pack.v3_names
        known = sum(1 / len(owners[name]) for name in names if name in has and owners[name])
        said = 0.5 if scope is not None and scope == pack.scope else 0.0
        return known + said, -len(pack.lineage)  # of two that know the same, the one that the other extends

    best = max(packs, key=score)
    tells_apart = any(len(found) == 1 and found[0] in best.lineage for found in owners.values())
    return best if tells_apart else None


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def named_packs(names: Iterable[str]) -> list[Pack]:
    """Raises PackError for a name or a file that is no pack."""
    return [pack for name in names for pack in _named(name)]


def _named(name: str) -> tuple[Pack, ...]:
    if name == "auto":
        return builtin_packs()
    if name == "none":
        return ()
    if name.endswith((".yaml", ".yml")):
        return (load_pack(Path(name)),)
    return (pack_named(name),)
