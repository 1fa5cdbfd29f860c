"""Calls the picture functions of mmcv, and writes the digests of what they give to a JSON file.

Runs twice in the environment of real mmcv, which has OpenCV: with `mmcv` as the library itself, with `ours` (and the
project on the path) answered by the runtime.
"""

# ruff: noqa: E402 (the alias has to be in place before mmcv is imported)

import hashlib
import itertools
import json
import sys
import tempfile
import warnings
from pathlib import Path
from unittest.mock import patch

warnings.simplefilter("ignore")
if sys.argv[1] == "ours":
    from mmmigrate.compat import aliases

    aliases.install("mmcv")

import mmcv
import numpy as np
import torch
from mmcv.image import geometric
from PIL import Image

RNG = np.random.RandomState(0)
NOISE = RNG.randint(0, 255, (37, 53, 3)).astype(np.uint8)
Y, X = np.mgrid[0:37, 0:53]
SMOOTH = np.stack([Y * 3, X * 2, Y + X], -1).astype(np.uint8)
GRAY, FLOAT, FOUR = NOISE[..., 0].copy(), (NOISE / 255).astype(np.float32), np.dstack([NOISE, NOISE[..., 0]])
PICTURES = {"noise": NOISE, "gray": GRAY, "float": FLOAT, "four": FOUR}
KINDS = (AssertionError, TypeError, ValueError, KeyError, AttributeError, ImportError, FileNotFoundError)


def digest(value):
    if isinstance(value, np.ndarray):
        return [list(value.shape), str(value.dtype), hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()]
    return [digest(item) for item in value] if isinstance(value, (list, tuple)) else repr(value)


def outcome(function, *args, **kwargs):
    """The digest, or which errors a caller can catch; random places and lights are those of seed 0."""
    np.random.seed(0)
    copies = [arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args]
    try:
        return digest(function(*copies, **kwargs))
    except Exception as error:
        return {"caught as": [kind.__name__ for kind in KINDS if isinstance(error, kind)]}


def calls(name, pictures, *arguments):
    """The outcomes of a function of mmcv for each picture and each dict of arguments."""
    return {
        f"{name} {picture} {kwargs}": outcome(getattr(mmcv, name), PICTURES.get(picture, SMOOTH), **kwargs)
        for picture, kwargs in itertools.product(pictures, arguments)
    }


def files():
    found, folder = {}, Path(tempfile.mkdtemp())
    for name, picture in (("a.png", NOISE), ("a.jpg", NOISE), ("g.png", GRAY), ("r.png", FOUR), ("sub/b.bmp", NOISE)):
        found[f"written {name}"] = mmcv.imwrite(picture, str(folder / name))
    turned = Image.fromarray(NOISE)
    exif = turned.getexif()
    exif[0x112] = 6
    turned.save(folder / "turned.jpg", exif=exif)
    Image.fromarray(np.dstack([GRAY, GRAY])).save(folder / "la.png")
    Image.fromarray(GRAY).convert("P").save(folder / "p.png")
    flags = "color", "grayscale", "unchanged", "color_ignore_orientation", "grayscale_ignore_orientation", "nope"
    for path in sorted(folder.glob("*.*")):
        for flag, order, backend in itertools.product(
            flags, ("bgr", "rgb", "RGB", "x"), ("cv2", "pillow", "nope", None)
        ):
            found[f"{path.name} {flag} {order} {backend}"] = outcome(mmcv.imread, path, flag, order, backend)
    for wrong in ("nope.png", 1, NOISE):
        found[f"read {type(wrong)}"] = outcome(mmcv.imread, wrong)
    found["written to a number"] = outcome(mmcv.imwrite, NOISE, 1)
    for name, backend in (("TurboJPEG", "turbojpeg"), ("Image", "pillow"), ("tifffile", "tifffile"), ("jpeg", "nope")):
        with patch(f"mmcv.image.io.{name}", None):
            found[f"without {name}"] = outcome(mmcv.use_backend, backend)
    mmcv.use_backend("pillow")
    found["by Pillow"] = outcome(mmcv.imread, folder / "turned.jpg"), outcome(mmcv.imresize, FLOAT, (5, 6))
    mmcv.use_backend("cv2")
    return found


def sizes():
    found = {}
    modes = ("nearest", "bilinear", "bicubic", "area", "lanczos", "box", "nope")
    for mode, backend in itertools.product(modes, ("cv2", "pillow", "nope", None)):
        kwargs = {"size": (17, 90), "interpolation": mode, "backend": backend, "return_scale": True}
        found |= calls("imresize", PICTURES, kwargs)
    found["like"] = outcome(mmcv.imresize_like, NOISE, GRAY[:9, :8], True)
    found |= calls(
        "imresize_to_multiple",
        ["noise"],
        {"divisor": 16, "scale_factor": 2.0},
        {"divisor": (16, 32), "size": (40, 50)},
        {"divisor": 8, "size": 40, "keep_ratio": True, "return_scale": True},
        {"divisor": 4},
        {"divisor": 4, "size": 3, "scale_factor": 2},
        {"divisor": 4, "scale_factor": (0.5, 1.5)},
    )
    for scale in (1.5, 2, 0.3, 0, -1, (100, 50), (50, 100), (1000, 60), [1, 2], "x"):
        found |= calls("imrescale", ["noise", "gray"], {"scale": scale, "return_scale": True})
        found[f"size {scale}"] = (
            outcome(mmcv.rescale_size, (53, 37), scale),
            outcome(mmcv.rescale_size, (9, 9), scale, True),
        )
    return found


def shapes():
    found = {}
    for direction in ("horizontal", "vertical", "diagonal", "nope"):
        found |= calls("imflip", PICTURES, {"direction": direction})
        found |= calls("imflip_", PICTURES, {"direction": direction})
        for border in (0, 9, (1, 2, 3), (1,), [1]):
            for name, by in (("imshear", {"magnitude": -0.3}), ("imtranslate", {"offset": 3.5})):
                found |= calls(name, ["noise", "gray", "four"], {**by, "direction": direction, "border_value": border})
    for angle, extra in itertools.product(
        (90, 30), ({}, {"center": (3, 4)}, {"center": 1}, {"center": (3, 4), "auto_bound": True}, {"auto_bound": True},
                   {"scale": 2.0, "interpolation": "nearest", "border_mode": "reflect"})):  # fmt: skip
        found |= calls("imrotate", ["noise", "gray"], {"angle": angle, **extra})
    for shape, value in itertools.product(((60, 60), (10, 10), (37, 60)), (0, 7, (1, 2, 3), (1, 2), [1, 2, 3], "x")):
        found |= calls("impad", ["noise"], {"shape": shape, "pad_val": value})
        found |= calls("cutout", ["noise", "gray"], {"shape": shape, "pad_val": value})
    for padding, mode in itertools.product(
        (3, (1, 2), (1, 2, 3, 4), [1, 2], (1, 2, 3), None), ("constant", "edge", "reflect", "symmetric", "nope")
    ):
        found |= calls("impad", ["noise", "gray"], {"padding": padding, "padding_mode": mode, "pad_val": 4})
    found |= calls("impad_to_multiple", ["noise", "gray"], {"divisor": 16}, {"divisor": 32, "pad_val": 5})
    several = np.array([[0, 0, 10, 10], [-3, -4, 5, 6], [40, 30, 60, 50], [5.5, 5.2, 7.7, 9.1]])
    for boxes, scale, fill in itertools.product(
        (several[0], several, np.array([[1, 2, 3, 4, 5]])), (1.0, 1.5, 0.5), (None, 9, [1, 2, 3], [1])
    ):
        for picture in ("noise", "gray"):
            key = f"crop {picture} {boxes.tolist()} {scale} {fill}"
            found[key] = outcome(mmcv.imcrop, PICTURES[picture], boxes, scale, fill)
    found["scaled"] = digest(geometric.bbox_scaling(several, 2.0, (5, 6)))
    return found


def colors():
    found = {}
    for name in ("rgb2ycbcr", "bgr2ycbcr"):
        found |= calls(name, ["noise", "float"], {}, {"y_only": True})
    for name in ["bgr2rgb", "rgb2bgr", "bgr2hsv", "hsv2bgr", "bgr2hls", "hls2bgr", "ycbcr2rgb", "ycbcr2bgr"]:
        found |= calls(name, ["noise", "float"], {})
    for name in ("bgr2gray", "rgb2gray"):
        found |= calls(name, ["noise", "float"], {}, {"keepdim": True})
    found |= calls("gray2bgr", ["gray"], {}) | calls("gray2rgb", ["gray"], {})
    found |= calls("imconvert", ["noise"], {"src": "rgb", "dst": "lab"}, {"src": "rgb", "dst": "nope"})
    found["integers"] = outcome(mmcv.rgb2ycbcr, NOISE.astype(int))
    for color in (
        mmcv.Color.blue,
        "green",
        (1, 2, 3),
        7,
        np.array([1, 2, 3]),
        "nope",
        (1, 2),
        (300, 1, 1),
        -1,
        1.5,
        [1],
    ):
        found[f"color {color}"] = outcome(mmcv.color_val, color)
    return found


def light():
    found, both = {}, ["noise", "smooth"]
    mean, std = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0], np.float32)
    for name, swap in (("imnormalize", "to_rgb"), ("imnormalize_", "to_rgb"), ("imdenormalize", "to_bgr")):
        found |= calls(name, ["noise", "float"], *({"mean": mean, "std": std, swap: each} for each in (True, False)))
    for name in ("iminvert", "imequalize"):
        found |= calls(name, both, {})
    found |= calls("solarize", both, {}, {"thr": 100}) | calls("posterize", both, {"bits": 3}, {"bits": 8})
    found |= calls("auto_contrast", both, *({"cutoff": each} for each in (0, 10, (5, 30), [1])))
    kernels = ({}, {"factor": 2.0}, {"kernel": np.ones((5, 5)) / 25}, {"kernel": [1]}, {"kernel": np.ones(5)})
    found |= calls("adjust_sharpness", both, *kernels)
    found |= calls("clahe", ["gray", "noise"], {}, {"clip_limit": 2, "tile_grid_size": (4, 4)}, {"clip_limit": "x"})
    found |= calls(
        "lut_transform", both, {"lut_table": np.arange(256, dtype=np.uint8)[::-1]}, {"lut_table": np.ones(9)}
    )
    for backend, factor in itertools.product((None, "cv2", "pillow", "nope"), (0, 0.3, 1, 2.5)):
        for name in ("adjust_brightness", "adjust_contrast"):
            found |= calls(name, [*both, "float"], {"factor": factor, "backend": backend})
        found |= calls("adjust_color", [*both, "float"], {"alpha": factor, "backend": backend})
        # from 0 up: real mmcv's own way of turning the other way round fails since NumPy 2
        found |= calls("adjust_hue", [*both, "float"], {"hue_factor": factor / 5, "backend": backend})
    found |= calls("adjust_color", both, {"alpha": 0.5, "beta": 0.7, "gamma": 3})
    vectors = {"eigval": np.array([1.0, 2.0, 3.0]), "eigvec": np.arange(9.0).reshape(3, 3) / 9}
    found |= calls(
        "adjust_lighting", both, vectors, {**vectors, "alphastd": 0.5, "to_rgb": False}, {**vectors, "alphastd": 1}
    )
    batch = torch.arange(120.0).view(2, 3, 4, 5) / 9
    for each, arguments in ((batch, ()), (batch, ((1, 2, 3), (4, 5, 6), False)), (batch[:, :1], (None, None, False)),
                            (batch[:, :1], ()), (batch[0], ()), (batch, ((1,),)), (batch[:, :2], ())):  # fmt: skip
        found[f"batch {list(each.shape)} {arguments}"] = outcome(mmcv.tensor2imgs, each, *arguments)
    return found


def boxes():
    plain = np.array([[1, 2, 20, 30], [5, 6, 7.7, 8]])
    scored, labels = np.hstack([plain, [[0.9], [0.2]]]), np.array([0, 1])
    found = {
        "several": outcome(mmcv.imshow_bboxes, NOISE, [plain, plain + 1], ["red", (1, 2, 3)], 1, 2, show=False),
        "too few colors": outcome(mmcv.imshow_bboxes, NOISE, [plain, plain], ["red"], show=False),
        "scored": outcome(mmcv.imshow_det_bboxes, NOISE, scored, labels, ["a", "b"], 0.5, show=False),
        "plain": outcome(mmcv.imshow_det_bboxes, NOISE, plain, labels, font_scale=1, show=False),
        "without scores": outcome(mmcv.imshow_det_bboxes, NOISE, plain, labels, score_thr=0.1, show=False),
        "too few labels": outcome(mmcv.imshow_det_bboxes, NOISE, plain, labels[:1], show=False),
    }
    for arguments in ((-1, 1, 20), (-1, 1, 1), (1, -1, 20), (-1, 1, 1.5), (0, 2, 5)):
        found[f"steps {arguments}"] = outcome(mmcv.quantize, FLOAT - 0.5, *arguments)
        found[f"middles {arguments}"] = outcome(mmcv.dequantize, np.arange(5), *arguments)
    return found


def main():
    parts = {part.__name__: part() for part in (files, sizes, shapes, colors, light, boxes)}
    Path(sys.argv[2]).write_text(json.dumps(parts))


main()
