"""Trains an experiment that may be killed, and notes each iteration as a line of a file.

python v3_resume.py ROOT FOLDER NOTES CONFIG_JSON [KILL_AT [CHECKPOINT]]

KILL_AT: the iteration after which the process kills itself, 0 for none. It resumes if FOLDER has a checkpoint, or
from CHECKPOINT.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

ROOT, FOLDER, NOTES, CONFIG = sys.argv[1:5]
KILL_AT = int(sys.argv[5]) if len(sys.argv) > 5 else 0
CHECKPOINT = sys.argv[6] if len(sys.argv) > 6 else None

sys.argv = ["v3_record.py", ROOT]  # its table of classes is wanted, not its main
record = runpy.run_path(str(Path(__file__).with_name("v3_record.py")), run_name="table")


class Notes(record["hooks"].Hook):
    priority = "LOWEST"

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        note = {
            "iter": runner.iter,
            "loss": float(outputs["loss"]).hex(),
            "weights": record["digest"](runner.model.state_dict()),
            "optimizer": record["digest"](runner.optim_wrapper.state_dict()["state"]),
            "lr": [rate.hex() for rate in runner.optim_wrapper.get_lr()["lr"]],
        }
        with Path(NOTES).open("a") as file:
            file.write(json.dumps(note) + "\n")
        if runner.iter + 1 == KILL_AT:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    cfg = {**json.loads(CONFIG), "work_dir": FOLDER}
    if CHECKPOINT is not None:
        cfg.update(resume=True, load_from=CHECKPOINT)
    elif (Path(FOLDER) / "last_checkpoint").exists():
        cfg["resume"] = True
    runner = record["runner_module"].Runner.from_cfg(cfg)
    runner.register_hook(Notes())
    runner.train()


main()
