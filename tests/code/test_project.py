"""Files that belong together: whose names are whose, through packages, copies of packages and re-exports."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmigrate.compat.code_pipeline import convert_code
from mmmigrate.converters.code.convert import CodeConverter, CodeOptions


def write(folder: Path, **files: str) -> None:
    """Files by their path, written with two underscores for a slash."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/') if name != 'init' else '__init__'}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for path in (folder, *(item for item in folder.rglob("*") if item.is_dir())):
        (path / "__init__.py").touch()


def convert(folder: Path) -> dict[str, str]:
    results = convert_code(sorted(folder.rglob("*.py")), CodeOptions())
    return {result.path.relative_to(folder).as_posix(): result.text or "" for result in results}


USER = "from mmdet.core import multi_apply\nfrom mmdet.models import DETECTORS\n\nprint(multi_apply, DETECTORS)\n"


def test_a_copy_of_a_library_under_another_name_keeps_its_own_names(tmp_path: Path) -> None:
    write(tmp_path / "copy", core__misc="def multi_apply(): ...\n", models__builder="DETECTORS = {}\n", api=USER)
    (tmp_path / "copy" / "core" / "__init__.py").write_text("from .misc import multi_apply\n")
    (tmp_path / "copy" / "models" / "__init__.py").write_text("from .builder import DETECTORS\n")
    assert convert(tmp_path / "copy")["api.py"] == USER


def test_a_project_with_the_layout_of_a_library_is_no_copy_of_it(tmp_path: Path) -> None:
    write(tmp_path / "own", core__misc="x = 1\n", models__builder="y = {}\n", api=USER)
    text = convert(tmp_path / "own")["api.py"]
    assert text.startswith("from mmdet.models.utils import multi_apply\nfrom mmdet.registry import MODELS\n")


def test_the_library_itself_keeps_its_names(tmp_path: Path) -> None:
    write(tmp_path / "mmdet", core__misc="def multi_apply(): ...\n", models__builder="DETECTORS = {}\n", api=USER)
    assert convert(tmp_path / "mmdet")["api.py"] == USER


def test_a_name_handed_on_keeps_its_local_name(tmp_path: Path) -> None:
    layers = "from mmcv.cnn import CONV_LAYERS\n\n\n@CONV_LAYERS.register_module()\nclass A: ...\n"
    write(tmp_path / "pkg", layers=layers, user="from .layers import CONV_LAYERS\n\nCONV_LAYERS.get('A')\n")
    texts = convert(tmp_path / "pkg")
    assert texts["layers.py"] == layers.replace(
        "from mmcv.cnn import CONV_LAYERS", "from mmengine.registry import MODELS as CONV_LAYERS"
    )
    assert texts["user.py"] == "from .layers import CONV_LAYERS\n\nCONV_LAYERS.get('A')\n"


@pytest.mark.parametrize(
    "text",
    ["from .hooks import Base", "from pkg.hooks import Base", "from . import Base", "from .hooks import *"],
)
def test_a_class_derives_through_other_files(tmp_path: Path, text: str) -> None:
    user = f"{text}\n\n\nclass A(Base):\n\n    def before_run(self, runner): ...\n"
    write(tmp_path / "pkg", hooks="from mmcv.runner.hooks.hook import Hook as H\n\n\nclass Base(H): ...\n", user=user)
    (tmp_path / "pkg" / "__init__.py").write_text("from .hooks import Base\n")
    converter = CodeConverter()
    converter.project.add(tmp_path / "pkg" / "user.py")
    module = converter.project.module("pkg.user")
    assert module is not None
    (cls,) = module.classes
    assert cls.derives("mmcv.runner.Hook")
    assert cls.derives("mmcv.runner.hooks.Hook")
    assert not cls.derives("mmcv.runner.EMAHook")


def test_modules_that_import_each_other_are_no_trap(tmp_path: Path) -> None:
    write(tmp_path / "pkg", a="from .b import *\nfrom .b import X\n", b="from .a import *\nfrom .a import X\n")
    write(tmp_path / "pkg", c="from .a import X\nfrom mmcv import Config\n\n\nclass A(X): ...\n\n\nclass B(B): ...\n")
    assert "from mmengine.config import Config" in convert(tmp_path / "pkg")["c.py"]


def test_one_parent_for_registries_of_two_files(tmp_path: Path) -> None:
    registry = "from mmcv.cnn import {0}\nfrom mmcv.utils import Registry\n\n{1} = Registry('x', parent={0})\n"
    write(tmp_path / "pkg", a=registry.format("MODELS", "OWN"), b=registry.format("CONV_LAYERS", "LAYERS"))
    texts = convert(tmp_path / "pkg")
    assert "OWN = Registry('x', parent=MODELS)" in texts["a.py"]
    assert texts["b.py"] == "from pkg.a import OWN\n\nLAYERS = OWN\n"


def test_one_of_two_registries_without_a_parent_gets_it(tmp_path: Path) -> None:
    text = "from mmcv.utils import Registry\n\nDATASETS = Registry('dataset')\nOTHERS = Registry('other')\n"
    write(tmp_path / "pkg", a=text, b=text)
    texts = convert(tmp_path / "pkg")
    assert "DATASETS = Registry('dataset', parent=MMENGINE_DATASETS)" in texts["a.py"]
    assert "# mmmigrate: REG001 DATASETS has no parent" in texts["b.py"]
    assert "DATASETS = Registry('dataset')" in texts["b.py"]


def test_registries_of_two_packages_that_are_converted_together_are_two(tmp_path: Path) -> None:
    text = "from mmcv.runner import OPTIMIZER_BUILDERS as MMCV\nfrom mmcv.utils import Registry\n\n"
    text += "OPTIMIZER_BUILDERS = Registry('x', parent=MMCV)\nDATASETS = Registry('dataset')\n"
    for package in ("one", "two"):
        write(tmp_path / package, builder=text)
    (tmp_path / "__init__.py").unlink(missing_ok=True)
    texts = convert(tmp_path)
    assert texts["one/builder.py"] == texts["two/builder.py"]
    assert "OPTIMIZER_BUILDERS = Registry('x', parent=MMCV)" in texts["two/builder.py"]
    assert "DATASETS = Registry('dataset', parent=MMENGINE_DATASETS)" in texts["two/builder.py"]


def test_a_scope_that_is_named_and_one_by_default_are_one(tmp_path: Path) -> None:
    text = "from mmcv.cnn import MODELS\nfrom mmcv.utils import Registry\n\n{} = Registry('x', parent=MODELS{})\n"
    write(tmp_path / "pkg", a=text.format("OWN", ", scope='pkg'"), b=text.format("OTHER", ""))
    assert convert(tmp_path / "pkg")["b.py"] == "from pkg.a import OWN\n\nOTHER = OWN\n"


def test_a_name_handed_on_stays_when_its_last_use_goes(tmp_path: Path) -> None:
    text = "from mmcv.cnn import MODELS, CONV_LAYERS\nfrom mmcv.utils import Registry\n\n"
    text += "A = Registry('a', parent=MODELS)\nB = Registry('b', parent=CONV_LAYERS)\n"
    write(tmp_path / "pkg", a=text, b="from .a import CONV_LAYERS\n")
    assert "import MODELS as CONV_LAYERS" in convert(tmp_path / "pkg")["a.py"]
