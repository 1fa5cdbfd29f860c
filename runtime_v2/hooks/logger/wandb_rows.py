"""What a table row of Weights & Biases shows of one image: its boxes, masks or class, true or predicted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmmigrate.compat.argument_errors import ArgumentValueError

Mask = NDArray[np.bool_]


def image_loader(dataset: Any) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
    """The last transform of the data set's pipeline that reads the image file, None if it has none."""
    transforms = getattr(getattr(dataset, "pipeline", None), "transforms", ())
    found = [step for step in transforms if "LoadImageFromFile" in (cls.__name__ for cls in type(step).__mro__)]
    return found[-1] if found else None


class Annotator:
    """Makes `wandb.Image`s with what is in them; classes are numbered from 1, so that 0 is the background."""

    def __init__(self, wandb: Any, dataset: Any, score_threshold: float) -> None:
        self.wandb = wandb
        self.dataset = dataset
        self.score_threshold = score_threshold
        self.names = {number + 1: name for number, name in enumerate(dataset.CLASSES)}
        self.classes = wandb.Classes([{"id": number, "name": name} for number, name in self.names.items()])

    def ground_truth(self, index: int, loader: Callable[[dict[str, Any]], dict[str, Any]]) -> tuple[str, Any]:
        """The image's name and the image with its annotation."""
        info = self.dataset.data_infos[index]
        loaded = loader({"img_info": info, "img_prefix": self.dataset.img_prefix})
        image = np.ascontiguousarray(loaded["img"][..., ::-1])
        height, width = image.shape[:2]
        annotation = self.dataset.get_ann_info(index)
        labels, masks = annotation["labels"], annotation.get("masks")
        return info.get("filename", f"img_{index}"), self._image(
            image,
            "ground_truth",
            annotation["bboxes"],
            labels,
            None if masks is None else [_bitmap(mask, (height, width)) for mask in masks],
        )

    def prediction(self, image: Any, result: Any) -> Any:
        """The image with one result of a detector: boxes by class, or a tuple of them and masks by class."""
        by_class, masks_by_class = result if isinstance(result, tuple) else (result, None)
        if isinstance(masks_by_class, tuple):
            masks_by_class = masks_by_class[0]  # Mask Scoring R-CNN gives scores beside them
        if len(by_class) != len(self.names):
            raise ArgumentValueError(
                f"a result has boxes for {len(by_class)} classes, but the data set has {len(self.names)} CLASSES"
            )
        boxes = np.vstack(by_class)
        labels = np.repeat(np.arange(len(by_class)), [len(each) for each in by_class])
        masks = None
        if masks_by_class is not None and len(labels):
            masks = [_bitmap(mask) for each in masks_by_class for mask in each]
        if self.score_threshold > 0:
            kept = np.flatnonzero(boxes[:, -1] > self.score_threshold)
            boxes, labels = boxes[kept], labels[kept]
            masks = None if masks is None else [masks[number] for number in kept]
        return self._image(image, "predictions", boxes, labels, masks)

    def _image(self, image: Any, kind: str, boxes: Any, labels: Any, masks: Sequence[Mask] | None) -> Any:
        shown = {kind: {"box_data": [self._box(*pair) for pair in zip(boxes, labels)], "class_labels": self.names}}
        drawn = None if masks is None else self._masks(masks, labels)
        return self.wandb.Image(image, boxes=shown, masks=drawn, classes=self.classes)

    def _box(self, box: Any, label: Any) -> dict[str, Any]:
        number = int(label) + 1
        corners = dict(zip(("minX", "minY", "maxX", "maxY"), (int(value) for value in box[:4])))
        score = f" {float(box[4]):.2f}" if len(box) == 5 else ""
        caption = f"{self.names[number]}{score}"
        return {"position": corners, "class_id": number, "box_caption": caption, "domain": "pixel"}

    def _masks(self, masks: Sequence[Mask], labels: Any) -> dict[str, Any]:
        """One mask per class, which joins those of all its objects."""
        joined: dict[int, Mask] = {}
        for mask, label in zip(masks, labels):
            number = int(label) + 1
            joined[number] = np.logical_or(joined[number], mask) if number in joined else mask
        return {
            self.names[number]: {
                "mask_data": (np.asarray(mask) > 0).astype(np.uint8) * np.uint8(number),
                "class_labels": self.names,
            }
            for number, mask in joined.items()
        }


def _bitmap(mask: Any, size: tuple[int, int] | None = None) -> Mask:
    """A mask as height x width booleans: it may be that already, polygons (which need `size`), or run lengths."""
    if isinstance(mask, np.ndarray) and mask.ndim == 2:
        return mask.astype(bool)
    try:
        coco: Any = import_module("pycocotools.mask")
    except ImportError as error:
        message = "MMDetWandbHook needs pycocotools for masks of this kind: pip install pycocotools"
        raise ImportError(message) from error
    if isinstance(mask, list):
        mask = coco.merge(coco.frPyObjects(mask, *(size or ())))
    return np.asarray(coco.decode(mask), dtype=bool)
