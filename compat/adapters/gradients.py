"""v2 leaves gradients in place until the next backward pass; v3's wrapper clears them right after the step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def keep_gradients(optim_wrapper: Any) -> None:
    """From now on the wrapper (each of several) clears gradients before its next backward pass, not after its step.

    The arithmetic is the same; hooks that read gradients after an iteration find them, as under v2.
    """
    if hasattr(optim_wrapper, "optim_wrappers") or isinstance(optim_wrapper, Mapping):
        for one in optim_wrapper.values():
            keep_gradients(one)
        return
    if getattr(optim_wrapper, "_keeps_gradients", False):
        return
    clear, backward = optim_wrapper.zero_grad, optim_wrapper.backward
    waiting: list[dict[str, Any]] = []

    def zero_grad(**kwargs: Any) -> None:
        waiting[:] = [kwargs]

    def clear_and_backward(*args: Any, **kwargs: Any) -> None:
        if waiting:
            clear(**waiting.pop())
        backward(*args, **kwargs)

    optim_wrapper.zero_grad = zero_grad
    optim_wrapper.backward = clear_and_backward
    optim_wrapper._keeps_gradients = True
