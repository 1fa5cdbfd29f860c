from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from mmmigrate.compat.aliases import import_path
from mmmigrate.compat.aliases.resolve import missing_message, sources_of
from mmmigrate.compat.aliases.table import LIBRARIES

INSTALL = "from mmmigrate.compat import aliases\naliases.install('mmcv', 'mmengine')\n"


def run(code: str, *flags: str, cwd: Path | None = None) -> str:
    """What a fresh process prints; aliases change a whole process, so each test has its own."""
    done = subprocess.run([sys.executable, *flags, "-c", code], capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", sorted(path for library in LIBRARIES.values() for path in library.modules()))
def test_every_module_of_the_table_is_answered_by_modules_that_exist(path: str) -> None:
    assert all(import_module(source) for source in sources_of(path))


def test_the_classes_are_the_runtimes() -> None:
    code = (
        "import mmcv, mmengine\nfrom mmcv.runner import HOOKS, Hook\nfrom mmcv.runner.hooks.hook import Hook as H\n"
        "from mmcv.runner.hooks import *\nimport mmmigrate.runtime_v2 as v2, mmmigrate.runtime_v3 as v3\n"
        "from mmengine.hooks import Hook as Hook3\nfrom mmengine import Config\n"
        "from mmmigrate.runtime_v3.config import Config as C3\n"
        "print(H is Hook is v2.Hook, HOOKS is v2.HOOKS, EMAHook is v2.EMAHook, Hook3 is v3.Hook, Config is C3)\n"
        "print(mmcv.__version__, mmcv.version_info[:3], mmengine.__version__, mmcv.Config is v2.Config)\n"
    )
    assert run(INSTALL + code) == "True True True True True\n1.7.2 (1, 7, 2) 0.10.7 True\n"


def test_a_module_does_not_hide_the_function_of_its_name() -> None:
    code = (
        "import mmcv.parallel.collate\nfrom mmcv.parallel import collate\nprint(collate.__name__, callable(collate))\n"
    )
    assert run(INSTALL + code) == "collate True\n"


def test_submodules_are_found_as_attributes() -> None:
    assert (
        run(INSTALL + "import mmcv\nprint(mmcv.runner.hooks.Hook.__name__, hasattr(mmcv, 'nothing'))") == "Hook False\n"
    )


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "from mmcv.runner import Hok",
            "mmmigrate.runtime_v2, which answers for mmcv 1.7.2, has no mmcv.runner.Hok; did you",
        ),
        ("import mmcv.runnr", "has no mmcv.runnr; did you mean 'runner'?"),
        ("from mmcv.ops import nms", "torchvision.ops has nms"),
        ("import mmengine\nmmengine.Confg", "did you mean 'Config'?"),
    ],
)
def test_a_name_without_an_answer_says_what_there_is(statement: str, message: str) -> None:
    code = f"try:\n    exec({statement!r})\nexcept (ImportError, AttributeError) as error:\n    print(error)\n"
    assert message in run(INSTALL + code)


def test_optional_imports_still_fail_as_import_errors() -> None:
    code = "try:\n    from mmcv.ops import nms\nexcept ImportError:\n    print('optional')\n"
    assert run(INSTALL + code) == "optional\n"


def test_a_library_that_is_loaded_already_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mmcv.py").write_text("")
    code = (
        "import sys; sys.path.insert(0, '.')\nimport mmcv\nfrom mmmigrate.compat import aliases\n"
        "try:\n    aliases.install('mmcv')\nexcept aliases.RealLibraryLoadedError as error:\n    print(error)\n"
    )
    message = run(code, cwd=tmp_path)
    assert "the real mmcv was imported already" in message
    assert "mmcv.py" in message


def test_an_unknown_library_is_refused() -> None:
    from mmmigrate.compat.aliases import install

    with pytest.raises(ValueError, match="no alias for 'mmvc'; did you mean 'mmcv'"):
        install("mmvc")


def test_installing_twice_and_taking_away_again() -> None:
    code = (
        "aliases.install('mmcv')\nimport mmcv.runner\naliases.uninstall('mmcv')\nprint(aliases.installed())\n"
        "try:\n    import mmcv\nexcept ImportError:\n    print('gone')\n"
    )
    assert run(INSTALL + code) == "['mmengine']\ngone\n"


def test_objects_of_alias_modules_are_pickled() -> None:
    code = (
        "import pickle\nfrom mmcv.utils import Registry, ConfigDict\n"
        "print(pickle.loads(pickle.dumps(Registry)) is Registry, pickle.loads(pickle.dumps(ConfigDict(a=1))).a)\n"
    )
    assert run(INSTALL + code) == "True 1\n"


def test_a_pickle_of_the_real_library_finds_the_runtimes_class() -> None:
    code = "import pickle\nprint(pickle.loads(b'cmmcv.utils.config\\nConfigDict\\n.').__module__)\n"
    assert run(INSTALL + code) == "mmmigrate.compat.config.config_dict\n"


SCRIPT = """
import multiprocessing
import sys
import mmcv

def version(_):
    from mmcv.runner import Hook
    return mmcv.__version__, Hook.__module__

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(version, [1]), sys.argv[1:])
"""


def test_a_script_runs_with_aliases_also_in_its_spawned_processes(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-m", "mmmigrate.compat.aliases", "--mmcv", str(script), "--mmcv", "x"],
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[('1.7.2', 'mmmigrate.runtime_v2.hooks.hook')] ['--mmcv', 'x']\n", done.stderr


def test_a_script_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mmmigrate.compat.aliases", str(tmp_path / "none.py")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "there is no file" in done.stderr


def test_the_pytest_plugin_lets_tests_import_mmcv(tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text("from mmcv.runner import Hook\ndef test_it():\n    assert Hook\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "mmmigrate.compat.pytest_aliases",
            "-c",
            "/dev/null",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert "1 passed" in done.stdout


def test_import_path_answers_without_installing() -> None:
    from mmmigrate.runtime_v3.registry import Registry

    assert import_path("mmengine.registry").Registry is Registry
    assert import_path("json").__name__ == "json"
    assert "mmengine" not in sys.modules
    with pytest.raises(ModuleNotFoundError, match=r"has no mmengine\.nothing"):
        import_path("mmengine.nothing")


def test_what_is_gone_says_what_to_use() -> None:
    assert missing_message("mmcv.ops.nms") == (
        "mmmigrate.runtime_v2 does not answer for mmcv.ops.nms: its compiled operators have no counterpart here: "
        "torchvision.ops has nms, roi_align and deform_conv2d"
    )


def test_a_patch_of_an_alias_reaches_the_code_behind_it() -> None:
    code = (
        "from unittest.mock import patch\nimport mmcv.runner.checkpoint as c\n"
        "from mmmigrate.runtime_v2.checkpoint import loading\n"
        "with patch('mmcv.runner.checkpoint.get_dist_info', lambda: 5), patch.object(c, 'load_from_http', 6):\n"
        "    print(loading.get_dist_info(), loading.load_from_http, c.get_dist_info(), c.torch.__name__)\n"
        "print(loading.get_dist_info(), c.get_dist_info(), loading.load_from_http.__name__)\n"
    )
    assert run(INSTALL + code) == "5 6 5 torch\n(0, 1) (0, 1) load_from_http\n"
