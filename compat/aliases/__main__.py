"""Runs a script or module with aliases in place: python -m mmmigrate.compat.aliases [--mmcv] [--mmengine] SCRIPT …"""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

from mmmigrate.compat.aliases import install
from mmmigrate.compat.aliases.table import LIBRARIES


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m mmmigrate.compat.aliases",
        description="Runs a Python script with mmcv and mmengine answered by mmmigrate's runtimes.",
    )
    for name in LIBRARIES:
        parser.add_argument(f"--{name}", action="store_true", help=f"answer for {name}; without any, for both")
    parser.add_argument("-m", dest="module", action="store_true", help="SCRIPT is the name of a module")
    parser.add_argument("script", metavar="SCRIPT")
    parser.add_argument("args", nargs=argparse.REMAINDER, help="arguments of the script")
    options = parser.parse_args()
    install(*([name for name in LIBRARIES if getattr(options, name)] or LIBRARIES))
    sys.argv = [options.script, *options.args]
    if options.module:
        sys.path[0] = str(Path.cwd())
        runpy.run_module(options.script, run_name="__main__", alter_sys=True)
        return
    if not Path(options.script).is_file():
        parser.error(f"there is no file {options.script}")
    sys.path[0] = str(Path(options.script).resolve().parent)
    runpy.run_path(options.script, run_name="__main__")


if __name__ == "__main__":
    main()
