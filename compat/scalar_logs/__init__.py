"""The scalars that a run logged, as lines of JSON: v2's `.log.json` and v3's `scalars.json`."""

from mmmigrate.compat.scalar_logs.convert import LogError, convert_log, convert_path

__all__ = ["LogError", "convert_log", "convert_path"]
