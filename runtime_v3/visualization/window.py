"""Images in windows, by packages that only this needs."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import numpy as np

PACKAGES = {"matplotlib": ("matplotlib.pyplot", "matplotlib"), "cv2": ("cv2", "opencv-python")}


def show_image(image: np.ndarray[Any, Any], title: str, seconds: float, backend: str) -> None:
    """Shows an RGB image for `seconds`; 0: until it is closed. Raises ImportError with what to install."""
    if backend not in PACKAGES:
        raise ValueError(f"backend must be one of {sorted(PACKAGES)}, got {backend!r}")
    module, package = PACKAGES[backend]
    try:
        library: Any = import_module(module)
    except ImportError as error:
        raise ImportError(f"to show images with backend={backend!r}: pip install {package}") from error
    if backend == "cv2":
        library.imshow(title, library.cvtColor(image, library.COLOR_RGB2BGR))
        library.waitKey(math.ceil(seconds * 1000))
        return
    figure = library.figure(title, frameon=False)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.imshow(image)
    if seconds:
        library.pause(seconds)
    else:
        library.show(block=True)
    library.close(figure)
