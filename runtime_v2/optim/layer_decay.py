"""LearningRateDecayOptimizerConstructor: rates that fall towards the input of a ConvNeXt-like backbone."""

from __future__ import annotations

from typing import Any

from torch import nn

from mmmigrate.runtime_v2.logs import get_logger
from mmmigrate.runtime_v2.optim.default_constructor import DefaultOptimizerConstructor
from mmmigrate.runtime_v2.registries import OPTIMIZER_BUILDERS
from mmmigrate.runtime_v2.registry import Registry

# answers only if no project registers mmdet's class of this name
EXTRA_BUILDERS = Registry("extra optimizer builder")
OPTIMIZER_BUILDERS.on_missing.append(EXTRA_BUILDERS.get)

TOKENS = frozenset({"backbone.cls_token", "backbone.mask_token", "backbone.pos_embed"})
UNDECAYED = frozenset({"pos_embed", "cls_token"})


def layer_id(name: str, max_layer: int) -> int:
    """The layer of a parameter: 0 for the stem, `max_layer` for the last stage, one more outside the backbone.

    >>> [layer_id(f"backbone.stages.2.{block}.norm.weight", 12) for block in (0, 3, 26)]
    [3, 4, 11]
    """
    if name in TOKENS:
        return 0
    parts = name.split(".")
    if name.startswith("backbone.downsample_layers"):
        return (0, 2, 3, max_layer)[int(parts[2])]
    if name.startswith("backbone.stages"):
        stage = int(parts[2])
        return 3 + int(parts[3]) // 3 if stage == 2 else (1, 2, 0, max_layer)[stage]
    return max_layer + 1


def stage_id(name: str, stages: int) -> int:
    """The stage of a parameter: 0 for stem and downsampling, then the stages, `stages - 1` outside the backbone."""
    if name in TOKENS or name.startswith("backbone.downsample_layers"):
        return 0
    if name.startswith("backbone.stages"):
        return int(name.split(".")[2]) + 1
    return stages - 1


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
        count = self.paramwise_cfg["num_layers"] + 2
        rate = self.paramwise_cfg["decay_rate"]
        kind = self.paramwise_cfg.get("decay_type", "layer_wise")
        backbone = type(module.backbone).__name__
        if "ConvNeXt" not in backbone or not ("layer_wise" in kind or kind == "stage_wise"):
            raise ValueError(
                f"decay_type 'layer_wise' or 'stage_wise' of a ConvNeXt is known, got {kind!r} of {backbone}"
            )
        groups: dict[str, dict[str, Any]] = {}
        for name, param in module.named_parameters():
            if not param.requires_grad:
                continue
            plain = param.ndim == 1 or name.endswith(".bias") or name in UNDECAYED
            layer = layer_id(name, count - 2) if "layer_wise" in kind else stage_id(name, count)
            group_name = f"layer_{layer}_{'no_decay' if plain else 'decay'}"
            if group_name not in groups:
                scale = rate ** (count - layer - 1)
                groups[group_name] = {
                    "weight_decay": 0.0 if plain else self.base_wd,
                    "params": [],
                    "param_names": [],
                    "lr_scale": scale,
                    "group_name": group_name,
                    "lr": scale * self.base_lr,
                }
            groups[group_name]["params"].append(param)
            groups[group_name]["param_names"].append(name)
        for group in groups.values():
            get_logger("mmmigrate").info(f"{group['group_name']}: lr {group['lr']}, {', '.join(group['param_names'])}")
        params.extend(groups.values())
