"""Weights whose modules have other names in the other generation."""

import pytest
import torch

from mmmigrate.compat.checkpoint import CheckpointError
from mmmigrate.compat.checkpoint.convert import Options, convert
from mmmigrate.compat.checkpoint.names import renamer
from mmmigrate.compat.checkpoint.patch import same

from .checkpoints import v2_checkpoint

ENCODER, DECODER = "bbox_head.transformer.encoder.layers", "bbox_head.transformer.decoder.layers"
DETR = {
    "backbone.conv1.weight": "backbone.conv1.weight",
    "bbox_head.input_proj.weight": "neck.convs.0.conv.weight",
    "bbox_head.fc_cls.weight": "bbox_head.fc_cls.weight",
    "bbox_head.reg_ffn.layers.0.0.weight": "bbox_head.reg_ffn.layers.0.0.weight",
    "bbox_head.query_embedding.weight": "query_embedding.weight",
    f"{ENCODER}.0.attentions.0.attn.in_proj_weight": "encoder.layers.0.self_attn.attn.in_proj_weight",
    f"{ENCODER}.5.ffns.0.layers.0.0.weight": "encoder.layers.5.ffn.layers.0.0.weight",
    f"{ENCODER}.5.norms.1.bias": "encoder.layers.5.norms.1.bias",
    f"{DECODER}.3.attentions.0.attn.out_proj.bias": "decoder.layers.3.self_attn.attn.out_proj.bias",
    f"{DECODER}.3.attentions.1.attn.out_proj.bias": "decoder.layers.3.cross_attn.attn.out_proj.bias",
    "bbox_head.transformer.decoder.post_norm.weight": "decoder.post_norm.weight",
}
DEFORMABLE = {
    "bbox_head.transformer.level_embeds": "level_embed",
    "bbox_head.transformer.reference_points.weight": "reference_points_fc.weight",
    "bbox_head.cls_branches.0.weight": "bbox_head.cls_branches.0.weight",
    f"{ENCODER}.0.attentions.0.sampling_offsets.bias": "encoder.layers.0.self_attn.sampling_offsets.bias",
    "neck.convs.0.conv.weight": "neck.convs.0.conv.weight",
}
MASK = "panoptic_head.transformer_decoder.layers.0"
MASK2FORMER = {
    "panoptic_head.query_feat.weight": "panoptic_head.query_feat.weight",
    "panoptic_head.query_embed.weight": "panoptic_head.query_embed.weight",
    f"{MASK}.attentions.0.attn.in_proj_bias": f"{MASK}.cross_attn.attn.in_proj_bias",
    f"{MASK}.attentions.1.attn.in_proj_bias": f"{MASK}.self_attn.attn.in_proj_bias",
}
MASKFORMER = {
    "panoptic_head.query_embed.weight": "panoptic_head.query_embed.weight",
    f"{MASK}.attentions.0.attn.in_proj_bias": f"{MASK}.self_attn.attn.in_proj_bias",
    f"{MASK}.attentions.1.attn.in_proj_bias": f"{MASK}.cross_attn.attn.in_proj_bias",
}


@pytest.mark.parametrize("pairs", [DETR, DEFORMABLE, MASK2FORMER, MASKFORMER])
def test_a_family_is_known_by_its_weights_and_renamed_both_ways(pairs):
    forward, families = renamer(pairs, "v3")
    backward, again = renamer(pairs.values(), "v2")
    assert {name: forward(name) for name in pairs} == pairs
    assert {new: backward(new) for new in pairs.values()} == {new: old for old, new in pairs.items()}
    assert families == again
    assert len(families) == 1


@pytest.mark.parametrize(
    "names",
    [
        ["backbone.layers.0.attentions.0.weight", "bbox_head.fc_cls.weight"],
        ["encoder.layers.0.attentions.0.weight", "decode_head.conv_seg.weight"],
    ],
)
def test_other_models_keep_their_names(names):
    for to in ("v2", "v3"):
        rename, families = renamer(names, to)
        assert ([rename(name) for name in names], families) == (names, [])


def test_dino_which_v2_never_had_keeps_its_names():
    names = [
        "level_embed",
        "encoder.layers.0.self_attn.x",
        "bbox_head.cls_branches.0.weight",
        "dn_query_generator.label.weight",
    ]
    assert renamer(names, "v2")[1] == []


def test_the_optimizer_whose_order_changes_is_left_out_said_so_and_comes_back():
    old = v2_checkpoint(state_dict={name: torch.ones(1) for name in DETR})
    there = convert({"checkpoint": old}, "epoch_2.pth", Options("v3"))
    assert "optimizer" not in there.files["checkpoint"]
    assert "the optimizer's state is left out" in there.notes[0]
    assert list(there.files["checkpoint"]["state_dict"]) == list(DETR.values())
    assert same(convert(there.files, "x.pth", Options("v2")).files["checkpoint"], old)


OWN = 'mine:\n  signs: {v2: ["old.{rest}"], v3: ["new.{rest}"]}\n  pairs: {"old.{i}.{rest}": "new.{rest}.block{i}"}\n'


def test_a_pack_of_ones_own(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(OWN)
    rename, families = renamer(["old.3.weight"], "v3", path)
    assert (rename("old.3.weight"), families) == ("new.weight.block3", ["mine/mine"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mine: [1]", "not a pack of weight names"),
        (OWN.replace("block{i}", "block"), "have different places"),
        (
            OWN.replace("old.{i}.{rest}", "old.{i}.{rest}").replace("new.{rest}.block{i}", "x.{i}{rest}"),
            "would both be called",
        ),
    ],
)
def test_a_pack_with_a_fault_is_refused(tmp_path, text, message):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(CheckpointError, match=message):
        renamer(["old.1.1w", "old.11.w"], "v3", path)
