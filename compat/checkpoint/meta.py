"""What a checkpoint says of its run: v2's `meta` against v3's `meta` and message hub."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mmmigrate.compat.checkpoint.optimizer import scaler_of
from mmmigrate.compat.checkpoint.position import Position

V2_META = "v2_meta"
"""The entry of v3's message hub with the v2 meta that has no place of its own; v3 saves it on and on."""
V3_INFO = "v3_runtime_info"
"""The entry of v2's meta with what v3's message hub knew and v2 has no place for."""
_BEST = ("best_score", "best_ckpt", "last_ckpt")
_OWN_INFO = ("epoch", "iter", "seed", "experiment_name", "cfg", "mmengine_version", "loop_stage", V2_META, *_BEST)

Meta = dict[str, Any]


def to_v3(meta: Mapping[str, Any], position: Position | None, text: str | None) -> tuple[Meta, dict[str, Any]]:
    """v3's meta and message hub."""
    rest = {key: value for key, value in meta.items() if key not in (V3_INFO, "fp16")}
    info: Meta = dict(meta.get(V3_INFO) or {})
    made: Meta = {}
    if text is not None:
        made["cfg"] = text
    for old, new in (("seed", "seed"), ("exp_name", "experiment_name"), ("time", "time")):
        if old in rest:
            made[new] = rest.pop(old)
    dataset = {new: rest.pop(old) for old, new in (("CLASSES", "classes"), ("PALETTE", "palette")) if old in rest}
    if dataset or "dataset_meta" in info:
        made["dataset_meta"] = {**info.pop("dataset_meta", {}), **dataset}
    if position is not None:
        made.update(epoch=position.epoch, iter=position.iter)
        info.update(epoch=position.epoch, iter=position.iter)
    for key in ("epoch", "iter", "config", "mmcv_version"):
        rest.pop(key, None)
    messages = dict(rest.pop("hook_msgs", None) or {})
    info.update({key: messages.pop(key) for key in _BEST if key in messages})
    info.update({key: made[key] for key in ("seed", "experiment_name", "cfg") if key in made})
    if messages:
        rest["hook_msgs"] = messages
    if "fp16" in meta and scaler_of(meta) is None:
        rest["fp16"] = meta["fp16"]
    if rest:
        info[V2_META] = rest
    return made, {"log_scalars": {}, "runtime_info": info, "resumed_keys": dict.fromkeys(info, True)}


def to_v2(meta: Mapping[str, Any], hub: Mapping[str, Any], position: Position | None, text: str | None) -> Meta:
    """v2's meta."""
    info = hub.get("runtime_info") or {}
    rest: Meta = dict(info.get(V2_META) or {})
    made: Meta = {}
    if position is not None:
        made.update(epoch=_v2_epoch(position), iter=position.iter)
    if text is not None:
        made["config"] = text
    for old, new in (("seed", "seed"), ("exp_name", "experiment_name"), ("time", "time")):
        if new in meta:
            made[old] = meta[new]
    dataset = dict(meta.get("dataset_meta") or {})
    for old, new in (("CLASSES", "classes"), ("PALETTE", "palette")):
        if new in dataset:
            made[old] = dataset.pop(new)
    messages = {**(rest.pop("hook_msgs", None) or {}), **{key: info[key] for key in _BEST if key in info}}
    if messages:
        made["hook_msgs"] = messages
    kept = {key: value for key, value in info.items() if key not in _OWN_INFO}
    if dataset:
        kept["dataset_meta"] = dataset
    kept = {key: value for key, value in kept.items() if _is_json(value)}  # v2 writes its meta into the JSON log
    return {**rest, **made, **({V3_INFO: kept} if kept else {})}


def _v2_epoch(position: Position) -> int:
    if position.by_epoch:
        return position.epoch
    return int((position.data or {}).get("epoch", 0)) + 1  # mmcv saves the number of the pass that begins next


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True
