"""The small tools of mmcv.utils and mmengine.utils."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mmmigrate.compat import paths, progress, sequences
from mmmigrate.compat.deprecation import deprecated_api_warning, deprecated_function
from mmmigrate.compat.requirements import requires_executable, requires_package
from mmmigrate.compat.timer import Timer, TimerError, check_time
from mmmigrate.compat.version import digit_version, get_git_hash, parse_version_info


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1.2.9", "1.10"), ("2.0.0a1", "2.0.0b1"), ("2.0.0b1", "2.0.0rc1"), ("2.0.0rc1", "2.0.0"), ("2.0", "2.0.post1")],
)
def test_versions_compare_in_the_order_of_their_release(older: str, newer: str) -> None:
    assert digit_version(older) < digit_version(newer)


def test_the_build_of_a_version_does_not_count() -> None:
    assert digit_version("2.13.0+cpu") == digit_version("2.13") == (2, 13, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("version", "info"),
    [("1.7.2", (1, 7, 2, 0, 0, 0)), ("1.0rc2", (1, 0, 0, 0, "rc", 2)), ("1.post3", (1, 0, 0, 0, "post", 3))],
)
def test_version_info_says_the_kind(version: str, info: tuple[Any, ...]) -> None:
    assert parse_version_info(version) == info


def test_the_commit_hash_or_the_fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert get_git_hash(fallback="none") == "none"
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@example.org"]
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([*git, *command], check=True)
    assert len(get_git_hash()) == 40
    assert get_git_hash(digits=7) == get_git_hash()[:7]


def test_casting_keeps_order_and_gives_the_asked_type() -> None:
    assert sequences.list_cast((1, 2.5), str) == ["1", "2.5"]
    assert sequences.tuple_cast(["1"], int) == (1,)
    with pytest.raises(TypeError, match="iterable"):
        sequences.list_cast(1, str)  # type: ignore[arg-type]


@pytest.mark.parametrize("lens", [3, [1, 2], 0])
def test_a_list_is_cut_into_fitting_parts_only(lens: Any) -> None:
    with pytest.raises(ValueError, match=r"4 elements|sum of lens"):
        sequences.slice_list([1, 2, 3, 4], lens)


def test_single_values_are_repeated_and_pairs_kept() -> None:
    assert sequences.to_2tuple(3) == (3, 3)
    assert sequences.to_2tuple([1, 2]) == [1, 2]
    assert sequences.to_ntuple(5)(0) == (0,) * 5


def test_overridden_methods_are_seen_on_classes_and_objects() -> None:
    class Base:
        def a(self) -> None: ...

        def b(self) -> None: ...

    class Derived(Base):
        def a(self) -> None: ...

    assert sequences.is_method_overridden("a", Base, Derived)
    assert not sequences.is_method_overridden("b", Base, Derived())
    assert sequences.has_method(Derived(), "a")
    assert not sequences.has_method(Derived(), "c")


def test_old_argument_names_still_work_with_a_warning() -> None:
    @deprecated_api_warning({"old": "new"}, cls_name="Class")
    def function(new: int = 0) -> int:
        return new

    with pytest.warns(DeprecationWarning, match='"old" is deprecated in `Class.function`, please use "new"'):
        assert function(old=3) == 3
    with pytest.raises(TypeError, match="both 'old'"):
        function(old=1, new=2)


def test_a_deprecated_function_warns_and_says_so_in_its_documentation() -> None:
    @deprecated_function("1.0", "2.0", "use other")
    def function() -> int:
        """Gives one."""
        return 1

    with pytest.warns(
        DeprecationWarning, match=r"in version 1\.0 and will be removed in version 2\.0\. Please use other\."
    ):
        assert function() == 1
    assert function.__doc__ == (
        ".. deprecated:: 1.0\n    Deprecated and will be removed in version 2.0.\n    Please use other.\n\n\n"
        "    Gives one."
    )


def test_missing_requirements_are_named() -> None:
    @requires_package(["json", "no_such_package"])
    def with_package() -> None: ...

    @requires_executable("sh")
    def with_shell() -> int:
        return 1

    with pytest.raises(RuntimeError, match='"no_such_package" are required in method "with_package"'):
        with_package()
    assert with_shell() == 1


def test_folders_are_made_once_and_an_empty_name_is_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        paths.mkdir_or_exist(tmp_path / "a" / "b")
    paths.mkdir_or_exist("")
    assert (tmp_path / "a" / "b").is_dir()
    with pytest.raises(FileNotFoundError, match="does not exist"):
        paths.check_file_exist(tmp_path / "a")


def test_a_link_replaces_an_older_one(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
        paths.symlink(tmp_path / name, tmp_path / "latest")
    assert (tmp_path / "latest").read_text() == "two"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "one", "two"]
    with pytest.raises(FileExistsError):
        paths.symlink("x", tmp_path / "latest", overwrite=False)


def test_files_are_found_by_suffix(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    for name in ("a.TXT", "b.txt", ".c.txt", "s/d.txt"):
        (tmp_path / name).touch()
    assert list(paths.scandir(tmp_path, ".txt")) == ["b.txt"]
    found = paths.scandir(tmp_path, ".TXT", recursive=True, case_sensitive=False)
    assert sorted(found) == ["a.TXT", "b.txt", "s/d.txt"]


def test_the_root_of_a_repository_is_found(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert paths.find_vcs_root(tmp_path / "a" / "b") == str(tmp_path.resolve())
    assert paths.find_vcs_root(tmp_path, markers=(".nothing",)) is None


def double(number: int) -> int:
    return number * 2


def test_progress_gives_the_results_and_writes_the_count() -> None:
    out = io.StringIO()
    assert progress.track_progress(double, [1, 2, 3], file=out) == [2, 4, 6]
    assert " 3/3, " in out.getvalue()
    assert list(progress.track_iter_progress((iter([1, 2]), 2), file=io.StringIO())) == [1, 2]
    with pytest.raises(TypeError, match="iterator, int"):
        progress.track_progress(double, iter([1]), file=out)


def test_parallel_progress_keeps_the_order() -> None:
    out = io.StringIO()
    assert progress.track_parallel_progress(double, list(range(6)), 2, file=out) == [0, 2, 4, 6, 8, 10]
    assert " 6/6, " in out.getvalue()


def test_a_bar_without_a_number_of_tasks_counts() -> None:
    out = io.StringIO()
    bar = progress.ProgressBar(file=out)
    bar.update(2)
    assert "completed: 2, " in out.getvalue()


def test_a_timer_measures_from_its_start_and_last_look(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [10.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    timer = Timer()
    now[0] = 11.0
    assert timer.since_last_check() == 1.0
    now[0] = 13.0
    assert (timer.since_last_check(), timer.since_start()) == (2.0, 3.0)
    with pytest.raises(TimerError, match="not running"):
        Timer(start=False).since_start()


def test_check_time_starts_at_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmmigrate.compat.timer._timers", {})
    assert check_time("a") == 0
    assert check_time("a") >= 0


def test_leaves_are_replaced_deep_inside() -> None:
    from mmmigrate.runtime_v3.nested import apply_to

    changed = apply_to({"a": [1, ("x", 2)]}, lambda leaf: isinstance(leaf, int), double)
    assert changed == {"a": [2, ("x", 4)]}


def test_old_style_construction_from_a_dict() -> None:
    from mmmigrate.runtime_v2.legacy import obj_from_dict

    assert obj_from_dict({"type": "Path", "x": 1}, _Module, {"y": 2}) == {"x": 1, "y": 2}
    with pytest.raises(TypeError, match="key 'type'"):
        obj_from_dict({"x": 1})


class _Module:
    Path = staticmethod(dict)


def test_the_environment_names_python_and_torch() -> None:
    import torch

    from mmmigrate.compat.environment import collect_env

    found = collect_env()
    assert found["PyTorch"] == torch.__version__
    assert str(found["Python"]).startswith("3.")
    assert found["CUDA available"] is torch.cuda.is_available()


def test_norms_are_told_from_other_layers() -> None:
    from torch import nn

    from mmmigrate.compat.torch_names import has_batch_norm, is_norm

    assert [is_norm(layer) for layer in (nn.BatchNorm1d(2), nn.LayerNorm(2), nn.ReLU())] == [True, True, False]
    assert not is_norm(nn.LayerNorm(2), exclude=(nn.LayerNorm,))
    assert has_batch_norm(nn.Sequential(nn.Sequential(nn.BatchNorm2d(1))))
    assert not has_batch_norm(nn.Sequential(nn.LayerNorm(1)))
