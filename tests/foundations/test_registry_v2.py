from __future__ import annotations

from typing import Any

import pytest

from mmmigrate.runtime_v2.registry import Registry, build_from_cfg


class Net:
    def __init__(self, depth: int, stages: int = 4) -> None:
        self.depth, self.stages = depth, stages


def failing(message: str) -> None:
    raise OSError(message)


@pytest.fixture
def models() -> Registry:
    registry = Registry("model", scope="mmcv")
    registry.register_module(module=Net)
    registry.register_module(module=failing)
    return registry


def test_the_scope_is_the_package_that_makes_the_registry() -> None:
    assert Registry("model").scope == __name__.partition(".")[0]


def test_the_runtimes_own_registries_have_the_scope_of_mmcv() -> None:
    from mmmigrate.runtime_v2 import HOOKS

    assert HOOKS.scope == "mmcv"


def test_a_decorator_registers_under_the_name_of_the_class(models: Registry) -> None:
    @models.register_module()
    class Other:
        pass

    assert models.get("Other") is Other


@pytest.mark.parametrize("name", ["a", ["a", "b"], ("a",)])
def test_one_or_several_names_can_be_given(models: Registry, name: Any) -> None:
    models.register_module(name=name, module=Net)
    assert models.get("a") is Net


def test_a_taken_name_is_refused_unless_forced(models: Registry) -> None:
    class Replacement:
        pass

    with pytest.raises(KeyError, match="Net is already registered in model"):
        models.register_module(name="Net", module=Replacement)
    models.register_module(name="Net", module=Replacement, force=True)
    assert models.get("Net") is Replacement


def test_the_oldest_form_still_registers(models: Registry) -> None:
    class Old:
        pass

    with pytest.warns(DeprecationWarning, match="old form"):
        models.register_module(Old)
    assert models.get("Old") is Old


@pytest.mark.parametrize(("kwargs", "what"), [({"force": 1}, "force"), ({"name": 3}, "name"), ({"name": [3]}, "name")])
def test_wrong_arguments_of_registering_are_refused(models: Registry, kwargs: dict[str, Any], what: str) -> None:
    with pytest.raises(TypeError, match=what):
        models.register_module(module=Net, **kwargs)


def test_an_instance_can_not_be_registered(models: Registry) -> None:
    with pytest.raises(TypeError, match="class or a function"):
        models.register_module(name="x", module=Net(1))


def test_the_config_wins_over_default_arguments(models: Registry) -> None:
    net = build_from_cfg({"type": "Net", "depth": 50}, models, {"depth": 18, "stages": 3})
    assert (net.depth, net.stages) == (50, 3)


def test_the_config_is_not_changed_by_building(models: Registry) -> None:
    cfg = {"type": "Net", "depth": 50}
    models.build(cfg)
    assert cfg == {"type": "Net", "depth": 50}


def test_the_type_may_be_the_class_itself(models: Registry) -> None:
    assert models.build({"type": Net, "depth": 1}).depth == 1


@pytest.mark.parametrize(
    ("cfg", "default", "error", "text"),
    [
        ({"type": "Nett", "depth": 1}, None, KeyError, "Nett is not in the model registry; did you mean 'Net'"),
        ({"type": "Net", "dept": 1}, None, TypeError, "Net: unexpected keyword argument 'dept'; did you mean 'depth'"),
        ({"type": "failing", "message": "disk"}, None, OSError, "failing: disk"),
        ({"depth": 1}, None, KeyError, 'must contain the key "type"'),
        ([1], None, TypeError, "cfg should be a dict"),
        ({"type": "Net"}, 0, TypeError, "default_args should be a dict or None"),
        ({"type": 3}, None, TypeError, "type must be a str or valid type"),
    ],
)
def test_a_config_that_can_not_be_built_says_why(
    models: Registry, cfg: Any, default: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        build_from_cfg(cfg, models, default)


def test_children_are_found_by_scope_and_from_their_siblings(models: Registry) -> None:
    detectors = Registry("detector", parent=models, scope="mmdet")
    classifiers = Registry("classifier", parent=models, scope="mmcls")
    detectors.register_module(name="Det", module=Net)
    assert models.get("mmdet.Det") is Net
    assert classifiers.get("mmdet.Det") is Net
    assert detectors.get("mmdet.Det") is detectors.get("Det") is Net


def test_a_name_without_a_scope_is_not_searched_in_the_parent(models: Registry) -> None:
    child = Registry("detector", parent=models, scope="mmdet")
    assert child.get("Net") is None
    assert child.get("mmcv.Net") is Net


def test_an_unknown_scope_is_not_found(models: Registry) -> None:
    child = Registry("detector", parent=models, scope="mmdet")
    assert models.get("mmseg.Net") is None
    assert child.get("mmseg.Net") is None


def test_two_children_can_not_have_one_scope(models: Registry) -> None:
    Registry("a", parent=models, scope="mmdet")
    with pytest.raises(KeyError, match="scope mmdet exists in"):
        Registry("b", parent=models, scope="mmdet")


def test_a_child_builds_as_its_parent_does() -> None:
    parent = Registry("parent", build_func=lambda cfg, registry: (cfg, registry.name), scope="a")
    assert Registry("child", parent=parent, scope="b").build(1) == (1, "child")


def test_on_missing_answers_before_a_lookup_fails(models: Registry) -> None:
    child = Registry("detector", parent=models, scope="mmdet")
    asked: list[str] = []
    models.on_missing.append(lambda name: asked.append(name))
    models.on_missing.append(lambda name: Net if name == "Adapted" else None)
    assert child.build({"type": "Adapted", "depth": 2}).depth == 2
    assert models.get("Net") is Net
    assert asked == ["Adapted"]
