"""Assertions about tensors, dicts and modules."""

from __future__ import annotations

from typing import Any

import torch
from torch.testing import assert_close

from mmmigrate.compat.assertions import (
    assert_attrs_equal,
    assert_dict_contains_subset,
    assert_dict_has_keys,
    assert_is_norm_layer,
    assert_keys_equal,
    assert_params_all_zeros,
    check_python_script,
)

__all__ = [
    "assert_allclose",
    "assert_attrs_equal",
    "assert_dict_contains_subset",
    "assert_dict_has_keys",
    "assert_is_norm_layer",
    "assert_keys_equal",
    "assert_params_all_zeros",
    "check_python_script",
]

# What torch.testing.assert_allclose allowed: wider than assert_close. Exact for the types that are not listed.
_TOLERANCES = {torch.float16: (1e-3, 1e-3), torch.float32: (1e-4, 1e-5), torch.float64: (1e-5, 1e-8)}


def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str | None = "",
) -> None:
    """Raises AssertionError unless both are close, by the looser tolerances of their types if none are given.

    Types and layouts may differ.
    """
    actual = torch.as_tensor(actual)
    expected = expected if isinstance(expected, torch.Tensor) else torch.tensor(expected, dtype=actual.dtype)
    if rtol is None and atol is None:
        loosest = zip(*(_TOLERANCES.get(tensor.dtype, (0.0, 0.0)) for tensor in (actual, expected)))
        rtol, atol = map(max, loosest)
    assert_close(
        actual,
        expected,
        rtol=rtol,
        atol=atol,
        equal_nan=equal_nan,
        check_device=True,
        check_dtype=False,
        check_stride=False,
        msg=msg or None,
    )
