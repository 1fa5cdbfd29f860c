"""Laws of the conversion on drawn modules: what comes out is Python, nothing is done twice, the rest is left alone."""

from __future__ import annotations

import ast
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mmmigrate.converters.code.convert import CodeConverter, CodeOptions
from mmmigrate.converters.code.source import decode_source

IMPORTS = [
    "import mmcv",
    "import mmcv as m",
    "import mmcv.runner",
    "import mmcv.parallel as par",
    "from mmcv import Config, ConfigDict as CD",
    "from mmcv import runner, utils",
    "from mmcv.runner import HOOKS, Hook, get_dist_info",
    "from mmcv.runner import OPTIMIZER_BUILDERS as BUILDERS",
    "from mmcv.utils import (  # kept\n    Registry,\n    build_from_cfg,\n)",
    "from mmcv.parallel import collate",
    "from mmcv.cnn import ConvModule",
    "from mmcv.utils import *",
    "from mmengine.hooks import EMAHook",
    "from mmengine import fileio",
    "from mmengine.registry import METRICS",
    "import os, sys",
    "import numpy as np",
    "try:\n    import mmcv as w\nexcept ImportError:\n    w = None",
    "if True:\n    from mmcv.runner import load_checkpoint",
]
CODE = [
    "x = 'from mmcv.runner import Hook'  # mmcv",
    "y = mmcv.Config.fromfile('a')",
    "z = m.utils.Registry('x')",
    "par.collate([])",
    "class A(Hook):\n    def before_run(self, runner):\n        runner.model.module.eval()",
    "class B(Hook):\n    def after_train_iter(self, runner):\n        self.x = runner.outputs['loss']",
    "class C(mmcv.runner.Hook):\n    def after_iter(self, runner): pass",
    "@HOOKS.register_module()\nclass D:\n    pass",
    "def f(mmcv, Hook=None):\n    return mmcv.Config, Hook",
    "def g():\n    from mmcv.runner import get_dist_info as d\n    return d(), runner.get_dist_info()",
    "print(f'{mmcv.__version__} {CD}')",
    "R = Registry('r')",
    "getattr(mmcv, 'Config')",
    "mmcv.imread = None",
    "__all__ = ['Hook', 'Config']",
    "fileio.get('a')",
    "é = 'ü'  # ß",
    "\x0c",
    "",
]


@st.composite
def modules(draw: st.DrawFn) -> str:
    parts = draw(st.lists(st.sampled_from(IMPORTS), max_size=6)) + draw(st.lists(st.sampled_from(CODE), max_size=6))
    parts += draw(st.lists(st.sampled_from([*IMPORTS, *CODE]), max_size=2))
    gaps = draw(st.lists(st.sampled_from(["\n", "\n\n", "\n# a comment\n"]), min_size=len(parts), max_size=len(parts)))
    text = "".join(f"{part}{gap}" for part, gap in zip(parts, gaps))
    text = text if draw(st.booleans()) else text.replace("    ", "\t")
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def converted(text: str, to: str) -> str:
    source = decode_source(Path("drawn.py"), text.encode())
    return CodeConverter(CodeOptions(to=to)).convert_source(source, "drawn").utf8.decode()


@settings(max_examples=150, deadline=None)
@given(text=modules(), to=st.sampled_from(["v3", "v2"]))
def test_the_result_is_python_and_converting_it_changes_nothing(text: str, to: str) -> None:
    once = converted(text, to)
    ast.parse(once)
    assert converted(once, to) == once


@settings(max_examples=60, deadline=None)
@given(text=modules(), to=st.sampled_from(["v3", "v2"]))
def test_line_ends_and_comments_stay(text: str, to: str) -> None:
    once = converted(text, to)
    assert ("\r\n" in once.replace("\n", "", 0)) == ("\r\n" in text) or once == text or not text.strip()
    assert once.count("# a comment") == text.count("# a comment")
    assert once.replace("\r\n", "").count("\r") == 0
    if "\r\n" in text:
        assert once.replace("\r\n", "").count("\n") == 0


@settings(max_examples=60, deadline=None)
@given(
    parts=st.lists(
        st.sampled_from(["import os", "x = 'mmcv'", "def f(runner):\n    runner.model.module", "\t", "# mmcv"])
    )
)
def test_without_names_of_a_library_nothing_changes(parts: list[str]) -> None:
    text = "".join(f"{part}\n" for part in parts if part != "\t")
    assert converted(text, "v3") == text == converted(text, "v2")
