"""Environments of the real libraries, which the peer tests compare with. Also a script: `environments.py v2 v3`.

Each is made once, under `.peers/` beside the tests, and never mixed with the project's own environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = HERE.parents[1] / ".peers"

# Their set-up needs what the other lines install, or asks for packages that bring a window system.
_INSTALLED_ALONE = ("mmcv", "mmengine", "mmcls", "mmpretrain")
# mmcv and mmpretrain import torchvision at import time and use nothing of it in training.
_TORCHVISION = {
    "__init__.py": '__version__ = "0.28.0"\nfrom torchvision import models, ops, transforms\n',
    "models/__init__.py": "",
    "ops/__init__.py": "",
    "ops/boxes.py": "",
    "transforms/__init__.py": "from torchvision.transforms.transforms import RandomResizedCrop\n",
    "transforms/functional.py": "",
    "transforms/transforms.py": "import enum\nInterpolationMode = enum.Enum('InterpolationMode', 'NEAREST BILINEAR')\n"
    "class RandomResizedCrop: ...\n",
}
_PUBLISHED = {
    "mmdet": "mmdet==2.28.2",
    "mmcls": "mmcls==0.25.0",
    "mmseg": "mmsegmentation==0.30.0",
    "mmselfsup": "mmselfsup==0.11.0",
    "mmdet-v3": "mmdet==3.3.0",
    "mmcls-v3": "mmpretrain==1.2.0",
    "mmseg-v3": "mmsegmentation==1.2.2",
    "mmpose": "mmpose==0.29.0",
    "mmpose-v3": "mmpose==1.3.2",
    "mmrotate": "mmrotate==0.3.4",
    "mmrotate-v3": "mmrotate==1.0.0rc1",
    "mmaction": "mmaction2==0.24.1",
    "mmaction-v3": "mmaction2==1.2.0",
    "mmocr": "mmocr==0.6.3",
    "mmocr-v3": "mmocr==1.0.1",
    "mmedit": "mmedit==0.16.1",
    "mmedit-v3": "mmagic==1.2.0",
    "mmselfsup-v3": "mmselfsup==1.0.0",
    "mmtrack": "mmtrack==0.14.0",
    "mmtrack-v3": "mmtrack==1.0.0rc1",
    "mmflow": "mmflow==0.5.2",
    "mmflow-v3": "mmflow==1.0.0rc0",
    # mmcv 2 without compiled operators: its Python files, to be put on the path of the "v3" environment.
    "mmcv-lite": "mmcv-lite==2.1.0",
}


def python_of(generation: str) -> Path:
    """The python of the environment for "v2" (mmcv) or "v3" (mmengine), which is made first if it is missing.

    "mmcls" and "mmpretrain" are the two with a codebase on top.

    An environment counts only with a stamp that holds exactly the requirements it was made from: one that a kill
    left half made, or whose pins have changed, is made again. Raises RuntimeError with pip's last lines on failure.
    """
    requirements = HERE / f"requirements-{generation}.txt"
    if not requirements.is_file():
        raise ValueError(f"unknown environment {generation!r}: there is no {requirements.name}")
    folder = PEERS / generation
    python = folder / "bin" / "python"
    wanted = f"{sys.version}\n{requirements.read_text(encoding='utf-8')}"
    with _made_once(folder, wanted) as is_missing:
        if is_missing:
            _make_environment(folder, python, requirements)
    return python


def published_mmdet() -> Path:
    """The folder of the configs that mmdet 2.28.2 published, downloaded first if it is missing."""
    return published("mmdet") / "mmdet" / ".mim" / "configs"


def published(codebase: str) -> Path:
    """The folder that holds a codebase's package as its wheel does, downloaded first if it is missing.

    ``mmdet`` is the last of v2, ``mmdet-v3`` what its authors made of it in v3.
    """
    requirement = _PUBLISHED[codebase]
    folder = PEERS / (codebase if codebase.endswith("-v3") else f"{codebase}-v2")
    with _made_once(folder, requirement) as is_missing:
        if is_missing:
            _run([sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(folder), requirement])
            wheel = next(folder.glob("*.whl"))
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder)
            wheel.unlink()
    return folder


@contextmanager
def _made_once(folder: Path, wanted: str) -> Iterator[bool]:
    """True if the caller must fill `folder`, which is then empty; only one process at a time is inside."""
    PEERS.mkdir(exist_ok=True)
    stamp = folder / "complete.txt"
    with (PEERS / f"{folder.name}.lock").open("w") as lock:
        _lock(lock.fileno())
        is_missing = not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted
        if is_missing:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        yield is_missing
        if is_missing:
            beside = stamp.with_suffix(".tmp")
            beside.write_text(wanted, encoding="utf-8")
            beside.replace(stamp)


def _lock(descriptor: int) -> None:
    """Waits until no other process makes the same environment; the lock ends with the process that holds it."""
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _make_environment(folder: Path, python: Path, requirements: Path) -> None:
    lines = [line for line in requirements.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    alone = [line for line in lines if line.startswith(_INSTALLED_ALONE)]
    venv.EnvBuilder(with_pip=True, clear=True).create(folder)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, *(line for line in lines if line not in alone), "wheel"])
    _run([*pip, "--no-deps", "--no-build-isolation", *alone], MMCV_WITH_OPS="0")
    if any(line.startswith("mmcv") for line in alone):
        where = "import sysconfig; print(sysconfig.get_path('purelib'))"
        packages = Path(
            subprocess.run([python, "-c", where], check=True, capture_output=True, text=True).stdout.strip()
        )
        for name, text in _TORCHVISION.items():
            file = packages / "torchvision" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    _run([str(python), "-c", f"import {alone[-1].partition('==')[0]}"])


def _run(command: list[str], **environment: str) -> None:
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise RuntimeError(f"{' '.join(command)} failed with exit code {done.returncode}:\n{tail}")


if __name__ == "__main__":
    for name in sys.argv[1:] or ["v2", "v3", "mmdet"]:
        print(published(name) if name in _PUBLISHED else python_of(name))
