"""The packages of the OpenMMLab codebases: what to install for a module, and where it lies."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

PACKAGE_OF_MODULE = {
    "mmaction": "mmaction2",
    "mmagic": "mmagic",
    "mmcls": "mmcls",
    "mmdet": "mmdet",
    "mmdet3d": "mmdet3d",
    "mmedit": "mmedit",
    "mmfewshot": "mmfewshot",
    "mmflow": "mmflow",
    "mmgen": "mmgen",
    "mmhuman3d": "mmhuman3d",
    "mmocr": "mmocr",
    "mmpose": "mmpose",
    "mmpretrain": "mmpretrain",
    "mmrazor": "mmrazor",
    "mmrotate": "mmrotate",
    "mmseg": "mmsegmentation",
    "mmselfsup": "mmselfsup",
    "mmtrack": "mmtrack",
    "mmyolo": "mmyolo",
}


def package_folder(module: str) -> Path:
    """The folder of an installed top-level package, found without importing it.

    Raises ModuleNotFoundError that says what to install.
    """
    spec = find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        package = PACKAGE_OF_MODULE.get(module, module)
        raise ModuleNotFoundError(f"{module} is not installed: pip install {package}")
    return Path(next(iter(spec.submodule_search_locations)))
