"""An optim wrapper that a config still names as a hook: `mmmigrate code` made it of an optimizer hook."""

from __future__ import annotations

from inspect import signature
from typing import Any, ClassVar


class WrapperHook:
    """Puts the optim wrapper `wrapper_class` in the place of the run's own; the optimizer inside it stays.

    Further arguments are the wrapper's; `grad_clip` is mmcv's name of `clip_grad`.
    """

    wrapper_class: ClassVar[Any]
    priority = "ABOVE_NORMAL"

    def __init__(self, **arguments: Any) -> None:
        super().__init__()
        if "grad_clip" in arguments and "grad_clip" not in signature(self.wrapper_class).parameters:
            arguments["clip_grad"] = arguments.pop("grad_clip")
        self.arguments = arguments

    def before_run(self, runner: Any) -> None:
        """Before a checkpoint is resumed. TypeError where several optimizers train: their model steps them."""
        own: Any = getattr(runner, "optim_wrapper", None)
        if not hasattr(own, "optimizer"):
            raise TypeError(f"{self.wrapper_class.__name__} wraps one optimizer, the run has {type(own).__name__}")
        runner.optim_wrapper = self.wrapper_class(optimizer=own.optimizer, **self.arguments)


def hook_of_wrapper(wrapper_class: Any, hook_base: type[Any]) -> Any:
    """A class of v3 hooks (`hook_base` is v3's `Hook`) for an optim wrapper."""
    body = {"wrapper_class": wrapper_class, "__doc__": WrapperHook.__doc__}
    return type(wrapper_class.__name__, (WrapperHook, hook_base), body)
