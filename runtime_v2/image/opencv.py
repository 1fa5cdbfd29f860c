"""OpenCV, imported when a picture is first touched: training without pictures does without it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mmmigrate.compat.argument_errors import ArgumentValueError


class _OpenCV:
    def __getattr__(self, name: str) -> Any:
        try:
            found = getattr(import_module("cv2"), name)
        except ModuleNotFoundError as error:
            message = "mmcv's picture functions need OpenCV: pip install opencv-python-headless"
            raise ModuleNotFoundError(message, name="cv2") from error
        setattr(self, name, found)
        return found


cv2: Any = _OpenCV()

# cv2's own numbers (INTER_*), since code written for mmcv takes them from here
cv2_interp_codes = {"nearest": 0, "bilinear": 1, "bicubic": 2, "area": 3, "lanczos": 4}
cv2_border_modes = {
    "constant": 0,
    "replicate": 1,
    "reflect": 2,
    "wrap": 3,
    "reflect_101": 4,
    "transparent": 5,
    "isolated": 16,
}


def chosen(backend: str | None) -> str:
    """'cv2' or 'pillow'; None is cv2, whatever `use_backend` says: in mmcv that one holds for reading only."""
    backend = "cv2" if backend is None else backend
    if backend not in ("cv2", "pillow"):
        raise ArgumentValueError(f"backend: {backend} is not supported. Supported backends are 'cv2', 'pillow'")
    return backend
