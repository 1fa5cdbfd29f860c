"""A small dataset in CIFAR-10's own files: noise with a colour for each class, the same at every call."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def make(folder: Path, images: int = 800) -> None:
    """Write ``images`` training pictures in five batches, and one batch of tests, below ``folder``."""
    root = folder / "cifar-10-batches-py"
    root.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(0)
    for name in [*(f"data_batch_{index}" for index in range(1, 6)), "test_batch"]:
        labels = draw.integers(0, 10, images // 5)
        pictures = draw.integers(0, 156, (len(labels), 3072)) + labels[:, None] * 10
        entry = {"data": pictures.astype(np.uint8), "labels": labels.tolist()}
        (root / name).write_bytes(pickle.dumps(entry))
    (root / "batches.meta").write_bytes(pickle.dumps({"label_names": NAMES}))


def trust_made_files(dataset: type) -> None:
    """The codebases check CIFAR's own checksums and would download what does not have them."""
    dataset._check_integrity = lambda self: True
    dataset._load_meta = lambda self: None
