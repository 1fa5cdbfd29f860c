"""Builds the parameter groups."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from mmmigrate.compat.argument_errors import MissingKeyError
from mmmigrate.runtime_v3.logging import print_log
from mmmigrate.runtime_v3.optim.optimizer.optimizer_wrapper import OptimWrapper
from mmmigrate.runtime_v3.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS, OPTIMIZERS

NORMS = (_BatchNorm, _InstanceNorm, nn.GroupNorm, nn.LayerNorm)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class DefaultOptimWrapperConstructor:
    """Gives every parameter a group of its own if `paramwise_cfg` says anything, else one group to all.

    `paramwise_cfg` may hold `custom_keys` (`{part of the name: dict(lr_mult=…, decay_mult=…, any group setting)}`; the
    longest key that is part of the name decides, then the first of the alphabet), or else `bias_lr_mult`,
    `bias_decay_mult`, `norm_decay_mult`, `dwconv_decay_mult`, `flat_decay_mult` (every other parameter of one
    dimension), `dcn_offset_lr_mult`; and `bypass_duplicate` (a shared parameter is taken once).
    """

    def __init__(self, optim_wrapper_cfg: dict[str, Any], paramwise_cfg: dict[str, Any] | None = None) -> None:
        if not isinstance(optim_wrapper_cfg, dict):
            raise TypeError(f"optim_wrapper must be a dict, got {type(optim_wrapper_cfg).__name__}")
        if "optimizer" not in optim_wrapper_cfg:
            raise MissingKeyError(f"optim_wrapper has no 'optimizer', only {sorted(optim_wrapper_cfg)}")
        self.optim_wrapper_cfg = dict(optim_wrapper_cfg)
        self.optimizer_cfg: dict[str, Any] = self.optim_wrapper_cfg.pop("optimizer")
        self.paramwise_cfg = {} if paramwise_cfg is None else paramwise_cfg
        self.base_lr = self.optimizer_cfg.get("lr")
        self.base_wd = self.optimizer_cfg.get("weight_decay")
        self._validate_cfg()

    def _validate_cfg(self) -> None:
        if not isinstance(self.paramwise_cfg, dict):
            raise TypeError(f"paramwise_cfg must be a dict or None, got {type(self.paramwise_cfg).__name__}")
        custom = self.paramwise_cfg.get("custom_keys", {})
        if not isinstance(custom, dict):
            raise TypeError(f"paramwise_cfg: custom_keys must be a dict, got {type(custom).__name__}")
        if self.base_wd is not None:
            return
        needing = [f"custom_keys[{key!r}]" for key, value in custom.items() if "decay_mult" in value]
        needing += [
            key for key in ("bias_decay_mult", "norm_decay_mult", "dwconv_decay_mult") if key in self.paramwise_cfg
        ]
        if needing:
            raise ValueError(f"paramwise_cfg: {', '.join(needing)} needs weight_decay in the optimizer's config")

    def add_params(
        self, params: list[dict[str, Any]], module: nn.Module, prefix: str = "", is_dcn_module: bool | None = None
    ) -> None:
        """Appends the groups of `module` and, depth first, of its children to `params`."""
        for name, param in module.named_parameters(recurse=False):
            full_name = f"{prefix}.{name}" if prefix else name
            group: dict[str, Any] = {"params": [param]}
            if self.paramwise_cfg.get("bypass_duplicate", False) and self._is_in(group, params):
                print_log(f"{full_name} is shared and is in a group already", "current", logging.WARNING)
                continue
            if not param.requires_grad:
                print_log(f"{full_name} is not trained: requires_grad=False", "current", logging.WARNING)
                continue
            # The name is matched with its dot in front, as the keys of published configs expect.
            self._set(group, module, name, f"{prefix}.{name}", is_dcn_module)
            params.append(group)
            for key, value in group.items():
                if key != "params":
                    print_log(f"paramwise_options -- {full_name}:{key}={value}", logger="current")
        deformable = _is_deformable(module)
        for child_name, child in module.named_children():
            child_prefix = f"{prefix}.{child_name}" if prefix else child_name
            self.add_params(params, child, prefix=child_prefix, is_dcn_module=deformable)

    def _is_in(self, group: dict[str, Any], groups: list[dict[str, Any]]) -> bool:
        known = {id(param) for other in groups for param in other["params"]}
        return any(id(param) in known for param in group["params"])

    def _set(
        self, group: dict[str, Any], module: nn.Module, name: str, dotted: str, is_dcn_module: bool | None
    ) -> None:
        custom = self.paramwise_cfg.get("custom_keys", {})
        for key in sorted(sorted(custom), key=len, reverse=True):
            if key in dotted:
                settings = custom[key]
                group["lr"] = self._base("lr", "custom_keys") * settings.get("lr_mult", 1.0)
                if self.base_wd is not None:
                    group["weight_decay"] = self.base_wd * settings.get("decay_mult", 1.0)
                group.update(settings)
                return
        self._set_by_kind(group, module, name, dotted, is_dcn_module)

    def _set_by_kind(
        self, group: dict[str, Any], module: nn.Module, name: str, dotted: str, is_dcn_module: bool | None
    ) -> None:
        option: Callable[[str], Any] = self.paramwise_cfg.get
        is_norm = isinstance(module, NORMS)
        is_bias = name == "bias"
        if is_bias and not (is_norm or is_dcn_module) and option("bias_lr_mult") is not None:
            group["lr"] = self._base("lr", "bias_lr_mult") * option("bias_lr_mult")
        offset = is_dcn_module and "conv_offset" in dotted.rpartition(".")[0] and isinstance(module, nn.Conv2d)
        if offset and option("dcn_offset_lr_mult") is not None:
            group["lr"] = self._base("lr", "dcn_offset_lr_mult") * option("dcn_offset_lr_mult")
        if self.base_wd is None:
            return
        depthwise = isinstance(module, nn.Conv2d) and module.in_channels == module.groups
        flat = group["params"][0].ndim == 1
        for applies, mult in (
            (is_norm, option("norm_decay_mult")),
            (is_bias and not is_dcn_module, option("bias_decay_mult")),
            (depthwise, option("dwconv_decay_mult")),
            (flat and not is_dcn_module, option("flat_decay_mult")),
        ):
            if applies and mult is not None:
                group["weight_decay"] = self.base_wd * mult
                return

    def _base(self, what: str, wanted_by: str) -> float:
        if self.base_lr is None:
            raise ValueError(f"paramwise_cfg: {wanted_by} needs {what} in the optimizer's config")
        return float(self.base_lr) if not isinstance(self.base_lr, (int, float)) else self.base_lr

    def __call__(self, model: Any) -> OptimWrapper:
        """The wrapper for all of the model's parameters."""
        model = getattr(model, "module", model)
        arguments = dict(self.optimizer_cfg)
        kind = arguments["type"]
        optimizer_class = OPTIMIZERS.get(kind) if isinstance(kind, str) else kind
        # The first argument is `params` in torch, but third parties name it as they like.
        first = "params" if optimizer_class is None else next(iter(inspect.signature(optimizer_class).parameters))
        if self.paramwise_cfg:
            groups: list[dict[str, Any]] = []
            self.add_params(groups, model)
            arguments[first] = groups
        else:
            arguments[first] = model.parameters()
        wrapper_cfg = {"type": "OptimWrapper", **self.optim_wrapper_cfg}
        wrapper: OptimWrapper = OPTIM_WRAPPERS.build(
            wrapper_cfg, default_args={"optimizer": OPTIMIZERS.build(arguments)}
        )
        return wrapper


def _is_deformable(module: nn.Module) -> bool:
    return any(base.__name__ in ("DeformConv2d", "ModulatedDeformConv2d") for base in type(module).__mro__)
