"""What every config under a folder is loaded as, for one library, as JSON lines.

python record_configs.py mmcv|mmengine|runtime_v2|runtime_v3 FOLDER…

A line has `path`, then `values` (their repr, so that types and the order of keys count) and `text`, or the type of the
`error`. Runs in an environment that has the library.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib import import_module
from pathlib import Path

MODULES = {
    "mmcv": "mmcv.utils.config",
    "mmengine": "mmengine.config",
    "runtime_v2": "mmmigrate.runtime_v2.config",
    "runtime_v3": "mmmigrate.runtime_v3.config",
}


def main(library: str, *folders: str) -> None:
    warnings.simplefilter("ignore")
    config_class = import_module(MODULES[library]).Config
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix not in (".py", ".yaml", ".json") or path.name == "__init__.py":
                continue
            record = {"path": str(path.relative_to(folder))}
            try:
                cfg = config_class.fromfile(str(path), import_custom_modules=False)
                record |= {"values": repr(plain(cfg.to_dict())), "text": cfg.text}
            except Exception as error:
                record["error"] = type(error).__name__
            print(json.dumps(record))


def plain(value: object) -> object:
    """Plain dicts, whatever class a library leaves inside its tuples and lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(plain(item) for item in value)
    return value


if __name__ == "__main__":
    main(*sys.argv[1:])
