"""A config file and all its bases, merged into one dict."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from typing import Any

from mmmigrate.compat.config.config_dict import ConfigDict
from mmmigrate.compat.config.merge import BASE_KEY, DEPRECATION_KEY, merge
from mmmigrate.compat.config.source import Source, read_source

Values = dict[str, Any]


@dataclass(frozen=True)
class Loaded:
    """A config with its bases merged in: plain values, the texts of all files (bases first), environment used."""

    values: dict[str, Any]
    text: str
    environment: dict[str, str]


class Loader:
    """Reads config files as both generations do; `mmmigrate.runtime_v3.config` adds bases of other packages."""

    def __init__(self, use_predefined_variables: bool = True, use_environment_variables: bool = True) -> None:
        self.use_predefined_variables = use_predefined_variables
        self.use_environment_variables = use_environment_variables

    def load(self, filename: str | os.PathLike[str], chain: tuple[str, ...] = ()) -> Loaded:
        """The merged content of a file. `chain` are the files whose bases are being read; a cycle is a ValueError."""
        path = os.path.abspath(os.path.expanduser(filename))  # noqa: PTH100, PTH111 - links must not be resolved
        if path in chain:
            cycle = " -> ".join([*chain[chain.index(path) :], path])
            raise ValueError(f"a config inherits from itself: {cycle}")
        source = read_source(path, self.use_predefined_variables, self.use_environment_variables)
        values, bases, base_values = self._values_and_bases(source, (*chain, path))
        self._warn_of_deprecation(values, path)
        texts = [base.text for base in bases]
        environment = dict(source.environment)
        for base in bases:
            environment.update(base.environment)
        if bases or source.base_variables:
            if source.base_variables:
                values = with_base_variables(values, source.base_variables, base_values, path)
            try:
                values = merge(values, base_values)
            except TypeError as error:
                raise TypeError(f"{path}: {error}") from error
        return Loaded(values, "\n".join([*texts, f"{path}\n{source.text}"]), environment)

    def resolve_base(self, base: str, path: str) -> tuple[str, str | None]:
        """`(path of the base file, scope of its package or None)` for an entry of `_base_` in the file at `path`."""
        if "::" in base:
            raise ValueError(f"{path}: a base of another package, {base!r}, is a form that only the new generation has")
        return os.path.join(os.path.dirname(path), base), None  # noqa: PTH118, PTH120 - ".." must stay textual

    def in_scope(self, values: dict[str, Any], scope: str) -> dict[str, Any]:
        """The values of a base that comes from the package `scope`."""
        return values

    def _values_and_bases(self, source: Source, chain: tuple[str, ...]) -> tuple[Values, list[Loaded], Values]:
        """`(own values, bases, values of all bases together)` of one file."""
        is_python = source.path.endswith(".py")
        first = source.literal_bases() if is_python else None
        namespace: dict[str, Any] = {"__file__": source.path, "__name__": "__config__"}
        if first is None:
            values = source.execute(namespace, without_bases=False) if is_python else source.parse_data()
            bases = self._load_bases(values.pop(BASE_KEY, None), chain)
            return values, bases, self._union(bases, source.path)
        bases = self._load_bases(first, chain)
        base_values = ConfigDict(self._union(bases, source.path))
        namespace[BASE_KEY] = base_values
        values = source.execute(namespace, without_bases=True)
        # A config may change its bases in place (`_base_.optim_wrapper.type = ...`), so they are taken after it ran.
        return {name: _unshared(value) for name, value in values.items()}, bases, base_values.to_dict()

    def _load_bases(self, entries: Any, chain: tuple[str, ...]) -> list[Loaded]:
        if entries is None:
            return []
        loaded = []
        for entry in entries if isinstance(entries, (list, tuple)) else [entries]:
            if not isinstance(entry, str):
                raise TypeError(f"{chain[-1]}: {BASE_KEY} must be a path or a list of paths, got {entry!r}")
            path, scope = self.resolve_base(entry, chain[-1])
            if not os.path.isfile(path):  # noqa: PTH113
                raise FileNotFoundError(f'{chain[-1]}: its base "{entry}" does not exist (looked for {path})')
            base = self.load(path, chain)
            if scope is not None:
                base = Loaded(self.in_scope(base.values, scope), base.text, base.environment)
            loaded.append(base)
        return loaded

    @staticmethod
    def _union(bases: list[Loaded], path: str) -> dict[str, Any]:
        union: dict[str, Any] = {}
        for base in bases:
            duplicate_keys = union.keys() & base.values.keys()
            if duplicate_keys:
                raise KeyError(
                    f"{path}: Duplicate key is not allowed among bases. Duplicate keys: {sorted(duplicate_keys)}"
                )
            union.update(base.values)
        return union

    @staticmethod
    def _warn_of_deprecation(values: dict[str, Any], path: str) -> None:
        deprecation = values.pop(DEPRECATION_KEY, None)
        if deprecation is None:
            return
        message = f"The config file {path} will be deprecated in the future."
        if "expected" in deprecation:
            message += f" Please use {deprecation['expected']} instead."
        if "reference" in deprecation:
            message += f" More information can be found at {deprecation['reference']}"
        warnings.warn(message, DeprecationWarning, stacklevel=4)


def with_base_variables(value: Any, names: dict[str, str], base_values: dict[str, Any], path: str) -> Any:
    """`value` with every string that stands for `{{_base_.a.b}}` replaced by what the bases have there.

    `names` maps such a string to `a.b`.
    """
    if isinstance(value, dict):
        return {key: with_base_variables(item, names, base_values, path) for key, item in value.items()}
    if type(value) is list or type(value) is tuple:
        return type(value)([with_base_variables(item, names, base_values, path) for item in value])
    if not isinstance(value, str) or value not in names:
        return value
    dotted = names[value]
    found: Any = base_values
    for key in dotted.split("."):
        if not isinstance(found, dict) or key not in found:
            raise KeyError(f"{path}: the bases have no {dotted!r} for {{{{_base_.{dotted}}}}}")
        found = found[key]
    return _unshared(found)


def _unshared(value: Any) -> Any:
    """A copy of dicts, lists and tuples as plain ones, so that no two keys of a config share them."""
    if isinstance(value, dict):
        return {key: _unshared(item) for key, item in dict.items(value)}
    if type(value) is list or type(value) is tuple:
        return type(value)([_unshared(item) for item in value])
    return value
