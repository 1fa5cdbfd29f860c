"""Questions that tests of v2 and v3 projects ask; each gives True or False."""

from __future__ import annotations

import runpy
import shlex
import sys
from collections.abc import Iterable
from typing import Any
from unittest.mock import patch


def check_python_script(cmd: str) -> None:
    """Runs `script.py --its arguments` as a program in this process."""
    args = shlex.split(cmd)
    if args and args[0] == "python":
        args = args[1:]
    with patch.object(sys, "argv", args):
        runpy.run_path(args[0], run_name="__main__")


def assert_dict_contains_subset(dict_obj: dict[Any, Any], expected_subset: dict[Any, Any]) -> bool:
    """Whether the dict has all of these keys with these values."""
    return all(key in dict_obj and _equal(dict_obj[key], value) for key, value in expected_subset.items())


def assert_attrs_equal(obj: Any, expected_attrs: dict[str, Any]) -> bool:
    """Whether the object has all of these attributes with these values."""
    return all(hasattr(obj, name) and _equal(getattr(obj, name), value) for name, value in expected_attrs.items())


def assert_dict_has_keys(obj: dict[str, Any], expected_keys: list[str]) -> bool:
    return set(expected_keys) <= set(obj)


def assert_keys_equal(result_keys: list[str], target_keys: list[str]) -> bool:
    return set(result_keys) == set(target_keys)


def assert_is_norm_layer(module: Any) -> bool:
    """Whether the module is a batch, instance, layer or group norm."""
    from torch.nn import GroupNorm, LayerNorm
    from torch.nn.modules.batchnorm import _NormBase

    return isinstance(module, (_NormBase, GroupNorm, LayerNorm))


def assert_params_all_zeros(module: Any) -> bool:
    """Whether weight and bias, as far as the module has them, are all zero."""
    parameters = (getattr(module, name, None) for name in ("weight", "bias"))
    return all(bool((parameter == 0).all()) for parameter in parameters if parameter is not None)


def _equal(left: Any, right: Any) -> bool:
    equal = left == right
    # Arrays compare element by element.
    return all(_flat(equal)) if hasattr(equal, "shape") else bool(equal)


def _flat(array: Any) -> Iterable[Any]:
    return array.reshape(-1)  # type: ignore[no-any-return]
