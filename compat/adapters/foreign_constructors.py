"""Optimizer constructors of one generation where the other builds its optimizer."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.adapters.engine import of_engine


def adapted_v2_constructor(v2_class: Any) -> Any:
    """A class of v3's constructors that hands the model to a v2 constructor and wraps the optimizer it gives."""

    class Constructor:
        def __init__(self, optim_wrapper_cfg: dict[str, Any], paramwise_cfg: dict[str, Any] | None = None) -> None:
            self.wrapper_cfg = {"type": "OptimWrapper", **optim_wrapper_cfg}
            if "optimizer" not in self.wrapper_cfg:
                raise KeyError(
                    f"{v2_class.__name__}: optim_wrapper needs an `optimizer`, got {list(optim_wrapper_cfg)}"
                )
            self.v2_constructor = v2_class(dict(self.wrapper_cfg.pop("optimizer")), paramwise_cfg)

        def __call__(self, model: Any) -> Any:
            registry, optim = of_engine("registry").OPTIM_WRAPPERS, of_engine("optim")
            made = self.v2_constructor(model)
            if isinstance(made, dict):
                wrapped = {
                    name: registry.build(self.wrapper_cfg, default_args={"optimizer": one})
                    for name, one in made.items()
                }
                return optim.OptimWrapperDict(**wrapped)
            return registry.build(self.wrapper_cfg, default_args={"optimizer": made})

    Constructor.__name__, Constructor.__doc__ = v2_class.__name__, v2_class.__doc__
    return Constructor


def adapted_v3_constructor(v3_class: Any) -> Any:
    """A class of v2's constructors that hands the model to a v3 constructor and unwraps what it gives."""

    class Constructor:
        def __init__(self, optimizer_cfg: dict[str, Any], paramwise_cfg: dict[str, Any] | None = None) -> None:
            self.v3_constructor = v3_class({"type": "OptimWrapper", "optimizer": dict(optimizer_cfg)}, paramwise_cfg)

        def __call__(self, model: Any) -> Any:
            made = self.v3_constructor(model)
            if hasattr(made, "optim_wrappers"):
                return {name: one.optimizer for name, one in made.items()}
            return made.optimizer

    Constructor.__name__, Constructor.__doc__ = v3_class.__name__, v3_class.__doc__
    return Constructor
