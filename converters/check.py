"""The last step of every conversion: the new text, read back, must mean the tree that the rules gave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmmigrate.compat.findings import ConversionError
from mmmigrate.converters.read.data import data_tree, fill_data
from mmmigrate.converters.read.load import RESERVED, ConfigFile, inherit, settings
from mmmigrate.converters.read.source import Source
from mmmigrate.converters.read.statements import run_module
from mmmigrate.converters.read.traced import TracedDict, same


def check(file: ConfigFile, text: str, tree: TracedDict, base: TracedDict, flatten: bool) -> str:
    """Empty where ``text`` on top of the converted bases gives ``tree``, else the first key that it does not."""
    if text == file.source.text and "_base_." not in text and not (flatten and file.base_paths):
        own = file.own  # nothing was edited and nothing refers to a base: the values are those just read
    else:
        source = Source(Path(file.path), text, trusted=file.source.trusted)
        try:
            own, has_base = _read_back(file, source, base)
        except ConversionError as error:
            return str(error.finding)
        if has_base != (bool(file.base_paths or file.imports) and not flatten):
            return "_base_"
    try:
        merged = inherit(file.source, own, base)
    except ConversionError as error:
        return str(error.finding)
    return _first_difference(merged, tree)


def _read_back(file: ConfigFile, source: Source, base: TracedDict) -> tuple[TracedDict, bool]:
    """The settings of a new text, and whether it names bases."""
    if file.is_data:
        tree = data_tree(source)
        filled = fill_data(source, tree, base)
        return TracedDict(item for item in filled.slots() if item[0] not in RESERVED), bool(tree.get("_base_"))
    module = run_module(source, base)
    return settings(module), bool(module.names.get("_base_"))


def _first_difference(a: Any, b: Any, path: str = "") -> str:
    if a is b:
        return ""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in [*a, *(key for key in b if key not in a)]:
            here = f"{path}.{key}" if path else str(key)
            if key not in a or key not in b:
                return here
            if found := _first_difference(a[key], b[key], here):
                return found
        return ""
    return "" if same(a, b) else path
