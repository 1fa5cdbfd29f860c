"""Conversions and runtimes broken on purpose: what the proof must catch, where, and which keys it must name.

A config mutant is a line of Python added to the converted config (`SAVING`: the options of its checkpoint hook); a code
mutant replaces something of the new runtime.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

HEAD = "custom_imports = dict(imports=['dots'])\nmodel = dict(type='DotNet', dropout=0.2)\n"
DATA = """data = dict(
    samples_per_gpu=4, workers_per_gpu=0, train=dict(type='Dots', count=22, noise=0.1),
    val=dict(type='Dots', count=5, seed=2))
"""

EXPERIMENTS = {
    "steps": HEAD + DATA + """
optimizer = dict(
    type='SGD', lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01,
    paramwise_cfg=dict(
        norm_decay_mult=0.0, bias_lr_mult=2.0, bias_decay_mult=0.5, custom_keys=dict(head=dict(lr_mult=0.1))))
optimizer_config = dict(grad_clip=dict(max_norm=0.3, norm_type=2))
lr_config = dict(policy='step', step=[2, 3], gamma=0.3, min_lr=0.001, warmup='linear', warmup_iters=5, warmup_ratio=0.1)
runner = dict(type='EpochBasedRunner', max_epochs=4)
evaluation = dict(interval=2, start=2, metric='accuracy', save_best='margin', rule='greater')
checkpoint_config = dict(interval=2, max_keep_ckpts=3)
custom_hooks = [dict(type='Jitter', amount=0.01, priority='NORMAL'), dict(type='Shrink', priority='LOW')]
""",
    "polynomial": HEAD + DATA + """
optimizer = dict(type='AdamW', lr=0.05, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1)
optimizer_config = dict(type='GradientCumulativeOptimizerHook', cumulative_iters=3, grad_clip=dict(max_norm=0.2))
lr_config = dict(
    policy='poly', power=0.9, min_lr=0.001, by_epoch=False, warmup='constant', warmup_iters=3, warmup_ratio=0.2)
runner = dict(type='IterBasedRunner', max_iters=14)
evaluation = dict(interval=7)
checkpoint_config = dict(by_epoch=False, interval=7)
""",
    "cosine": HEAD + DATA + """
optimizer = dict(type='RMSprop', lr=0.01, alpha=0.9)
optimizer_config = dict()
lr_config = dict(
    policy='CosineAnnealing', min_lr_ratio=0.01, by_epoch=False, warmup='exp', warmup_iters=1, warmup_ratio=0.1,
    warmup_by_epoch=True)
total_epochs = 3
evaluation = dict(interval=1)
checkpoint_config = dict(interval=1)
""",
    "cycle": HEAD + DATA + """
optimizer = dict(type='SGD', lr=0.1, momentum=0.9)
optimizer_config = dict()
lr_config = dict(policy='cyclic', target_ratio=(4, 0.1), cyclic_times=1, step_ratio_up=0.4, by_epoch=False)
runner = dict(type='EpochBasedRunner', max_epochs=3)
checkpoint_config = dict(interval=1)
custom_hooks = [dict(type='Jitter'), dict(type='Shrink')]
""",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """`line` is added to the converted config, or `target` ("module:Class.attribute") becomes `by(original)`.

    The first divergence must be at `stage` and `name` (a beginning), and what to look at must contain `rule`.
    """

    title: str
    experiment: str
    stage: str
    name: str
    rule: str
    line: str = ""
    target: str = ""
    by: Callable[[Any], Any] = lambda original: original
    resume_at: int | None = None
    seed_of_new: int = 0


RATE, DECAY, GROUPS = "lr_config → param_scheduler", "weight_decay", "parameter groups"
CLIP, STEPS, LOOP = "grad_clip → optim_wrapper.clip_grad", "optimizer_config", "train_cfg"
SAMPLES, MODEL, SAVED, EVALUATED = "train_dataloader", "model", "checkpoint_config", "evaluation"
RUNTIME = "mmmigrate.runtime_v3"
STEPPING = "hooks.param_scheduler_hook:ParamSchedulerHook.after_train_iter"
WRAPPER = "optim.optimizer.optimizer_wrapper:OptimWrapper."


def config(title: str, experiment: str, line: str, stage: str, name: str, rule: str, **how: Any) -> Mutant:
    return Mutant(title, experiment, stage, name, rule, line=line, **how)


def code(
    title: str, experiment: str, target: str, by: Callable[[Any], Any], stage: str, name: str, rule: str, **how: Any
) -> Mutant:
    return Mutant(title, experiment, stage, name, rule, target=f"{RUNTIME}.{target}", by=by, **how)


def rate(title: str, experiment: str, line: str) -> Mutant:
    return config(title, experiment, line, "schedule", "lr[0]", RATE)


SCHEDULES = [
    rate("warm-up ends one iteration early", "steps", "param_scheduler[0]['warmup_iters'] -= 1"),
    rate("warm-up ends one iteration late", "steps", "param_scheduler[0]['warmup_iters'] += 1"),
    rate("warm-up of another ratio", "steps", "param_scheduler[0]['warmup_ratio'] = 0.11"),
    rate("warm-up of another kind", "steps", "param_scheduler[0]['warmup'] = 'constant'"),
    rate("no warm-up", "steps", "del param_scheduler[0]['warmup']"),
    rate("milestones shifted by the warm-up", "steps", "param_scheduler[0]['step'] = [3, 4]"),
    rate("one milestone lost", "steps", "param_scheduler[0]['step'] = [2]"),
    rate("gamma left at its default", "steps", "del param_scheduler[0]['gamma']"),
    rate("floor dropped", "steps", "del param_scheduler[0]['min_lr']\nparam_scheduler[0]['gamma'] = 0.3 ** 3"),
    rate("no schedule", "steps", "param_scheduler = []"),
    rate("epochs counted as iterations", "steps", "param_scheduler[0]['policy_by_epoch'] = False"),
    rate("power forgotten", "polynomial", "del param_scheduler[0]['power']"),
    rate("floor of the polynomial dropped", "polynomial", "del param_scheduler[0]['min_lr']"),
    rate("polynomial one iteration shorter", "polynomial", "param_scheduler[0]['max_iters'] -= 1"),
    rate("constant warm-up one iteration short", "polynomial", "param_scheduler[0]['warmup_iters'] = 2"),
    rate("cosine by epoch", "cosine", "param_scheduler[0]['policy_by_epoch'] = True"),
    rate("cosine over one epoch more", "cosine", "param_scheduler[0]['max_epochs'] += 1"),
    rate("cosine to another floor", "cosine", "param_scheduler[0]['min_lr_ratio'] = 0.02"),
    rate("warm-up in epochs read as iterations", "cosine", "param_scheduler[0]['warmup_by_epoch'] = False"),
    rate("cycle with another peak", "cycle", "param_scheduler[0]['target_ratio'] = (5, 0.1)"),
    rate("cycle that rises longer", "cycle", "param_scheduler[0]['step_ratio_up'] = 0.5"),
    code("schedule stepped before the iteration", "cosine", STEPPING,
         lambda original: lambda *a, **k: (original(*a, **k), original(*a, **k)), "schedule", "lr[0]", RATE),
    code("schedule never stepped", "cosine", STEPPING,
         lambda original: lambda *a, **k: None, "schedule", "lr[0]", RATE),
]  # fmt: skip

OPTIMIZER = [
    config("another rate", "steps", "optim_wrapper['optimizer']['lr'] = 0.11", "schedule", "lr[0]", RATE),
    config("momentum forgotten", "cycle", "del optim_wrapper['optimizer']['momentum']",
           "schedule", "momentum[0]", "momentum"),
    config("nesterov forgotten", "steps", "del optim_wrapper['optimizer']['nesterov']",
           "init", "group[0].nesterov", GROUPS),
    config("weight decay forgotten", "polynomial", "del optim_wrapper['optimizer']['weight_decay']",
           "schedule", "weight_decay[0]", DECAY),
    config("decay of norms", "steps", "optim_wrapper['paramwise_cfg']['norm_decay_mult'] = 1.0",
           "schedule", "weight_decay[2]", DECAY),
    config("decay of biases", "steps", "del optim_wrapper['paramwise_cfg']['bias_decay_mult']",
           "schedule", "weight_decay[1]", DECAY),
    config("rate of biases", "steps", "del optim_wrapper['paramwise_cfg']['bias_lr_mult']", "schedule", "lr[1]", RATE),
    config("rate of the head", "steps", "optim_wrapper['paramwise_cfg']['custom_keys'] = {}",
           "schedule", "lr[4]", RATE),
    config("no parameter groups", "steps", "del optim_wrapper['paramwise_cfg']", "init", "group[0].params", GROUPS),
    config("first beta", "polynomial", "optim_wrapper['optimizer']['betas'] = (0.9, 0.99)",
           "schedule", "momentum[0]", "momentum"),
    config("second beta", "polynomial", "optim_wrapper['optimizer']['betas'] = (0.8, 0.999)", "step", "", "optimizer"),
    config("eps", "polynomial", "del optim_wrapper['optimizer']['eps']", "init", "group[0].eps", GROUPS),
    config("another optimizer", "polynomial", "optim_wrapper['optimizer']['type'] = 'Adam'", "init", "type", ""),
    config("clip to another norm", "steps", "optim_wrapper['clip_grad']['max_norm'] = 0.4", "clip", "norm", CLIP),
    config("clip by another kind of norm", "steps", "optim_wrapper['clip_grad']['norm_type'] = 1",
           "clip", "norm", CLIP),
    config("no clip", "steps", "del optim_wrapper['clip_grad']", "clip", "norm", CLIP),
    config("no accumulation", "polynomial", "del optim_wrapper['accumulative_counts']", "gradient", "norm", STEPS),
    config("longer accumulation", "polynomial", "optim_wrapper['accumulative_counts'] = 4", "gradient", "norm", STEPS),
    code("loss not divided by the accumulation", "polynomial", WRAPPER + "scale_loss",
         lambda original: lambda self, loss: loss, "gradient", "norm", STEPS),
    code("remainder of the accumulation not stepped", "polynomial",
         WRAPPER + "should_update",
         lambda original: lambda self: self._inner_count % self._accumulative_counts == 0, "clip", "norm", CLIP),
    code("gradients never zeroed", "cosine", WRAPPER + "zero_grad",
         lambda original: lambda self, **k: None, "gradient", "norm", STEPS),
    code("clip left out", "steps", WRAPPER + "_clip_grad",
         lambda original: lambda self: None, "clip", "norm", CLIP),
]  # fmt: skip

DATA_AND_MODEL = [
    config("another batch size", "steps", "train_dataloader['batch_size'] = 5", "data", "", SAMPLES),
    config("last batch dropped", "steps", "train_dataloader['drop_last'] = True", "data", "", SAMPLES),
    config("no shuffling", "steps", "train_dataloader['sampler'] = dict(type='DefaultSampler', shuffle=False)",
           "data", "", SAMPLES),
    config("order of v3", "steps", "train_dataloader['sampler'] = dict(type='DefaultSampler', shuffle=True)",
           "data", "", SAMPLES),
    config("argument of the data set", "steps", "train_dataloader['dataset']['noise'] = 0.2", "data", "batch", SAMPLES),
    Mutant("another seed", "steps", "data", "", SAMPLES, seed_of_new=1),
    config("dropout", "steps", "model['dropout'] = 0.3", "loss", "loss", MODEL),
    code("a validation that leaves the head frozen", "cosine", "runner.eval_loops:ValLoop.run",
         lambda original: lambda self: (torn(self, "requires_grad_", False), original(self))[1],
         "gradient", "head.weight", STEPS),
    code("model left in evaluation mode", "polynomial", "runner.train_mode:TrainMode.enter",
         lambda original: lambda self: None, "forward", "norm.", MODEL),
]  # fmt: skip

HOOKS = [
    config("hook left out", "steps", "custom_hooks = []", "step", "head.bias", ""),
    config("argument of a hook", "steps", "custom_hooks[0]['amount'] = 0.02", "step", "head.bias", ""),
    config("first evaluation", "steps", "del train_cfg['val_begin']\ntrain_cfg['val_interval'] = 1",
           "evaluation", "metrics", EVALUATED),
    config("evaluation interval", "cosine", "train_cfg['val_interval'] = 3", "evaluation", "metrics", EVALUATED),
    config("no evaluation", "cosine", "val_cfg = val_dataloader = val_evaluator = None",
           "evaluation", "metrics", EVALUATED),
    config("data of the evaluation", "cosine", "val_dataloader['dataset']['seed'] = 3", "evaluation", "", EVALUATED),
    config("another best metric", "steps", "SAVING['save_best'] = 'accuracy'", "checkpoint", "best_", SAVED),
    config("best the other way round", "steps",
           "SAVING['rule'] = 'less'\ntrain_cfg['val_interval'] = 2\ndel SAVING['save_best']",
           "checkpoint", "best_", SAVED),
    config("checkpoint interval", "steps", "SAVING['interval'] = 1", "checkpoint", "epoch_1", SAVED),
    config("checkpoint by iteration", "cosine", "SAVING['by_epoch'] = False", "checkpoint", "iter_1", SAVED),
    config("no checkpoints", "cosine", "SAVING = None", "checkpoint", "epoch_1", SAVED),
    config("checkpoint of another name", "cosine", "SAVING['filename_tmpl'] = 'e{}.pth'",
           "checkpoint", "e", SAVED),
    config("one epoch short", "cycle", "train_cfg['max_epochs'] = 2\nparam_scheduler[0]['max_epochs'] = 3",
           "data", "iteration", LOOP),
    config("one epoch more", "cycle", "train_cfg['max_epochs'] = 4", "data", "iteration", LOOP),
    config("one iteration short", "polynomial", "train_cfg['max_iters'] = 13\nparam_scheduler[0]['max_iters'] = 14",
           "", "", ""),
    config("order of the hooks", "steps", "custom_hooks[1]['priority'] = 'HIGH'", "step", "head.bias", ""),
    config("order of hooks of one priority", "cycle", "custom_hooks.reverse()", "step", "head.bias", ""),
    code("optimizer state lost on resume", "steps", "optim.optimizer.base:BaseOptimWrapper.load_state_dict",
         lambda original: lambda self, state: None, "init", "", "", resume_at=12),
    code("schedule position lost on resume", "steps", "runner.checkpointing:_load_schedulers",
         lambda original: lambda schedulers, states: None, "schedule", "lr[0]", RATE, resume_at=12),
    code("random state lost on resume", "steps", "runner.checkpointing:restore_rng_state",
         lambda original: lambda state: None, "data", "", SAMPLES, resume_at=12),
]  # fmt: skip


def torn(loop: Any, method: str, value: Any) -> None:
    """Freezes the head, as a validation that forgets to give back what it changed."""
    getattr(loop._runner.model.head.weight, method)(value)


MUTANTS = [*SCHEDULES, *OPTIMIZER, *DATA_AND_MODEL, *HOOKS]
