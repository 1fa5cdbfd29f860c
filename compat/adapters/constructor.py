"""Optimizers with the parameter groups that a v2 run has, as constructors of optim wrappers.

    optim_wrapper = dict(constructor='mmmigrate.compat.adapters.V2OptimWrapperConstructor', optimizer=dict(…),
                         paramwise_cfg=dict(bias_decay_mult=0.))

mmengine's default constructor takes the same options, but gives the biases of norms and depthwise convolutions the
decay of other biases, and puts every further entry of a custom key into the group.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mmmigrate.compat.adapters.engine import of_engine


class _Constructor:
    """What the constructors share: `optim_wrapper_cfg` has the optimizer's config and arguments of the wrapper."""

    def __init__(self, optim_wrapper_cfg: Mapping[str, Any], paramwise_cfg: Mapping[str, Any] | None = None) -> None:
        self.wrapper_cfg = {"type": "OptimWrapper", **optim_wrapper_cfg}
        self.paramwise_cfg: dict[str, Any] = dict(paramwise_cfg or {})
        if "optimizer" not in self.wrapper_cfg:
            raise KeyError(
                f"{type(self).__name__}: optim_wrapper needs an `optimizer`, got {sorted(optim_wrapper_cfg)}"
            )
        self.optimizer_cfg = dict(self.wrapper_cfg.pop("optimizer"))

    def __call__(self, model: Any) -> Any:
        """The wrapper around an optimizer of all the model's parameters."""
        registry = of_engine("registry")
        groups = self.groups(getattr(model, "module", model))
        optimizer = registry.OPTIMIZERS.build({**self.optimizer_cfg, "params": groups})
        return registry.OPTIM_WRAPPERS.build(self.wrapper_cfg, default_args={"optimizer": optimizer})

    def groups(self, model: Any) -> Any:
        raise NotImplementedError


class V2OptimWrapperConstructor(_Constructor):
    """The groups of mmcv's DefaultOptimizerConstructor, frozen parameters included."""

    def groups(self, model: Any) -> Any:
        from mmmigrate.runtime_v2.optim import DefaultOptimizerConstructor

        if not self.paramwise_cfg:
            return list(model.parameters())
        made: list[dict[str, Any]] = []
        DefaultOptimizerConstructor(self.optimizer_cfg, self.paramwise_cfg).add_params(made, model)
        return made


class RegexOptimWrapperConstructor(_Constructor):
    """A group for each parameter; `paramwise_cfg` maps regular expressions to settings of the groups they are found in.

    A setting called `<name>_mult` multiplies the optimizer's own `<name>`. All expressions that fit apply, in order;
    frozen parameters keep the optimizer's settings.
    """

    def groups(self, model: Any) -> list[dict[str, Any]]:
        return [
            {"params": [param], **(self._settings(name) if param.requires_grad else {})}
            for name, param in model.named_parameters()
        ]

    def _settings(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for expression, settings in self.paramwise_cfg.items():
            if re.search(expression, name):
                found.update(self._resolved(key, value) for key, value in settings.items())
        return found

    def _resolved(self, key: str, value: Any) -> tuple[str, Any]:
        if not key.endswith("_mult"):
            return key, value
        own = key.removesuffix("_mult")
        if own not in self.optimizer_cfg:
            raise KeyError(f"paramwise_cfg: {key} multiplies {own!r}, which the optimizer's config does not give")
        return own, self.optimizer_cfg[own] * value


class PartsOptimWrapperConstructor:
    """An optimizer for each of several parts of a model, by the names of its attributes.

        optim_wrapper = dict(constructor='mmmigrate.compat.adapters.PartsOptimWrapperConstructor',
                             generator=dict(type='OptimWrapper', optimizer=dict(…)), discriminator=dict(…))

    Each part may have a `constructor` and `paramwise_cfg` of its own. Entries that are not dicts are refused.
    """

    def __init__(self, optim_wrapper_cfg: Mapping[str, Any], paramwise_cfg: Mapping[str, Any] | None = None) -> None:
        self.parts = {name: cfg for name, cfg in optim_wrapper_cfg.items() if name != "type"}
        odd = [name for name, cfg in self.parts.items() if not isinstance(cfg, Mapping)]
        if odd or paramwise_cfg:
            raise TypeError(
                f"{type(self).__name__} takes one dict for each part, not {', '.join(odd) or 'paramwise_cfg'}"
            )

    def __call__(self, model: Any) -> Any:
        """An OptimWrapperDict. AttributeError for a part that the model does not have."""
        optim = of_engine("optim")
        inner = getattr(model, "module", model)
        return optim.OptimWrapperDict(
            **{name: optim.build_optim_wrapper(getattr(inner, name), dict(cfg)) for name, cfg in self.parts.items()}
        )
