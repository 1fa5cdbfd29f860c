"""DetLocalVisualizer: boxes, masks and labels of a detection, under mmdet's name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mmmigrate.compat.dist import master_only
from mmmigrate.runtime_v3.registry import VISUALIZERS
from mmmigrate.runtime_v3.visualization.colors import RGB, palette
from mmmigrate.runtime_v3.visualization.conversion import tensor2ndarray
from mmmigrate.runtime_v3.visualization.vis_backend import write_png
from mmmigrate.runtime_v3.visualization.visualizer import Visualizer

Image = np.ndarray[Any, Any]


class DetLocalVisualizer(Visualizer):
    """Draws `gt_instances` and `pred_instances` of a sample, side by side if both are wanted.

    Instances have `bboxes` (N, 4) in pixels and may have `labels`, `scores` and `masks` (N, H, W). Names and colours
    come from `dataset_meta['classes']` and `['palette']`. `bbox_color` is one colour for all.
    """

    def __init__(
        self,
        name: str = "visualizer",
        image: Image | None = None,
        vis_backends: Any = None,
        save_dir: str | None = None,
        bbox_color: Any = None,
        text_color: Any = (200, 200, 200),
        mask_color: Any = None,
        line_width: float = 3,
        alpha: float = 0.8,
    ) -> None:
        super().__init__(name=name, image=image, vis_backends=vis_backends, save_dir=save_dir)
        self.bbox_color, self.text_color, self.mask_color = bbox_color, text_color, mask_color
        self.line_width, self.alpha = line_width, alpha

    @master_only
    def add_datasample(
        self,
        name: str,
        image: Image,
        data_sample: Any = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        step: int = 0,
        out_file: str | None = None,
        pred_score_thr: float = 0.3,
        **kwargs: Any,
    ) -> None:
        """Draws on the RGB `image` and shows it, or writes it to `out_file`, or hands it to the backends."""
        drawn = []
        if draw_gt and "gt_instances" in (data_sample or ()):
            drawn.append(self._with_instances(image, data_sample.gt_instances, None))
        if draw_pred and "pred_instances" in (data_sample or ()):
            drawn.append(self._with_instances(image, data_sample.pred_instances, pred_score_thr))
        result = np.concatenate(drawn, axis=1) if drawn else image
        self.set_image(result)
        if show:
            self.show(result, win_name=name, wait_time=wait_time)
        if out_file is not None:
            Path(out_file).parent.mkdir(parents=True, exist_ok=True)
            write_png(result, Path(out_file))
        else:
            self.add_image(name, result, step)

    def _with_instances(self, image: Image, instances: Any, score_thr: float | None) -> Image:
        self.set_image(image)
        chosen: Any = np.ones(len(instances), dtype=bool)
        if score_thr is not None and "scores" in instances:
            chosen = _array(instances.scores) > score_thr
        labels = _array(instances.labels)[chosen] if "labels" in instances else np.zeros(chosen.sum(), dtype=int)
        colors = [self._color(int(label)) for label in labels]
        if "masks" in instances and chosen.any():
            masks = instances.masks
            masks = masks.to_ndarray() if hasattr(masks, "to_ndarray") else _array(masks)
            own = [self.mask_color or color for color in colors]
            self.draw_binary_masks(masks[chosen].astype(bool), colors=own, alphas=self.alpha / 2)
        if "bboxes" in instances and chosen.any():
            boxes = _array(getattr(instances.bboxes, "tensor", instances.bboxes))[chosen]
            self.draw_bboxes(
                boxes, [self.bbox_color or c for c in colors], alpha=self.alpha, line_widths=self.line_width
            )
            scores = _array(instances.scores)[chosen] if "scores" in instances else [None] * len(boxes)
            for box, label, score, color in zip(boxes, labels, scores, colors):
                text = self._name(int(label)) + ("" if score is None else f": {round(float(score) * 100, 1)}")
                behind = {"facecolor": "black", "alpha": 0.8, "pad": 1}
                self.draw_texts(text, box[:2], colors=self.text_color or color, bboxes=behind)
        return np.array(self._current())

    def _name(self, label: int) -> str:
        classes = (self.dataset_meta or {}).get("classes") or ()
        return str(classes[label]) if label < len(classes) else f"class {label}"

    def _color(self, label: int) -> RGB:
        colors = (self.dataset_meta or {}).get("palette") or ()
        known = isinstance(colors, (list, tuple)) and label < len(colors)
        return tuple(colors[label]) if known else palette(label + 1)[label]


# mmdet's own class comes first, where it is installed.
VISUALIZERS.on_missing.append({"DetLocalVisualizer": DetLocalVisualizer}.get)


def _array(values: Any) -> Any:
    return np.asarray(tensor2ndarray(values))
