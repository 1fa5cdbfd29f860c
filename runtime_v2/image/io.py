"""Pictures from files and bytes, and back."""

from __future__ import annotations

import io
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.compat.paths import is_filepath
from mmmigrate.compat.suggest import did_you_mean
from mmmigrate.runtime_v2.fileio import FileClient
from mmmigrate.runtime_v2.image.opencv import cv2


def _optional(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        return None


# names that projects, and mmcv's own tests, replace to see what happens without a package
tifffile = _optional("tifffile")
Image, ImageOps = _optional("PIL.Image"), _optional("PIL.ImageOps")
_turbojpeg = _optional("turbojpeg")
TurboJPEG: Any = getattr(_turbojpeg, "TurboJPEG", None)
TJPF_BGR, TJPF_GRAY, TJCS_RGB = (getattr(_turbojpeg, name, None) for name in ("TJPF_BGR", "TJPF_GRAY", "TJCS_RGB"))

supported_backends = ["cv2", "turbojpeg", "pillow", "tifffile"]
# cv2's own numbers (IMREAD_*)
imread_flags = {
    "color": 1,
    "grayscale": 0,
    "unchanged": -1,
    "color_ignore_orientation": 128 | 1,
    "grayscale_ignore_orientation": 128,
}
imread_backend = "cv2"
jpeg: Any = None
_PACKAGES = {"turbojpeg": "PyTurboJPEG", "pillow": "Pillow"}
# what a picture with transparency is laid on
_BACKGROUND = (124, 117, 104)


def use_backend(backend: str) -> None:
    """Read pictures with 'cv2', 'turbojpeg' (JPEG only), 'pillow' or 'tifffile' from now on."""
    global imread_backend, jpeg
    if backend not in supported_backends:
        raise ArgumentValueError(f"backend {backend!r} is not known{did_you_mean(str(backend), supported_backends)}")
    packages = {"turbojpeg": TurboJPEG, "pillow": Image, "tifffile": tifffile}
    if packages.get(backend, cv2) is None:
        raise ImportError(f"`{_PACKAGES.get(backend, backend)}` is not installed")
    imread_backend = backend
    if backend == "turbojpeg" and jpeg is None:
        jpeg = TurboJPEG()


def imread(
    img_or_path: Any,
    flag: str = "color",
    channel_order: str = "bgr",
    backend: str | None = None,
    file_client_args: dict[str, Any] | None = None,
) -> Any:
    """The picture at a path or URL, shape (h, w, 3), or (h, w) if grey; an array is given back as it is.

    `flag` is 'color', 'grayscale', 'unchanged', or one of the first two with '_ignore_orientation', since cv2 and
    Pillow turn a picture as its EXIF data say. `backend` None is that of `use_backend`.
    """
    if isinstance(img_or_path, np.ndarray):
        return img_or_path
    if not isinstance(img_or_path, str | Path):
        raise ArgumentTypeError('"img" must be a numpy array or a str or a pathlib.Path object')
    path = str(img_or_path)
    content = FileClient.infer_client(file_client_args, path).get(path)
    return imfrombytes(content, flag, channel_order, backend)


def imfrombytes(content: Any, flag: Any = "color", channel_order: str = "bgr", backend: str | None = None) -> Any:
    """The picture that `content`, the bytes of a file, encodes."""
    backend = imread_backend if backend is None else backend
    if backend not in supported_backends:
        raise ArgumentValueError(
            f"backend: {backend} is not supported. Supported backends are 'cv2', 'turbojpeg', 'pillow', 'tifffile'"
        )
    if backend == "turbojpeg":
        picture = jpeg.decode(content, _jpegflag(flag, channel_order))
        return picture[:, :, 0] if picture.shape[-1] == 1 else picture
    if backend == "cv2":
        code = imread_flags[flag] if isinstance(flag, str) else flag
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), code)
        if code == imread_flags["color"] and channel_order == "rgb":
            cv2.cvtColor(picture, cv2.COLOR_BGR2RGB, picture)
        return picture
    with io.BytesIO(content) as file:
        return tifffile.imread(file) if backend == "tifffile" else _pillow2array(Image.open(file), flag, channel_order)


def imwrite(
    img: Any,
    file_path: Any,
    params: list[int] | None = None,
    auto_mkdir: bool | None = None,
    file_client_args: dict[str, Any] | None = None,
) -> bool:
    """Write the array to a path or URL, in the format of its ending; gives whether cv2 could encode it."""
    if not is_filepath(file_path):
        raise ArgumentTypeError(f"file_path must be a str or a Path, got {type(file_path).__name__}")
    if auto_mkdir is not None:
        message = "auto_mkdir is deprecated and does nothing: every file client makes the folders that it needs"
        warnings.warn(message, stacklevel=2)
    path = str(file_path)
    done, encoded = cv2.imencode(Path(path).suffix, img, params)
    FileClient.infer_client(file_client_args, path).put(encoded.tobytes(), path)
    return bool(done)


def _check_order(channel_order: str) -> str:
    if channel_order.lower() not in ("rgb", "bgr"):
        raise ArgumentValueError('channel order must be either "rgb" or "bgr"')
    return channel_order.lower()


def _jpegflag(flag: str = "color", channel_order: str = "bgr") -> Any:
    order = _check_order(channel_order)
    if flag not in ("color", "grayscale"):
        raise ArgumentValueError('flag must be "color" or "grayscale"')
    return TJPF_GRAY if flag == "grayscale" else {"bgr": TJPF_BGR, "rgb": TJCS_RGB}[order]


def _pillow2array(img: Any, flag: str = "color", channel_order: str = "bgr") -> Any:
    order = _check_order(channel_order)
    if flag == "unchanged":
        array = np.array(img)
        if array.ndim >= 3 and array.shape[2] >= 3:
            array[:, :, :3] = array[:, :, (2, 1, 0)]
        return array
    if flag not in imread_flags:
        raise ArgumentValueError(f"flag {flag!r} is not known{did_you_mean(str(flag), imread_flags)}")
    if not flag.endswith("_ignore_orientation"):
        img = ImageOps.exif_transpose(img)
    if img.mode == "LA":
        with_alpha = img.convert("RGBA")
        img = Image.new("RGB", with_alpha.size, _BACKGROUND)
        img.paste(with_alpha, mask=with_alpha.split()[3])
    elif img.mode != "RGB":
        img = img.convert("RGB")
    if flag.startswith("grayscale"):
        return np.array(img.convert("L"))
    array = np.array(img)
    return array if order == "rgb" else array[:, :, ::-1]
