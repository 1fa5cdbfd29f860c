"""Every custom hook, schedule, optimizer and constructor of three codebases: each runs, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from differential.published import ADAPTED, CASES, FILES
from peers import environments

from mmmigrate.converters.code.classes import Class
from mmmigrate.converters.code.convert import CodeConverter
from mmmigrate.converters.code.survey import python_files

_KINDS = ("mmcv.runner.Hook", "mmcv.runner.DefaultOptimizerConstructor")
_REGISTRIES = re.compile(r"mmcv\.runner\.(HOOKS|OPTIMIZERS|OPTIMIZER_BUILDERS)\.register_module")
_MAY_HAVE_ONE = re.compile(rb"Hook\b|HOOKS|OPTIMIZERS|OPTIMIZER_BUILDERS")
# Classes that stay v2 code behind the bridge, with what they do that v3's code cannot be given.
STAY = {
    "mmcls.core.hook.precise_bn_hook.PreciseBNHook": "the wrapped model is handed to update_bn_stats",
    "mmcls.core.hook.wandblogger_hook.MMClsWandbHook": "it looks through the other hooks",
    "mmdet.core.hook.wandblogger_hook.MMDetWandbHook": "it looks through the other hooks",
    "mmseg.core.hook.wandblogger_hook.MMSegWandbHook": "it looks through the other hooks",
}
# A base without a use of its own: its two heirs run.
ABSTRACT = {"mmdet.core.hook.ema.BaseEMAHook"}


def is_custom(cls: Class) -> bool:
    functions = [getattr(item, "func", item) for item in cls.node.decorator_list]
    registered = any(_REGISTRIES.fullmatch(cls.module.resolve(item) or "") for item in functions)
    return registered or cls.derives(*_KINDS)


def custom_classes(codebase: str) -> Iterator[Class]:
    root = environments.published(codebase)
    project = CodeConverter().project
    for file in python_files(root / codebase):
        name = project.add(file)
        module = project.module(name) if _MAY_HAVE_ONE.search(file.read_bytes()) else None
        yield from filter(is_custom, module.classes if module else ())


@pytest.fixture(scope="module")
def classes() -> set[str]:
    return {cls.path for codebase in FILES for cls in custom_classes(codebase)}


def test_each_runs_in_the_four_engines(classes: set[str]) -> None:
    run = {f"{case.module}.{case.cls}" for case in (*CASES, *ADAPTED)}
    assert classes - ABSTRACT == run


def test_what_is_not_translated_is_adapted_and_says_why(classes: set[str]) -> None:
    stay = {}
    for codebase, files in FILES.items():
        converter = CodeConverter()
        for file in files:
            module = file.removesuffix(".py").replace("/", ".")
            for finding in converter.convert(environments.published(codebase) / file).findings:
                if finding.code in ("HKC002", "HKC003", "OWC002", "SYM004"):
                    stay[f"{module}.{finding.message.partition(' ')[0]}"] = finding.message
    assert stay.keys() == STAY.keys()
    assert [path for path, reason in STAY.items() if reason not in stay[path]] == []
    assert {f"{case.module}.{case.cls}" for case in ADAPTED} == STAY.keys()
