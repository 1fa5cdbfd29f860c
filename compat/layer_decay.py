"""Parameter groups whose rates fall towards the input of a ConvNeXt-like backbone, as in mmdet and mmseg."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

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


def decayed_groups(
    model: nn.Module, paramwise_cfg: Mapping[str, Any], base_lr: float | None, base_wd: float | None
) -> list[dict[str, Any]]:
    """One group per layer and kind: rate `base_lr * decay_rate ** distance from the output`.

    `paramwise_cfg` holds `num_layers`, `decay_rate` and `decay_type` ('layer_wise' or 'stage_wise'). Biases and all
    one-dimensional parameters have no weight decay. Raises ValueError for another backbone or decay_type.
    """
    missing = [key for key in ("num_layers", "decay_rate") if key not in paramwise_cfg]
    if missing:
        raise ValueError(f"paramwise_cfg of a rate that falls by layer needs {' and '.join(missing)}")
    if base_lr is None:
        raise ValueError("a rate that falls by layer needs lr in the optimizer's config")
    count = paramwise_cfg["num_layers"] + 2
    kind = paramwise_cfg.get("decay_type", "layer_wise")
    backbone = type(getattr(model, "backbone", None)).__name__
    if "ConvNeXt" not in backbone or not ("layer_wise" in kind or kind == "stage_wise"):
        raise ValueError(f"decay_type 'layer_wise' or 'stage_wise' of a ConvNeXt is known, got {kind!r} of {backbone}")
    groups: dict[str, dict[str, Any]] = {}
    for name, param in model.named_parameters():
        if not param.requires_grad:
            continue
        plain = param.ndim == 1 or name.endswith(".bias") or name in UNDECAYED
        layer = layer_id(name, count - 2) if "layer_wise" in kind else stage_id(name, count)
        group_name = f"layer_{layer}_{'no_decay' if plain else 'decay'}"
        if group_name not in groups:
            scale = paramwise_cfg["decay_rate"] ** (count - layer - 1)
            groups[group_name] = {
                "weight_decay": 0.0 if plain else base_wd,
                "params": [],
                "param_names": [],
                "lr_scale": scale,
                "group_name": group_name,
                "lr": scale * base_lr,
            }
        groups[group_name]["params"].append(param)
        groups[group_name]["param_names"].append(name)
    return list(groups.values())
