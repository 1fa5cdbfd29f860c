"""What a training process of the proof is told, as a JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """One run: `generation` is `v2` or `v3`; it stops before iteration `steps` (None: the whole run).

    `weights` is the file for the initial weights: the v2 run writes it and says `ready`, the v3 run waits for that
    word on its standard input and reads it. `tensors` are the iterations recorded in full. `paths` are added to
    `sys.path`. With `resume` the run goes on from the last checkpoint in `work_dir`. Of `world_size` processes each
    writes a trace of its own (`rank_path`). `peer` is the python of an environment whose real library trains, instead
    of the runtime.
    """

    generation: str
    config: str
    trace: str
    work_dir: str
    weights: str
    seed: int = 0
    steps: int | None = None
    tensors: list[int] | None = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    resume: bool = False
    world_size: int = 1
    peer: str | None = None

    def write(self, path: Path) -> Path:
        path.write_text(json.dumps(asdict(self)))
        return path

    @classmethod
    def read(cls, path: Path) -> EngineSpec:
        return cls(**json.loads(path.read_text()))


def rank_path(trace: Path, rank: int) -> Path:
    """Where the process of that rank writes its trace.

    >>> rank_path(Path("new.trace"), 1).name
    'new.rank1.trace'
    """
    return trace if rank == 0 else trace.with_suffix(f".rank{rank}{trace.suffix}")
