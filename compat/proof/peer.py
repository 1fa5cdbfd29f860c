"""The real libraries as engines: an environment that holds mmcv 1.x (old side) or mmengine (new side)."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

LIBRARIES = {"old": "mmcv", "new": "mmengine"}
MODULES = {"v2": "mmmigrate.compat.proof.real_mmcv", "v3": "mmmigrate.compat.proof.real_mmengine"}
_PACKAGES = ("compat", "converters", "runtime_v2", "runtime_v3")
_OLDEST = {"python": (3, 10), "torch": (2, 1)}  # what the recorder needs: its syntax, hooks on gradients
_PROBE = """
import importlib, json, sys
def version(name):
    try:
        return importlib.import_module(name).__version__
    except Exception as error:
        return f"{type(error).__name__}: {error}"
python = "%d.%d.%d" % sys.version_info[:3]
print(json.dumps({"python": python, "torch": version("torch"), "library": version(sys.argv[1])}))
"""


class PeerError(ValueError):
    """An environment that cannot train its side of the proof."""


@dataclass(frozen=True, slots=True)
class Peer:
    """`python` runs in an environment with `library` (mmcv or mmengine) of that `version`."""

    python: Path
    library: str
    version: str


def find_peers(given: Mapping[str, str]) -> dict[str, Peer]:
    """The environments by side, from what `--peer SIDE=ENV` gave; PeerError for one that cannot train that side."""
    return {side: find_peer(side, env) for side, env in given.items()}


def find_peer(side: str, env: str | Path) -> Peer:
    """The environment `env` (its folder, or its python) for the `old` or the `new` side.

    PeerError says what is missing: the environment itself, its library, or a Python or torch that is new enough.
    """
    if side not in LIBRARIES:
        raise PeerError(f"{side!r} is no side: give old=ENV (real mmcv) or new=ENV (real mmengine)")
    python, library = _python_of(Path(env)), LIBRARIES[side]
    done = subprocess.run([python, "-c", _PROBE, library], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerError(f"{python} does not run: {done.stderr.strip().splitlines()[-1:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    for name, oldest in _OLDEST.items():
        if not found[name][:1].isdigit():
            raise PeerError(f"{python} cannot import {name}: {found[name]}")
        if tuple(int(part) for part in found[name].split(".")[:2]) < oldest:
            wanted = ".".join(map(str, oldest))
            raise PeerError(f"{python} has {name} {found[name]}; recording what it trains needs {name} {wanted}")
    version = found["library"]
    if not version[:1].isdigit():
        raise PeerError(f"{python} cannot import {library}, which trains the {side} side: {version}")
    if library == "mmcv" and not version.startswith("1."):
        raise PeerError(f"{python} has mmcv {version}, which trains nothing: the old side needs mmcv 1.x")
    return Peer(python, library, version)


def _python_of(env: Path) -> Path:
    if env.is_file():
        return env.absolute()
    for name in ("bin/python", "Scripts/python.exe", "python.exe"):
        if (env / name).is_file():
            return (env / name).absolute()
    raise PeerError(f"{env} is no environment: it is neither a python nor a folder with bin/python")


def import_folder(folder: Path) -> Path:
    """A folder under `folder` from which `mmmigrate`, and nothing else of this environment, can be imported."""
    root = folder / "import"
    for package in _PACKAGES:
        found = find_spec(f"mmmigrate.{package}")
        if found is None or found.origin is None:
            raise PeerError(f"mmmigrate.{package} is not installed here")
        source, target = Path(found.origin).parent, root / "mmmigrate" / package
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            continue
        try:
            target.symlink_to(source, target_is_directory=True)
        except OSError:  # a file system without links
            shutil.copytree(source, target)
    return root
