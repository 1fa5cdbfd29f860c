"""``checkpoint_config`` -> ``default_hooks.checkpoint``."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.rules.experiment import Experiment, Section, build
from mmmigrate.converters.rules.rule import Rule

_SAME = ("save_optimizer", "out_dir", "max_keep_ckpts", "save_last", "filename_tmpl", "file_client_args")


def convert(exp: Experiment) -> None:
    if "checkpoint_config" not in exp.v2 and not exp.complete:
        return
    section = exp.section("checkpoint_config")
    exp.use("checkpoint_config")
    if section is None:
        exp.put("default_hooks.checkpoint", None)  # mmengine would save every epoch
        return
    exp.put("default_hooks.checkpoint.type", "CheckpointHook")
    _interval(exp, section)
    for key in _SAME:
        if key in section and key not in section.taken:
            exp.put(f"default_hooks.checkpoint.{key}", section.take(key))
    for key in ("type", "_delete_", "create_symlink", "sync_buffer", "meta"):
        slot = section.take(key)
        if key == "sync_buffer" and slot.value:
            exp.add_hook("checkpoint_config", build(type="SyncBuffersHook"))
            message = "sync_buffer: SyncBuffersHook averages buffers after every epoch, v2 before each checkpoint"
            exp.note(message, "checkpoint_config", slot, Effect.MEASURED)
        if key == "create_symlink" and slot.value is not None:
            message = "there is no latest.pth in v3: the file `last_checkpoint` names the newest one"
            exp.note(message, "checkpoint_config", slot, Effect.EXACT)
    exp.report_rest(section)


def _interval(exp: Experiment, section: Section) -> None:
    kind = exp.run_length.kind if exp.run_length else None
    interval, by_epoch = section.take("interval", -1), section.take("by_epoch", kind != "iter")
    if by_epoch.value and kind == "iter":
        section.take("save_last")
        exp.put("default_hooks.checkpoint.interval", -1)
        exp.put("default_hooks.checkpoint.save_last", False)
        exp.note("by_epoch=True in an iteration runner: mmcv never saves, nor does this", "checkpoint_config", by_epoch)
        return
    exp.put("default_hooks.checkpoint.interval", interval)
    if by_epoch.value is False:
        exp.put("default_hooks.checkpoint.by_epoch", by_epoch)


RULE = Rule(
    code="CKP001",
    title="checkpoint_config",
    why="CheckpointHook has the same intervals and file names in both generations; `latest.pth` became the file "
    "`last_checkpoint`. A v2 config without checkpoint_config saves nothing, so the default hook is switched off.",
    before="checkpoint_config = dict(interval=1, max_keep_ckpts=3)",
    after="default_hooks = dict(\n    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=3))",
    effect=Effect.EXACT,
    reversible=True,
    makes={"default_hooks": ("checkpoint_config",), "custom_hooks": ("checkpoint_config",)},
    convert=convert,
)
