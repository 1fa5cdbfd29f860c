from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmmigrate.runtime_v3.logging import ManagerMixin
from mmmigrate.runtime_v3.registry import (
    DefaultScope,
    Registry,
    build_from_cfg,
    build_scheduler_from_cfg,
    count_registered_modules,
    init_default_scope,
    root,
    traverse_registry_tree,
)


class Net:
    def __init__(self, depth: int = 1) -> None:
        self.depth = depth


class OtherNet(Net):
    pass


@pytest.fixture(autouse=True)
def _no_default_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DefaultScope, "_instance_dict", {})


@pytest.fixture
def models() -> Registry:
    registry = Registry("model", scope="mmengine")
    registry.register_module(module=Net)
    return registry


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package `someproject` on the path, forgotten again afterwards."""
    package = tmp_path / "someproject"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield package
    for name in [name for name in sys.modules if name.startswith("someproject")]:
        del sys.modules[name]


def test_root_registries_have_the_scope_of_mmengine() -> None:
    registries = [value for value in vars(root).values() if isinstance(value, Registry)]
    assert len(registries) == 23
    assert {registry.scope for registry in registries} == {"mmengine"}


def test_ancestors_are_searched_for_a_name_without_a_scope(models: Registry) -> None:
    child = Registry("detector", parent=models, scope="det")
    grandchild = Registry("rotated", parent=child, scope="rot")
    assert grandchild.get("Net") is Net


def test_the_own_scope_limits_the_search(models: Registry) -> None:
    child = Registry("detector", parent=models, scope="det")
    assert child.get("det.Net") is None
    assert child.get("mmengine.Net") is Net


def test_a_sibling_is_found_by_its_scope(models: Registry) -> None:
    detectors = Registry("detector", parent=models, scope="det")
    classifiers = Registry("classifier", parent=models, scope="cls")
    detectors.register_module(name="Det", module=OtherNet)
    assert classifiers.get("det.Det") is OtherNet


def test_the_default_scope_decides_which_of_two_classes_is_built(models: Registry) -> None:
    detectors = Registry("detector", parent=models, scope="det")
    detectors.register_module(name="Net", module=OtherNet)
    assert type(models.build({"type": "Net"})) is Net
    init_default_scope("det")
    assert type(models.build({"type": "Net"})) is OtherNet
    assert type(models.build({"type": "Net", "_scope_": "mmengine"})) is Net
    assert DefaultScope.get_current_instance().scope_name == "det"


def test_the_scope_of_a_config_holds_for_what_its_constructor_builds(models: Registry) -> None:
    detectors = Registry("detector", parent=models, scope="det")
    detectors.register_module(name="Net", module=OtherNet)

    @models.register_module()
    class Outer:
        def __init__(self, inner: dict[str, str]) -> None:
            self.inner = models.build(inner)

    outer = models.build({"type": "mmengine.Outer", "_scope_": "det", "inner": {"type": "Net"}})
    assert type(outer.inner) is OtherNet
    assert DefaultScope.get_current_instance() is None


def test_a_scope_without_a_registry_warns_and_uses_this_one(models: Registry, caplog: pytest.LogCaptureFixture) -> None:
    with models.switch_scope_and_registry("nosuchscope") as registry:
        assert registry is models
    assert 'no registry with scope "nosuchscope"' in caplog.text
    assert "no module nosuchscope.registry" in caplog.text


def test_init_default_scope_changes_an_earlier_scope_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    init_default_scope("a")
    init_default_scope("b")
    init_default_scope("a")
    assert DefaultScope.get_current_instance().scope_name == "a"
    assert 'from "b" to "a"' in caplog.text


def test_a_package_is_imported_when_its_scope_is_named(models: Registry, project: Path) -> None:
    (project / "registry.py").write_text(
        "import builtins\nfrom mmmigrate.runtime_v3.registry import Registry\n"
        "MODELS = Registry('model', parent=builtins.parent_registry, locations=['someproject.models'])\n"
    )
    (project / "models.py").write_text(
        "from someproject.registry import MODELS\n@MODELS.register_module()\nclass Found:\n    pass\n"
    )
    import builtins

    builtins.parent_registry = models  # type: ignore[attr-defined]
    try:
        assert models.get("someproject.Found").__name__ == "Found"
    finally:
        del builtins.parent_registry  # type: ignore[attr-defined]


def test_a_full_path_names_a_class(models: Registry) -> None:
    assert models.get("collections.OrderedDict").__name__ == "OrderedDict"
    assert models.get("mmengine.registry.Registry") is Registry


@pytest.mark.parametrize("key", ["json", "os.path", "no.such.Thing", "nothing"])
def test_a_module_or_an_unknown_path_is_not_found(models: Registry, key: str) -> None:
    assert models.get(key) is None


def test_an_unknown_type_is_refused_with_scope_and_nearest_name(models: Registry) -> None:
    with pytest.raises(KeyError, match="Nett is not in the mmengine::model registry; did you mean 'Net'"):
        models.build({"type": "Nett"})


def test_an_unknown_argument_is_named(models: Registry) -> None:
    with pytest.raises(TypeError, match="Net: unexpected keyword argument 'dept'; did you mean 'depth'"):
        models.build({"type": "Net", "dept": 3})


def test_an_error_inside_a_constructor_is_passed_on_as_it_is(models: Registry) -> None:
    problem = TypeError("inner")

    @models.register_module()
    class Bad:
        def __init__(self) -> None:
            raise problem

    with pytest.raises(TypeError) as raised:
        models.build({"type": "Bad"})
    assert raised.value is problem


def test_a_class_with_shared_instances_is_built_once(models: Registry) -> None:
    @models.register_module()
    class Shared(ManagerMixin):
        pass

    assert models.build({"type": "Shared", "name": "a"}) is models.build({"type": "Shared", "name": "a"})


def test_callables_that_are_no_classes_can_be_registered(models: Registry) -> None:
    from functools import partial

    models.register_module(name="Deep", module=partial(Net, depth=152))
    assert models.build({"type": "Deep"}).depth == 152


class Scheduler:
    def __init__(self, **kwargs: object) -> None:
        self.kwargs = kwargs

    @classmethod
    def build_iter_from_epoch(cls, **kwargs: object) -> tuple[str, dict[str, object]]:
        return "converted", kwargs


def test_a_scheduler_in_epochs_is_converted_to_iterations_on_request() -> None:
    schedulers = Registry("scheduler", build_func=build_scheduler_from_cfg, scope="mmengine")
    schedulers.register_module(module=Scheduler)
    cfg = {"type": "Scheduler", "end": 2, "convert_to_iter_based": True}
    assert schedulers.build(cfg, default_args={"epoch_length": 10}) == ("converted", {"end": 2, "epoch_length": 10})
    assert schedulers.build({"type": "Scheduler", "end": 2}, default_args={"epoch_length": 10}).kwargs == {"end": 2}
    with pytest.raises(ValueError, match="epoch_length"):
        schedulers.build(cfg)


def test_the_survey_counts_every_registry_of_the_tree(models: Registry, tmp_path: Path) -> None:
    Registry("detector", parent=models, scope="det")
    survey = traverse_registry_tree(models)
    assert [(entry["scope"], entry["num_modules"]) for entry in survey] == [("mmengine", 1), ("det", 0)]
    count_registered_modules(str(tmp_path), verbose=False)
    assert (tmp_path / "modules_statistic_results.json").is_file()


def test_the_printed_form_is_a_table_of_names(models: Registry) -> None:
    assert "Registry of model" in repr(models)
    assert "Net" in repr(models)


def test_config_objects_can_be_built_from(models: Registry) -> None:
    from mmmigrate.runtime_v3.config import Config

    assert build_from_cfg(Config({"type": "Net", "depth": 5})._cfg_dict, models).depth == 5
