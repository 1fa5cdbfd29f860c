"""The names under which v3 metrics report, for what a v2 config calls its best checkpoint by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Metrics that put a prefix before the names that the data set's `evaluate` had
_PREFIXES = {
    "CocoMetric": "coco",
    "CocoOccludedSeparatedMetric": "coco",
    "CocoPanopticMetric": "coco_panoptic",
    "CocoWholeBodyMetric": "coco-wholebody",
    "CityScapesMetric": "cityscapes",
    "CrowdHumanMetric": "crowd_human",
    "DOTAMetric": "dota",
    "LVISMetric": "lvis",
    "OpenImagesMetric": "openimages",
    "VOCMetric": "pascal_voc",
}
# Metrics whose names changed altogether
_NAMES = {
    "Accuracy": {"accuracy": "accuracy/top1", "accuracy_top-1": "accuracy/top1", "accuracy_top-5": "accuracy/top5"},
    "AccMetric": {"top1_acc": "acc/top1", "top5_acc": "acc/top5", "mean_class_accuracy": "acc/mean1"},
}


def metric_name(evaluator: Any, name: str) -> str | None:
    """What ``save_best=name`` must be for an evaluator (or a list of them); None where it may stay.

    >>> metric_name({"type": "CocoMetric"}, "bbox_mAP"), metric_name({"type": "IoUMetric"}, "mIoU")
    ('coco/bbox_mAP', None)
    """
    if name == "auto" or "/" in name:
        return None
    for one in evaluator if isinstance(evaluator, list) else [evaluator]:
        kind = str(one.get("type")).rpartition(".")[2] if isinstance(one, Mapping) else ""
        if kind in _NAMES and name in _NAMES[kind]:
            return _NAMES[kind][name]
        if kind in _PREFIXES:
            return f"{_PREFIXES[kind]}/{name}"
    return None


def old_metric_name(evaluator: Any, name: str) -> str | None:
    """What ``save_best=name`` was called by ``dataset.evaluate``; None where it may stay.

    >>> old_metric_name({"type": "CocoMetric"}, "coco/bbox_mAP"), old_metric_name({"type": "IoUMetric"}, "mIoU")
    ('bbox_mAP', None)
    """
    for one in evaluator if isinstance(evaluator, list) else [evaluator]:
        kind = str(one.get("type")).rpartition(".")[2] if isinstance(one, Mapping) else ""
        found = [old for old, new in _NAMES.get(kind, {}).items() if new == name]
        if found:
            return found[-1]
        prefix = f"{_PREFIXES.get(kind)}/"
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return None
