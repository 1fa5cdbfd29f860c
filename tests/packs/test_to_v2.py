"""Packs on the way back: what v3 says of models, data and metrics, in v2's words."""

from __future__ import annotations

from pathlib import Path

import pytest
from packs.agreement import experiments, leaves_of, measure_to_v2

from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.packs.back.classes import undo
from mmmigrate.converters.packs.change import read_changes
from mmmigrate.converters.packs.choose import choose_pack
from mmmigrate.converters.read.load import Loader
from mmmigrate.converters.read.traced import TracedDict, plain, traced
from mmmigrate.converters.reverse.engine import translate as to_v2
from mmmigrate.converters.rules.engine import translate as to_v3
from mmmigrate.converters.rules.experiment import Options

CASES = sorted((Path(__file__).parents[2] / "fixtures" / "packs" / "to_v2").glob("*/before.py"))


@pytest.mark.parametrize("case", CASES, ids=[case.parent.name for case in CASES])
def test_a_v3_config_in_v2_words(case: Path) -> None:
    converted = ConfigConverter(Options(to="v2")).convert(case)
    assert converted.text == case.with_name("after.py").read_text()
    assert not any("keep their v3 names" in finding.message for finding in converted.findings)


def test_classes_that_v2_does_not_have_are_reported_by_name() -> None:
    case = next(case for case in CASES if case.parent.name == "mmdet_own_parts")
    findings = ConfigConverter(Options(to="v2")).convert(case).findings
    assert sorted(finding.message.split(" (")[0] for finding in findings if finding.code == "PCK002") == [
        "'Bruise' is not one of its classes",
        "'CSPNeXt' came with the new codebase",
        "'FruitHead' is not one of its classes",
    ]


@pytest.mark.parametrize(
    ("entry", "new", "old"),
    [
        ({"to": "New", "rename": {"a": "b.c"}}, {"type": "New", "b": {"c": 1}}, {"type": "Old", "a": 1}),
        ({"values": {"size": "swap"}}, {"type": "Old", "size": (3, 4)}, {"type": "Old", "size": (4, 3)}),
        ({"values": {"mean": "times 255"}}, {"type": "Old", "mean": [123.675]}, {"type": "Old", "mean": [0.485]}),
        (
            {"when": {"mode": "value"}, "to": "New", "drop": ["mode"]},
            {"type": "New", "s": 1},
            {"type": "Old", "s": 1, "mode": "value"},
        ),
        ({"set": {"kind": "topdown"}}, {"type": "Old", "kind": "bottomup"}, None),
        (
            {"moves": {"pretrained": "net.init.checkpoint"}, "default": {"net.init.type": "Pretrained"}},
            {"type": "Old", "net": {"depth": 3, "init": {"type": "Pretrained", "checkpoint": "x.pth"}}},
            {"type": "Old", "net": {"depth": 3}, "pretrained": "x.pth"},
        ),
        (
            {"make": {"costs": [{"type": "A", "w": "@a|1"}, "@b"]}},
            {"type": "Old", "costs": [{"type": "A", "w": 2}, {"type": "B"}]},
            {"type": "Old", "a": 2, "b": {"type": "B"}},
        ),
        (
            {"gather": {"probs": ["parts", "prob"]}},
            {"type": "Old", "parts": [{"type": "A"}, {"type": "B"}], "probs": [0.2, 0.5]},
            {"type": "Old", "parts": [{"type": "A", "prob": 0.2}, {"type": "B", "prob": 0.5}]},
        ),
    ],
)
def test_a_change_is_undone_or_refused(entry: dict, new: dict, old: dict | None) -> None:
    (change,) = read_changes(entry, "test")
    node = traced(new)
    assert isinstance(node, TracedDict)
    assert undo(change, "Old", node) == old
    if old is not None:
        assert change.apply(traced(old), lambda message, slot: None) == new


@pytest.mark.parametrize(
    ("tree", "pack"),
    [
        ({"default_scope": "mmdet", "model": {"type": "FasterRCNN"}}, "mmdet"),
        ({"model": {"type": "ImageClassifier", "backbone": {"type": "ResNet"}}}, "mmcls"),
        ({"model": {"type": "EncoderDecoder", "data_preprocessor": {"type": "SegDataPreProcessor"}}}, "mmseg"),
        ({"default_scope": "mmdet", "model": {"type": "Mine"}}, None),
    ],
)
def test_the_classes_that_a_v3_config_names_choose_its_pack(tree: dict, pack: str | None) -> None:
    chosen = choose_pack(tree, ["auto"], "v3")
    assert (chosen and chosen.name) == pack


@pytest.mark.peer
@pytest.mark.parametrize("codebase", ["mmdet", "mmcls", "mmseg"])
def test_there_and_back_and_there_is_there(codebase: str) -> None:
    """What a converted config says survives the way back and forth, to the last leaf, in nearly every experiment."""
    stable = []
    for path, _ in list(experiments(codebase))[::9]:
        v3 = to_v3(Loader().load(path).merged, Options()).v3
        again = to_v3(to_v2(v3, Options(to="v2")).v2, Options()).v3
        stable.append(leaves_of(plain(v3)) == leaves_of(plain(again)))
    assert len(stable) >= 18
    assert sum(stable) >= 0.95 * len(stable)


@pytest.mark.peer
@pytest.mark.parametrize("codebase", ["mmdet", "mmcls", "mmseg"])
def test_the_authors_own_v3_configs_in_v2_words_are_their_v2_configs(codebase: str) -> None:
    agreement = measure_to_v2(codebase, every=15)
    assert agreement.median >= 0.95
    assert agreement.worst_decile >= 0.85
