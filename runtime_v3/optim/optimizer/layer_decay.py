"""Constructors that give layers near the input smaller rates, under the names of mmdet/mmseg and of mmpretrain.

They answer for a name only if no project registers a class of that name, so that one that brings its own keeps it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from torch import nn

from mmmigrate.compat.layer_decay import decayed_groups
from mmmigrate.runtime_v3.logging import print_log
from mmmigrate.runtime_v3.optim.optimizer.default_constructor import NORMS, DefaultOptimWrapperConstructor
from mmmigrate.runtime_v3.registry import OPTIM_WRAPPER_CONSTRUCTORS

Depth = Callable[[str, str], tuple[int, int]]


class LearningRateDecayOptimizerConstructor(DefaultOptimWrapperConstructor):
    """One group per layer and kind: rate `lr * decay_rate ** distance from the output`, for a ConvNeXt backbone.

    `paramwise_cfg` holds `num_layers`, `decay_rate` and `decay_type` ('layer_wise' or 'stage_wise').
    """

    def add_params(
        self, params: list[dict[str, Any]], module: nn.Module, prefix: str = "", is_dcn_module: bool | None = None
    ) -> None:
        """Appends the groups of the whole model."""
        groups = decayed_groups(module, self.paramwise_cfg, self.base_lr, self.base_wd)
        for group in groups:
            if group["weight_decay"] is None:
                del group["weight_decay"]
            print_log(f"{group['group_name']}: lr {group['lr']}, {', '.join(group['param_names'])}", "current")
        params.extend(groups)


class LearningRateDecayOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """A group for each parameter: rate `lr * layer_decay_rate ** (depth - layer - 1)`.

    Layer and depth are what the nearest module with `get_layer_depth(name, prefix)` says; without one the rate stays.
    `paramwise_cfg` also takes `custom_keys`, whose rates replace the decayed one, `norm_decay_mult`,
    `bias_decay_mult`, `flat_decay_mult` and `bypass_duplicate`.
    """

    def add_params(  # type: ignore[override]
        self, params: list[dict[str, Any]], module: Any, prefix: str = "", get_layer_depth: Depth | None = None
    ) -> None:
        """Appends the groups of `module` and, depth first, of its children to `params`."""
        get_layer_depth = getattr(module, "get_layer_depth", get_layer_depth)
        for name, param in module.named_parameters(recurse=False):
            full_name = prefix + name
            group: dict[str, Any] = {"params": [param]}
            if self.paramwise_cfg.get("bypass_duplicate", False) and self._is_in(group, params):
                print_log(f"{full_name} is shared and is in a group already", "current", logging.WARNING)
                continue
            if param.requires_grad:
                self._set_decay(group, module, name, full_name)
                if get_layer_depth is not None and "lr" not in group:
                    self._scale(group, *get_layer_depth(full_name, prefix))
            params.append(group)
        for child_name, child in module.named_children():
            self.add_params(params, child, f"{prefix}{child_name}.", get_layer_depth)

    def _set_decay(self, group: dict[str, Any], module: nn.Module, name: str, full_name: str) -> None:
        custom = self.paramwise_cfg.get("custom_keys", {})
        for key in sorted(sorted(custom), key=len, reverse=True):
            if key in full_name:
                settings = dict(custom[key])
                if "lr_mult" in settings:
                    group["lr"] = self._base("lr", "custom_keys") * settings.pop("lr_mult")
                if "decay_mult" in settings:
                    group["weight_decay"] = self.base_wd * settings.pop("decay_mult")
                group.update(settings)
                return
        option = self.paramwise_cfg.get
        for applies, mult in (
            (isinstance(module, NORMS), option("norm_decay_mult")),
            (name == "bias", option("bias_decay_mult")),
            (group["params"][0].ndim == 1, option("flat_decay_mult")),
        ):
            if applies and mult is not None:
                if self.base_wd is None:
                    raise ValueError("paramwise_cfg: a decay_mult needs weight_decay in the optimizer's config")
                group["weight_decay"] = self.base_wd * mult
                return

    def _scale(self, group: dict[str, Any], layer: int, depth: int) -> None:
        rate = self.paramwise_cfg.get("layer_decay_rate", 1.0)
        scale = rate ** (depth - layer - 1)
        group["lr"] = self._base("lr", "layer_decay_rate") * scale
        group["lr_scale"] = scale
        group["layer_id"] = layer
        group["layer_decay_rate"] = rate


_BY_NAME = {
    kind.__name__: kind
    for kind in (
        LearningRateDecayOptimizerConstructor,
        LearningRateDecayOptimWrapperConstructor,
    )
}
OPTIM_WRAPPER_CONSTRUCTORS.on_missing.append(_BY_NAME.get)
