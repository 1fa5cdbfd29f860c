"""LearningRateDecayOptimizerConstructor: rates that fall towards the input of a ConvNeXt-like backbone."""

from __future__ import annotations

from typing import Any

from torch import nn

from mmmigrate.compat.layer_decay import decayed_groups
from mmmigrate.runtime_v2.logs import get_logger
from mmmigrate.runtime_v2.optim.default_constructor import DefaultOptimizerConstructor
from mmmigrate.runtime_v2.registries import OPTIMIZER_BUILDERS
from mmmigrate.runtime_v2.registry import Registry

# answers only if no project registers mmdet's class of this name
EXTRA_BUILDERS = Registry("extra optimizer builder")
OPTIMIZER_BUILDERS.on_missing.append(EXTRA_BUILDERS.get)


@EXTRA_BUILDERS.register_module()
class LearningRateDecayOptimizerConstructor(DefaultOptimizerConstructor):
    """One group per layer and kind: rate `lr * decay_rate ** distance from the output`.

    `paramwise_cfg` holds `num_layers`, `decay_rate` and `decay_type` ('layer_wise' or 'stage_wise'). Biases and all
    one-dimensional parameters have no weight decay.
    """

    def add_params(
        self,
        params: list[dict[str, Any]],
        module: nn.Module,
        prefix: str = "",
        is_dcn_module: bool | int | float | None = None,
    ) -> None:
        """Append the groups of the whole model."""
        groups = decayed_groups(module, self.paramwise_cfg, self.base_lr, self.base_wd)
        for group in groups:
            get_logger("mmmigrate").info(f"{group['group_name']}: lr {group['lr']}, {', '.join(group['param_names'])}")
        params.extend(groups)
