"""Data sets, samplers, structures and collating in one of the two engines, as JSON: python v3_data.py ROOT."""

from __future__ import annotations

import json
import sys
import tempfile
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

ROOT = sys.argv[1]
dataset = import_module(f"{ROOT}.dataset")
structures = import_module(f"{ROOT}.structures")
model = import_module(f"{ROOT}.model")

ANNOTATIONS = {
    "metainfo": {"classes": ["cat", "dog"], "task": "toy"},
    "data_list": [{"img_path": f"{i}.jpg", "labels": [i % 3, 0] if i % 4 else [2]} for i in range(11)],
}


class Pets(dataset.BaseDataset):
    METAINFO: ClassVar[dict] = {"classes": ["a"], "palette": [1]}

    def filter_data(self) -> list:
        return [r for r in self.data_list if int(Path(r["img_path"]).stem) != (self.filter_cfg or {}).get("without")]

    def get_cat_ids(self, idx: int) -> list:
        return self.get_data_info(idx)["labels"]


def plain(value: Any) -> Any:
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return [str(value.dtype), plain(value.tolist())]
    if isinstance(value, structures.BaseDataElement):
        return {"meta": plain(value.metainfo), "data": {k: plain(v) for k, v in sorted(value.items())}}
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(plain, value)]
    return value


def datasets(folder: Path) -> dict[str, Any]:
    file = folder / "annotations.json"
    file.write_text(json.dumps(ANNOTATIONS))
    found: dict[str, Any] = {}

    def pets(**arguments: Any) -> Any:
        return Pets(ann_file="annotations.json", data_root=str(folder), data_prefix={"img_path": "imgs"}, **arguments)

    def contents(made: Any) -> Any:
        rows = [made.get_data_info(i) for i in range(len(made))]
        return [len(made), made.metainfo, [(Path(r["img_path"]).name, r["labels"], r.get("sample_idx")) for r in rows]]

    for serialize in (True, False):
        key = "packed" if serialize else "plain"
        found[f"{key}: all"] = contents(pets(serialize_data=serialize))
        found[f"{key}: filtered"] = contents(pets(serialize_data=serialize, filter_cfg={"without": 3}))
        found[f"{key}: first"] = contents(pets(serialize_data=serialize, indices=4))
        found[f"{key}: last"] = contents(pets(serialize_data=serialize, indices=-3))
        found[f"{key}: chosen"] = contents(pets(serialize_data=serialize, indices=[5, 1, 1]))
        found[f"{key}: subset"] = contents(pets(serialize_data=serialize).get_subset([7, 2]))
        shortened = pets(serialize_data=serialize)
        shortened.get_subset_(-4)
        found[f"{key}: subset in place"] = contents(shortened)
        found[f"{key}: from the end"] = pets(serialize_data=serialize).get_data_info(-2)["sample_idx"]
    found["metainfo given"] = pets(metainfo={"classes": ["x"], "more": 1}).metainfo
    found["pipeline"] = [r["n"] for r in map(pets(pipeline=[lambda r: {"n": r["sample_idx"] * 2}]).__getitem__, (0, 3))]
    np.random.seed(0)
    refusing = pets(pipeline=[lambda r: r if r["sample_idx"] % 2 else None])
    found["refused samples"] = [refusing[i]["sample_idx"] for i in range(8)]
    found["lazy"] = len(pets(lazy_init=True))
    found["repeated"] = contents(dataset.RepeatDataset(pets(indices=3), 2))
    found["joined"] = contents(dataset.ConcatDataset([pets(indices=3), pets(indices=[9])]))
    found["joined, from the end"] = dataset.ConcatDataset([pets(indices=3), pets(indices=[9])])[-2]["sample_idx"]
    found["balanced"] = contents(dataset.ClassBalancedDataset(pets(), 0.9))
    return found


def samplers() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for shuffle in (True, False):
        sampler = dataset.DefaultSampler(range(7), shuffle=shuffle, seed=3)
        for epoch in (0, 2):
            sampler.set_epoch(epoch)
            found[f"default, shuffle={shuffle}, epoch {epoch}"] = [len(sampler), list(sampler)]
        infinite = dataset.InfiniteSampler(range(5), shuffle=shuffle, seed=4)
        found[f"infinite, shuffle={shuffle}"] = [len(infinite), list(islice(iter(infinite), 12))]
    np.random.seed(5)
    found["seed drawn"] = dataset.DefaultSampler(range(3)).seed
    return found


def collated() -> dict[str, Any]:
    sample = {
        "image": torch.ones(2),
        "name": "a",
        "pair": (1, 2.5),
        "list": [torch.zeros(1), 3],
        "element": structures.BaseDataElement(metainfo={"id": 1}, x=torch.ones(1)),
    }
    return {
        "pseudo": plain(dataset.pseudo_collate([sample, sample])),
        "default": plain(dataset.default_collate([sample, sample])),
        "padded": plain(model.stack_batch([torch.ones(3, 2, 5), torch.ones(3, 4, 3)], 4, 0.5)),
    }


def elements() -> dict[str, Any]:
    made = structures.InstanceData(metainfo={"id": 3})
    made.boxes = torch.arange(12.0).view(3, 4)
    made.labels = np.array([2, 0, 1])
    made.names = ["a", "b", "c"]
    pixels = structures.PixelData(metainfo={"id": 1}, mask=torch.arange(12).view(1, 3, 4))
    element = structures.BaseDataElement(metainfo={"a": 1}, x=torch.ones(2), y=np.zeros(2), z="text")
    popped = element.clone()
    results: dict[str, Any] = {
        "mask": made[torch.tensor([True, False, True])],
        "numbers": made[torch.tensor([2, 0])],
        "list": made[[1]],
        "array": made[np.array([False, False, True])],
        "slice": made[:2],
        "one": made[-1],
        "by name": made["labels"],
        "joined": structures.InstanceData.cat([made, made[:1]]),
        "length": len(made),
        "none": len(made[torch.zeros(3, dtype=torch.bool)].boxes),
        "pixels": pixels[1:, 2],
        "pixels' shape": list(pixels.shape),
        "one-hot": structures.LabelData.label_to_onehot(torch.tensor([0, 2]), 4),
        "labels": structures.LabelData.onehot_to_label(torch.tensor([0, 1, 1])),
        "tensors": element.to_tensor(),
        "arrays": element.numpy(),
        "new": element.new(metainfo={"b": 2}, w=1),
        "dict": element.to_dict(),
        "popped": [popped.pop("z"), popped.pop("nothing", 5), sorted(popped.keys()), popped.metainfo_keys()],
        "contains": ["x" in element, "a" in element, "q" in element, element.get("q", 7)],
    }
    return {key: plain(value) for key, value in results.items()}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        parts = {
            "data set": datasets(Path(folder)),
            "sampler": samplers(),
            "collate": collated(),
            "element": elements(),
        }
    print(json.dumps({f"{part}: {key}": value for part, found in parts.items() for key, value in found.items()}))
