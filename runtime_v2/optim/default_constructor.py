"""DefaultOptimizerConstructor: parameter groups by the rules of `paramwise_cfg`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v2.registries import OPTIMIZER_BUILDERS, OPTIMIZERS
from mmmigrate.runtime_v2.registry import build_from_cfg

NORMS = (_BatchNorm, _InstanceNorm, nn.GroupNorm, nn.LayerNorm)
DECAY_OPTIONS = ("bias_decay_mult", "norm_decay_mult", "dwconv_decay_mult")


@OPTIMIZER_BUILDERS.register_module()
class DefaultOptimizerConstructor:
    """Builds the optimizer of `optimizer_cfg`, with one group per parameter if there is a `paramwise_cfg`.

    - `custom_keys`: {part of a parameter's name: dict(lr_mult, decay_mult)}; the longest part that matches decides
      alone (of equally long ones the first in the alphabet).
    - `bias_lr_mult`, `bias_decay_mult`: for biases, but not of norms nor in deformable convolutions.
    - `norm_decay_mult`: for weights and biases of norms. `dwconv_decay_mult`: for depthwise convolutions.
    - `dcn_offset_lr_mult`: for the offset layers of deformable convolutions.
    - `bypass_duplicate`: leave out parameters that were met before.
    """

    def __init__(self, optimizer_cfg: dict[str, Any], paramwise_cfg: dict[str, Any] | None = None) -> None:
        if not isinstance(optimizer_cfg, dict):
            raise ArgumentTypeError(f"optimizer_cfg should be a dict, got {type(optimizer_cfg).__name__}")
        self.optimizer_cfg = optimizer_cfg
        self.paramwise_cfg = {} if paramwise_cfg is None else paramwise_cfg
        self.base_lr = optimizer_cfg.get("lr")
        self.base_wd = optimizer_cfg.get("weight_decay")
        self._validate_cfg()

    def __call__(self, model: nn.Module) -> Any:
        """The optimizer for `model` (or the module it wraps)."""
        if hasattr(model, "module"):
            model = model.module  # type: ignore[assignment]
        optimizer_cfg = self.optimizer_cfg.copy()
        if self.paramwise_cfg:
            params: list[dict[str, Any]] = []
            self.add_params(params, model)
            optimizer_cfg["params"] = params
        else:
            optimizer_cfg["params"] = model.parameters()
        return build_from_cfg(optimizer_cfg, OPTIMIZERS)

    def add_params(
        self,
        params: list[dict[str, Any]],
        module: nn.Module,
        prefix: str = "",
        is_dcn_module: bool | int | float | None = None,
    ) -> None:
        """Append a group for each parameter of `module`, called `prefix`, and of everything inside.

        `is_dcn_module` says whether the module around it is a deformable convolution.
        """
        for name, param in module.named_parameters(recurse=False):
            group: dict[str, Any] = {"params": [param]}
            if param.requires_grad:
                if self.paramwise_cfg.get("bypass_duplicate", False) and self._is_in(group, params):
                    warnings.warn(f"{prefix} is duplicate. It is skipped since bypass_duplicate=True", stacklevel=2)
                    continue
                custom = self._custom_options(f"{prefix}.{name}")
                if custom is None:
                    self._apply_rules(group, module, name, prefix, bool(is_dcn_module))
                else:
                    self._apply_custom(group, custom)
            params.append(group)
        inside_dcn = _is_deformable(module)
        for child_name, child in module.named_children():
            child_prefix = f"{prefix}.{child_name}" if prefix else child_name
            self.add_params(params, child, prefix=child_prefix, is_dcn_module=inside_dcn)

    def _is_in(self, param_group: dict[str, Any], param_group_list: list[dict[str, Any]]) -> bool:
        known = {param for group in param_group_list for param in group["params"]}
        return not known.isdisjoint(param_group["params"])

    def _custom_options(self, full_name: str) -> Mapping[str, Any] | None:
        custom_keys = self.paramwise_cfg.get("custom_keys", {})
        matches = [key for key in custom_keys if key in full_name]
        return custom_keys[min(matches, key=lambda key: (-len(key), key))] if matches else None

    def _apply_custom(self, group: dict[str, Any], options: Mapping[str, Any]) -> None:
        group["lr"] = self.base_lr * options.get("lr_mult", 1.0)
        if self.base_wd is not None:
            group["weight_decay"] = self.base_wd * options.get("decay_mult", 1.0)

    def _apply_rules(self, group: dict[str, Any], module: nn.Module, name: str, prefix: str, in_dcn: bool) -> None:
        option = self.paramwise_cfg.get
        is_norm = isinstance(module, NORMS)
        is_conv = isinstance(module, nn.Conv2d)
        if name == "bias" and not (is_norm or in_dcn):
            group["lr"] = self.base_lr * option("bias_lr_mult", 1.0)
        if in_dcn and is_conv and "conv_offset" in prefix:
            group["lr"] = self.base_lr * option("dcn_offset_lr_mult", 1.0)
        if self.base_wd is None:
            return
        if is_norm:
            group["weight_decay"] = self.base_wd * option("norm_decay_mult", 1.0)
        elif isinstance(module, nn.Conv2d) and module.in_channels == module.groups:
            group["weight_decay"] = self.base_wd * option("dwconv_decay_mult", 1.0)
        elif name == "bias" and not in_dcn:
            group["weight_decay"] = self.base_wd * option("bias_decay_mult", 1.0)

    def _validate_cfg(self) -> None:
        if not isinstance(self.paramwise_cfg, dict):
            raise ArgumentTypeError(f"paramwise_cfg should be None or a dict, got {type(self.paramwise_cfg).__name__}")
        custom_keys = self.paramwise_cfg.get("custom_keys", {})
        if not isinstance(custom_keys, dict):
            raise ArgumentTypeError(f"If specified, custom_keys must be a dict, got {type(custom_keys).__name__}")
        scales_decay = any("decay_mult" in options for options in custom_keys.values())
        if self.base_wd is None and (scales_decay or any(name in self.paramwise_cfg for name in DECAY_OPTIONS)):
            raise ArgumentValueError(
                "base_wd should not be None: paramwise_cfg scales a weight_decay that the optimizer lacks"
            )


def _is_deformable(module: nn.Module) -> bool:
    """Whether `module` is mmcv's deformable convolution; told by name, since its compiled ops may be absent."""
    names = ("DeformConv2d", "ModulatedDeformConv2d")
    return any(cls.__name__ in names and cls.__module__.startswith("mmcv.") for cls in type(module).__mro__)
