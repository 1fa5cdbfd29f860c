"""Tells whether an optimizer has stepped, so that a schedule that runs ahead of it can be pointed out."""

from __future__ import annotations

import functools
import warnings
from typing import Any

_STEPPED = "_has_stepped"
_WATCHES = "_watches_first_step"


def watch_first_step(optimizer: Any) -> None:
    """Has the first call of `optimizer.step` leave a mark; from then on the method is as it was before."""
    original = getattr(optimizer, "step", None)
    if original is None or hasattr(optimizer, _STEPPED):
        return
    own = optimizer.__dict__.get("step")

    @functools.wraps(original)
    def first_step(*args: Any, **kwargs: Any) -> Any:
        setattr(optimizer, _STEPPED, True)
        if optimizer.__dict__.get("step") is first_step:
            del optimizer.step
            if own is not None:
                optimizer.step = own
        return original(*args, **kwargs)

    setattr(first_step, _WATCHES, True)
    setattr(optimizer, _STEPPED, False)
    optimizer.step = first_step


def warn_if_not_stepped(optimizer: Any) -> None:
    """Warns when a schedule goes on before its optimizer did anything, which skips the first value."""
    if getattr(optimizer, _STEPPED, True):
        return
    if not getattr(optimizer.step, _WATCHES, False):
        warnings.warn(
            "`optimizer.step()` has been overridden after the scheduler was made, so that nobody can tell whether it "
            "is called before `scheduler.step()`, as it must be",
            UserWarning,
            stacklevel=3,
        )
    else:
        warnings.warn(
            "`scheduler.step()` before the first `optimizer.step()` skips the first value of the schedule, see "
            "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate",
            UserWarning,
            stacklevel=3,
        )
    setattr(optimizer, _STEPPED, True)
