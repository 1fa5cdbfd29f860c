"""Packs are data: what a file may say, and which pack a config gets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from mmmigrate.compat.cli import main
from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.packs.change import PackError, read_changes
from mmmigrate.converters.packs.choose import choose_pack, named_packs
from mmmigrate.converters.packs.pack import Pack, builtin_packs, load_pack
from mmmigrate.converters.read.traced import TracedDict, traced
from mmmigrate.converters.rules.experiment import Options


def applied(entry: object, node: dict[str, object]) -> dict[str, object]:
    change = next(change for change in read_changes(entry, "test") if change.holds(node))
    told = traced(node)
    assert isinstance(told, TracedDict)
    return dict(change.apply(told, lambda message, slot: None))


def test_an_entry_renames_moves_drops_and_fills_in() -> None:
    entry = {
        "to": "New",
        "rename": {"prefix": "paths.img", "size": "scale"},
        "values": {"size": "swap"},
        "default": {"keep": True, "edge": "short"},
        "drop": ["idle"],
    }
    told = applied(entry, {"type": "Old", "size": (3, 4), "prefix": "a/", "idle": 1, "edge": "long"})
    assert told == {"type": "New", "scale": (4, 3), "paths": {"img": "a/"}, "edge": "long", "keep": True}


def test_the_first_change_that_holds_is_taken() -> None:
    entry = [
        {"when": {"size": "is short edge"}, "to": "Edge"},
        {"when": {"size": "absent"}, "to": "Any"},
        {"to": "Two"},
    ]
    assert applied(entry, {"type": "R", "size": (256, -1)})["type"] == "Edge"
    assert applied(entry, {"type": "R"})["type"] == "Any"
    assert applied(entry, {"type": "R", "size": (2, 3)})["type"] == "Two"


def test_a_preset_is_named_only_where_the_whole_value_is_the_same() -> None:
    entry = {"presets": {"policies": {"few": [{"type": "A", "range": [0, 1]}]}}}
    assert applied(entry, {"type": "R", "policies": [{"type": "A", "range": (0, 1)}]})["policies"] == "few"
    kept = [{"type": "A", "range": (0, 2)}]
    assert applied(entry, {"type": "R", "policies": kept})["policies"] == kept


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"renames": {}}, "unknown renames"),
        ({"when": {"a": "is big"}}, "unknown test 'is big'"),
        ({"values": {"a": "thrice"}}, "unknown value change 'thrice'"),
    ],
)
def test_what_means_nothing_is_refused_by_name(entry: dict[str, object], said: str) -> None:
    with pytest.raises(PackError, match=said):
        read_changes(entry, "my.yaml: transforms.Resize")


@pytest.mark.parametrize(
    ("text", "said"),
    [("- a", "a mapping with a name"), ("name: a\nmodel: {}", "unknown model"), ("{", "not valid YAML")],
)
def test_a_pack_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "my.yaml").write_text(text)
    with pytest.raises(PackError, match=said):
        load_pack(tmp_path / "my.yaml")


def test_a_pack_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"none\.yaml: No such file"):
        named_packs([str(tmp_path / "none.yaml")])


def test_every_shipped_pack_knows_the_names_of_both_generations() -> None:
    assert {pack.name for pack in builtin_packs()} >= {"mmdet", "mmcls", "mmseg"}
    for pack in builtin_packs():
        assert pack.names["v2"]
        assert "ConcatDataset" in pack.v3_names


@pytest.mark.parametrize(
    ("tree", "pack"),
    [
        ({"model": {"type": "FasterRCNN", "backbone": {"type": "ResNet"}}}, "mmdet"),
        ({"model": {"type": "ImageClassifier", "backbone": {"type": "ResNet"}}}, "mmcls"),
        ({"model": {"type": "EncoderDecoder", "backbone": {"type": "ResNetV1c"}}}, "mmseg"),
        ({"data": {"train": {"type": "Mine", "pipeline": [{"type": "LoadImageFromFile"}]}}}, None),
        ({"model": {"type": "Mine"}}, None),
    ],
)
def test_the_classes_that_a_config_names_choose_its_pack(tree: dict[str, object], pack: str | None) -> None:
    chosen = choose_pack(tree, ["auto"])
    assert (chosen and chosen.name) == pack
    assert choose_pack(tree, []) is None


def test_a_pack_of_ones_own_adds_to_a_shipped_one(tmp_path: Path) -> None:
    pack = tmp_path / "own.yaml"
    pack.write_text("name: own\nextends: mmcls\nmodels: {MyHead: {to: NewHead, rename: {width: channels}}}\n")
    config = tmp_path / "config.py"
    config.write_text("model = dict(type='ImageClassifier', head=dict(type='MyHead', width=3))\n")
    text = ConfigConverter(Options(packs=(str(pack),))).convert(config).text
    assert text == "model = dict(type='ImageClassifier', head=dict(type='NewHead', channels=3))\n"


def test_a_class_that_is_gone_or_foreign_is_reported_once(tmp_path: Path) -> None:
    config = tmp_path / "config.py"
    config.write_text("model = dict(type='RetinaNet', bbox_head=dict(type='YOLACTSegmHead'), neck=dict(type='Mine'))\n")
    findings = [finding for finding in ConfigConverter().convert(config).findings if finding.code == "PCK002"]
    assert sorted(finding.message.split(" (")[0] for finding in findings) == [
        "'Mine' is not one of its classes",
        "'YOLACTSegmHead' is gone from the new codebase",
    ]


@pytest.mark.parametrize(("size", "said"), [("(640, 480), flip=False", 0), ("[(640, 480), (320, 240)], flip=True", 1)])
def test_test_time_augmentation_that_is_given_up_is_said(tmp_path: Path, size: str, said: int) -> None:
    config = tmp_path / "config.py"
    config.write_text(
        "pipeline = [dict(type='LoadImageFromFile'), dict(type='MultiScaleFlipAug', img_scale="
        f"{size}, transforms=[dict(type='Resize'), dict(type='Collect', keys=['img'])])]\n"
        "data = dict(test=dict(type='CocoDataset', ann_file='a.json', pipeline=pipeline))\n"
        "model = dict(type='RetinaNet')\n"
    )
    findings = [finding for finding in ConfigConverter().convert(config).findings if "averaged over" in finding.message]
    assert len(findings) == said


def types_in(value: object) -> Iterator[str]:
    """Every class that a template of a pack names."""
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield value["type"]
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from types_in(item)


@pytest.mark.parametrize("pack", builtin_packs(), ids=lambda pack: pack.name)
def test_every_class_that_a_pack_gives_is_one_of_the_new_codebase(pack: Pack) -> None:
    given = {pack.pipeline["pack"], pack.preprocessor.get("type", "BaseDataPreprocessor")}
    given.update(types_in([pack.pipeline, pack.evaluators, pack.runtime, pack.loaders]))
    for table in (pack.transforms, pack.datasets, pack.models):
        for change in (change for changes in table.values() for change in changes):
            given.update([change.to] if change.to else [])
            given.update(types_in([change.then, change.make, change.default, change.set]))
    assert {name for name in given if "." not in name and not name.startswith("@")} <= pack.v3_names


def test_a_project_names_its_own_packs_in_pyproject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.yaml").write_text("name: own\nextends: mmcls\nmodels: {MyHead: {to: NewHead}}\n")
    (tmp_path / "pyproject.toml").write_text('[tool.mmmigrate]\npacks = ["own.yaml"]\n')
    (tmp_path / "config.py").write_text("model = dict(type='ImageClassifier', head=dict(type='MyHead'))\n")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["config", "config.py", "-o", "out"])
    assert result.exit_code == 0, result.output
    assert "type='NewHead'" in next((tmp_path / "out").rglob("config.py")).read_text()
