"""Runs in the environment of real mmengine: paths on stdin, one line of JSON on stdout for each (null: unreadable)."""

import json
import sys
import warnings

from mmengine.config import Config

warnings.filterwarnings("ignore")
for line in sys.stdin.read().splitlines():
    try:
        tree = Config.fromfile(line).to_dict()
    except (ImportError, OSError):
        tree = None
    print(json.dumps(tree, default=repr))
