from __future__ import annotations

import pytest
from click.shell_completion import BashComplete

from mmmigrate.compat.cli.main import main


def offered(*words: str) -> list[str]:
    """What a shell offers for the last of the words."""
    complete = BashComplete(main, {}, "mmmigrate", "_MMMIGRATE_COMPLETE")
    return [item.value for item in complete.get_completions(list(words[:-1]), words[-1])]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("che",), ["checkpoint"]),
        (("config", "--sch"), ["--schedule"]),
        (("explain", "sch00"), ["SCH001", "SCH002", "SCH003", "SCH004"]),
        (("explain", "mmcv.runner.Ep"), ["mmcv.runner.EpochBasedRunner"]),
        (("explain", "mmc"), ["mmcls", "mmcv"]),
        (("explain", "mmcv.nothing"), []),
    ],
)
def test_a_shell_completes_commands_options_codes_and_names(words: tuple[str, ...], wanted: list[str]) -> None:
    assert offered(*words) == wanted
