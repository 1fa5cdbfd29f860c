"""From a checkpoint's weights into a model, for both runtimes."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from torch import nn
from torch.nn.modules.module import _IncompatibleKeys

from mmmigrate.compat.argument_errors import MissingKeyError

Loader = Callable[..., Any]


class Schemes:
    """Loaders by how a path or URI begins. A subclass has its own table."""

    _schemes: ClassVar[dict[str, Loader]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._schemes = {}

    @classmethod
    def register_scheme(cls, prefixes: str | Sequence[str], loader: Loader | None = None, force: bool = False) -> Any:
        """Registers `loader(filename, map_location)` for what begins with one of `prefixes`, each a regular expression.

        Also a decorator. Raises KeyError for a prefix that has a loader, unless `force`.
        """

        def register(function: Loader) -> Loader:
            for prefix in [prefixes] if isinstance(prefixes, str) else prefixes:
                if prefix in cls._schemes and not force:
                    raise KeyError(f"{prefix} is already registered as a loader, add force=True to override it")
                cls._schemes[prefix] = function
            # the most specific prefix is tried first; the empty one, for plain paths, last
            cls._schemes = dict(sorted(cls._schemes.items(), reverse=True))
            return function

        return register if loader is None else register(loader)

    @classmethod
    def _get_checkpoint_loader(cls, path: str) -> Loader:
        return next(loader for prefix, loader in cls._schemes.items() if re.match(prefix, path))


def renamed(weights: Mapping[str, Any], revise_keys: Sequence[tuple[str, str]]) -> OrderedDict[str, Any]:
    """The weights after each (pattern, replacement) was applied to their names; versions of modules stay with them.

    >>> list(renamed({"module.fc.weight": 0}, [("^module[.]", "")]))
    ['fc.weight']
    """
    found = OrderedDict(weights)
    for pattern, replacement in revise_keys:
        found = OrderedDict((re.sub(pattern, replacement, name), value) for name, value in found.items())
    found._metadata = getattr(weights, "_metadata", OrderedDict())  # type: ignore[attr-defined]
    return found


def part_of(checkpoint: Mapping[str, Any], prefix: str, filename: str) -> dict[str, Any]:
    """The weights under `prefix.`, without it. Raises KeyError, naming what there is, if there are none."""
    weights = checkpoint.get("state_dict", checkpoint)
    start = prefix if prefix.endswith(".") else f"{prefix}."
    chosen = {name.removeprefix(start): value for name, value in weights.items() if name.startswith(start)}
    if not chosen:
        known = sorted({name.partition(".")[0] for name in weights})
        raise MissingKeyError(f"{start} is not in the pretrained model {filename}; there are {known}")
    return chosen


def fill_in(module: nn.Module, state_dict: Mapping[str, Any], is_wrapper: Callable[[nn.Module], bool]) -> str | None:
    """Loads what fits, through wrappers at any depth; gives one message about all that does not, or None.

    A batch norm's missing `num_batches_tracked` is no fault.
    """
    metadata = getattr(state_dict, "_metadata", None)
    state = OrderedDict(state_dict)
    missing: list[str] = []
    unexpected: list[str] = []
    problems: list[str] = []

    def load(target: Any, prefix: str) -> None:
        if is_wrapper(target):
            target = target.module
        local = {} if metadata is None else metadata.get(prefix[:-1], {})
        target._load_from_state_dict(state, prefix, local, True, missing, unexpected, problems)
        for name, child in target._modules.items():
            if child is not None:
                load(child, f"{prefix}{name}.")
        for hook in target._load_state_dict_post_hooks.values():
            hook(target, _IncompatibleKeys(missing, unexpected))

    load(module, "")
    missing = [name for name in missing if "num_batches_tracked" not in name]
    if unexpected:
        problems.append(f"unexpected key in source state_dict: {', '.join(unexpected)}\n")
    if missing:
        problems.append(f"missing keys in source state_dict: {', '.join(missing)}\n")
    if not problems:
        return None
    return "\n".join(["The model and loaded state dict do not match exactly\n", *problems])
