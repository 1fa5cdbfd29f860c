"""Builds the source archive and the wheel and tries both where nothing of the project lies. Also a command:

    python tests/installing/smoke.py [--train] [PYTHON ...]

tries them with each interpreter (this one if none is named); `--train` installs torch too and trains the example.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("compat", "converters", "runtime_v2", "runtime_v3")
SHAPES = ROOT / "fixtures" / "experiments" / "shapes"
CONFIG = SHAPES / "configs" / "classifier_step.py"
# What the commands that convert need: all that the package asks for but torch, which only training imports.
LIGHT = ("libcst", "pyyaml", "click", "jinja2", "deepdiff", "numpy", "rich", "fsspec", "packaging", "tomli")


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def build(target: Path) -> tuple[Path, Path]:
    """(source archive, wheel made from that archive), built from the files that git tracks or would."""
    source = target / "source"
    for name in run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).splitlines():
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    backend = "import setuptools.build_meta as b, sys; print(getattr(b, 'build_' + sys.argv[1])(sys.argv[2]))"
    archive = target / run(sys.executable, "-c", backend, "sdist", target, cwd=source).splitlines()[-1]
    with tarfile.open(archive) as files:
        files.extractall(target / "unpacked", filter="data")
    (unpacked,) = (target / "unpacked").iterdir()
    return archive, target / run(sys.executable, "-c", backend, "wheel", target, cwd=unpacked).splitlines()[-1]


def missing_files(wheel: Path) -> list[str]:
    """Files of the packages that the wheel lacks."""
    with zipfile.ZipFile(wheel) as archive:
        held = {name.removeprefix("mmmigrate/") for name in archive.namelist()}
    wanted = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    return sorted(
        name for path in wanted if "__pycache__" not in (name := path.relative_to(ROOT).as_posix()) and name not in held
    )


def install(python: str, wheel: Path, target: Path, train: bool = False) -> Path:
    """The bin folder of a fresh environment with the wheel."""
    run(python, "-m", "venv", target)
    pip = (target / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    if train:
        run(*pip, wheel)
    else:
        run(*pip, *LIGHT)
        run(*pip, "--no-deps", wheel)
    return target / "bin"


def try_commands(binaries: Path, folder: Path, train: bool = False) -> list[str]:
    """Use every command that needs no torch, from a folder of its own; with torch train and prove too."""
    mmmigrate = binaries / "mmmigrate"
    project = folder / "project"
    shutil.copytree(SHAPES, project)
    said = [run(mmmigrate, "--version").strip()]
    run(mmmigrate, "rules")
    run(mmmigrate, "explain", "SCH001")
    run(mmmigrate, "explain", "mmcv.runner.EpochBasedRunner")
    run(mmmigrate, "config", project / "configs", "-o", folder / "configs_v3")
    run(mmmigrate, "code", project / "shapes", "-o", folder / "shapes_v3")
    said += run(mmmigrate, "schedule", project / "configs" / CONFIG.name, "--iters-per-epoch", "20").splitlines()[:1]
    if train:
        run(mmmigrate, "doctor", cwd=folder)
        proof = run(mmmigrate, "verify", f"configs/{CONFIG.name}", "--report", folder / "report.html", cwd=project)
        said += proof.splitlines()[-1:]
    return said


def main(arguments: list[str]) -> None:
    train = "--train" in arguments
    pythons = [argument for argument in arguments if argument != "--train"] or [sys.executable]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive, wheel = build(folder)
        print(f"{archive.name} {archive.stat().st_size:,} B; {wheel.name} {wheel.stat().st_size:,} B", flush=True)
        if missing := missing_files(wheel):
            sys.exit(f"the wheel lacks {', '.join(missing)}")
        for number, python in enumerate(pythons):
            binaries = install(python, wheel, folder / f"env{number}", train)
            said = try_commands(binaries, folder / f"try{number}", train)
            print(run(binaries / "python", "--version").strip(), *said, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
