"""Runs several specs of the proof, one after the other, in one engine and one process: ENGINE SPECS.json.

ENGINE is mmcv, runtime_v2, runtime_v3 or mmengine. A spec whose run fails leaves a trace that says so.
"""

import io
import json
import sys
import traceback
from importlib import import_module
from pathlib import Path

ENGINE, SPECS = sys.argv[1:]
RUN = {
    "mmcv": ("real_mmcv", "run"),
    "runtime_v2": ("engine", "run_v2"),
    "runtime_v3": ("engine", "run_v3"),
    "mmengine": ("real_mmengine", "run"),
}


def main():
    from mmmigrate.compat.proof.spec import EngineSpec
    from mmmigrate.compat.proof.start import READY, deterministic

    module, name = RUN[ENGINE]
    run = getattr(import_module(f"mmmigrate.compat.proof.{module}"), name)
    deterministic()
    specs = [EngineSpec(**spec) for spec in json.loads(Path(SPECS).read_text())]
    for spec in specs:
        sys.path[:0] = [path for path in spec.paths if path not in sys.path]
        try:
            run(spec, io.StringIO(READY if spec.generation == "v3" else ""))
        except Exception:
            traceback.print_exc()


main()
