"""Experiments drawn at random: v2 configs of a tiny project, and how they are run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

PROJECT = Path(__file__).resolve().parents[3] / "fixtures/experiments/dots"
BATCH = 4


@dataclass(frozen=True)
class Experiment:
    """A v2 config and the way it is run; `resume_at` is the iteration at which both runs are broken off and resumed."""

    config: dict[str, Any]
    resume_at: int | None = None
    processes: int = 1
    seed: int = 0

    def text(self) -> str:
        """The config as a file."""
        lines = [f"{key} = {value!r}\n" for key, value in self.config.items()]
        return "custom_imports = dict(imports=['dots'])\n" + "".join(lines)


@dataclass(frozen=True)
class Run:
    """The length of a run as its runner counts, and in iterations."""

    by_epoch: bool
    length: int
    epoch_iters: int

    @property
    def iters(self) -> int:
        return self.length * self.epoch_iters if self.by_epoch else self.length


def pick(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def without_none(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


rates = pick(0.1, 0.03, 1 / 3, 0.0123, 0.5)


@st.composite
def experiments(draw: Any) -> Experiment:
    """Every part of a v2 config that decides how training goes, each drawn by itself."""
    processes = draw(pick(*[1] * 11, 2))
    count = draw(pick(8, 11, 22))
    epoch_iters = math.ceil(math.ceil(count / processes) / BATCH)
    by_epoch = draw(st.booleans())
    run = Run(by_epoch, draw(st.integers(1, 5) if by_epoch else st.integers(2, 16)), epoch_iters)
    base = draw(rates)
    # mmcv's distributed wrapper cannot train a model that steps itself: codebases with GANs bring one of their own
    several = processes == 1 and draw(pick(False, False, False, True))
    config: dict[str, Any] = {"model": draw(models(several))}
    config["data"] = {
        "samples_per_gpu": BATCH, "workers_per_gpu": 0,
        "train": {"type": "Dots", "count": count, **draw(pick({}, {"noise": 0.3}))},
        **draw(pick({}, {"val": {"type": "Dots", "count": 5, "seed": 2}})),
    }  # fmt: skip
    config.update(draw(runners(run, "val" in config["data"])))
    if several:  # the model steps them itself: no optimizer hook, which could do nothing
        config["optimizer"] = {"body": draw(optimizers(base)), "head": draw(optimizers(draw(rates)))}
    else:
        config["optimizer"] = draw(optimizers(base))
        config.update(draw(optimizer_configs(processes)))
    config["lr_config"] = draw(maybe(schedules(run, base, several)))
    if all({"momentum", "betas"} & one.keys() for one in parts_of(config["optimizer"])):
        config.update(draw(st.just({}) | momentum_configs(run, several)))
    if "val" in config["data"]:
        config.update(draw(evaluations(run)))
    config.update(draw(checkpoints(run)))
    best, saving = (config.get("evaluation") or {}).get("save_best"), config.get("checkpoint_config")
    if best and saving:  # v3 writes a numbered checkpoint beside each new best one: only these are the same in both
        saving["interval"] = config["evaluation"]["interval"]
    # by iteration, v2 saves before a custom hook acts and v3 after it (HOK001 says so)
    if run.by_epoch or not config.get("checkpoint_config"):
        hooks = draw(st.lists(custom_hooks(), max_size=2, unique_by=lambda hook: hook["type"]))
        config.update({"custom_hooks": hooks} if hooks else {})
    # the random numbers of other ranks than 0 are not in a checkpoint
    resume_at = draw(st.none() | resume_points(config, run)) if processes == 1 else None
    return Experiment(config, resume_at, processes, draw(pick(0, 1, 42)))


def models(several: bool) -> st.SearchStrategy[dict[str, Any]]:
    kind = {"type": st.just("DotPair" if several else "DotNet")}
    return st.fixed_dictionaries(kind, optional={"width": pick(3, 6), "dropout": pick(0.2, 0.5)})


def parts_of(optimizer: dict[str, Any]) -> list[dict[str, Any]]:
    """The optimizer, or each of several."""
    return [optimizer] if "type" in optimizer else list(optimizer.values())


def runners(run: Run, validates: bool) -> st.SearchStrategy[dict[str, Any]]:
    """The current or the older form, and a workflow, of training alone or with the loss on the validation data."""
    kind, key = ("EpochBasedRunner", "max_epochs") if run.by_epoch else ("IterBasedRunner", "max_iters")
    older = "total_epochs" if run.by_epoch else "total_iters"
    forms = pick({"runner": {"type": kind, key: run.length}}, {older: run.length})
    workflows = pick({}, {"workflow": [("train", 1)]}, {"workflow": [("train", 2)]})
    if validates:
        workflows |= pick({"workflow": [("train", 1), ("val", 1)]}, {"workflow": [("train", 2), ("val", 1)]})
    return st.builds(lambda form, workflow: {**form, **workflow}, forms, workflows)


@st.composite
def optimizers(draw: Any, base: float) -> dict[str, Any]:
    kind, options = draw(
        st.one_of(
            st.tuples(st.just("SGD"), pick({}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True})),
            st.tuples(st.just("SGD"), pick({"momentum": 0.5, "dampening": 0.1})),
            st.tuples(st.just("Adam"), pick({}, {"betas": (0.8, 0.99)}, {"amsgrad": True})),
            st.tuples(st.just("AdamW"), pick({}, {"eps": 1e-6})),
            st.tuples(st.just("RMSprop"), pick({}, {"momentum": 0.9}, {"alpha": 0.9, "centered": True})),
            st.tuples(pick("Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "ASGD"), st.just({})),
        )
    )
    decay = draw(pick(None, 0.0, 1e-4, 0.05))
    made = {"type": kind, "lr": base, **options, **without_none(weight_decay=decay)}
    paramwise = draw(maybe(paramwise_cfgs(decay is not None)))
    return {**made, **({"paramwise_cfg": paramwise} if paramwise else {})}


def paramwise_cfgs(decayed: bool) -> st.SearchStrategy[dict[str, Any]]:
    multiplier = pick(0.0, 0.1, 2.0)
    own = st.fixed_dictionaries({}, optional={"lr_mult": multiplier, **({"decay_mult": multiplier} if decayed else {})})
    optional: dict[str, Any] = {
        "custom_keys": st.dictionaries(pick("head", "body", "norm", "bias", "head.weight", "o"), own, max_size=3),
        "bias_lr_mult": multiplier,
        "bypass_duplicate": st.booleans(),
    }
    if decayed:
        optional.update(bias_decay_mult=multiplier, norm_decay_mult=multiplier, dwconv_decay_mult=multiplier)
    return st.fixed_dictionaries({}, optional=optional)


@st.composite
def optimizer_configs(draw: Any, processes: int) -> dict[str, Any]:
    """`optimizer_config`, and mixed precision as the key `fp16` or as a hook."""
    clips = st.fixed_dictionaries({"max_norm": pick(0.1, 1.0, 35)}, optional={"norm_type": pick(1, 2, 3, "inf")})
    options = without_none(grad_clip=draw(maybe(clips)))
    scale = draw(st.none() | st.none() | loss_scales())
    # in several processes v2 reduces each gradient by itself, v3 their sum: it is rounded otherwise (OPT002 says so)
    if processes == 1 and draw(st.booleans()):
        kind = "GradientCumulativeOptimizerHook" if scale is None else "GradientCumulativeFp16OptimizerHook"
        options = {"type": kind, "cumulative_iters": draw(st.integers(1, 5)), **options, **(scale or {})}
    elif scale is not None and draw(st.booleans()):
        return {"optimizer_config": options, "fp16": scale}
    elif scale is not None:
        options = {"type": "Fp16OptimizerHook", **options, **scale}
    elif draw(st.booleans()):
        options["type"] = "OptimizerHook"
    return {"optimizer_config": options}


def loss_scales() -> st.SearchStrategy[dict[str, Any]]:
    """A fixed scale, torch's own growing one, or one that grows and overflows within a few iterations."""
    quick = {"init_scale": 2.0**126, "growth_interval": 2, "backoff_factor": 0.25}
    return pick({}, {"loss_scale": 64.0}, {"loss_scale": "dynamic"}, {"loss_scale": quick})


@st.composite
def schedules(draw: Any, run: Run, base: float, several: bool) -> dict[str, Any]:
    """An `lr_config` that mmcv accepts in this run."""
    policy = draw(policies(run, base))
    only_iters = policy["policy"] in ("cyclic", "OneCycle")
    by_epoch = draw(pick(None, False, True)) if not only_iters else draw(pick(False))
    if by_epoch is None and only_iters:
        by_epoch = False
    warmup = draw(maybe(pick("constant", "linear", "exp")))
    if several and warmup is not None and not run.by_epoch:
        by_epoch = False  # else mmcv has no rates to warm up to and fails on a dict of optimizers
    made = {**policy, **without_none(by_epoch=by_epoch)}
    if warmup is not None:
        made.update(warmup=warmup, warmup_ratio=draw(pick(0.1, 1 / 3, 0.001, 1.0)))
        made["warmup_iters"] = draw(st.integers(1, run.iters + 3))
        if run.by_epoch and draw(st.booleans()):
            made.update(warmup_by_epoch=True, warmup_iters=draw(st.integers(1, 2)))
    return made


@st.composite
def momentum_configs(draw: Any, run: Run, several: bool) -> dict[str, Any]:
    steps = st.integers(1, max(run.length, 2))
    floors = pick({"min_momentum": 0.5}, {"min_momentum_ratio": 0.8})
    made = draw(
        st.one_of(
            st.builds(lambda step: {"policy": "step", "step": [step], "gamma": 0.9}, steps),
            st.builds(
                lambda name, floor: {"policy": name, **floor}, pick("CosineAnnealing", "LinearAnnealing"), floors
            ),
        )
    )
    made.update(draw(pick({"by_epoch": False}) if several and not run.by_epoch else pick({}, {"by_epoch": False})))
    made.update(draw(pick({}, {"warmup": "linear", "warmup_iters": 3, "warmup_ratio": 0.9})))
    return {"momentum_config": made}


def custom_hooks() -> st.SearchStrategy[dict[str, Any]]:
    own = st.fixed_dictionaries({"type": pick("Jitter", "Shrink"), "priority": pick("NORMAL", "LOW")})
    averages = st.fixed_dictionaries(
        {"type": st.just("EMAHook")},
        optional={"momentum": pick(0.1, 0.5), "interval": pick(1, 2), "warm_up": pick(3, 100)},
    )
    return own | averages


def policies(run: Run, base: float) -> st.SearchStrategy[dict[str, Any]]:
    steps = st.integers(1, max(run.length, 2))
    floors = pick({"min_lr": 0.0}, {"min_lr": base / 50}, {"min_lr_ratio": 0.01}, {"min_lr_ratio": 1e-3})
    floored = [
        st.builds(lambda name, floor: {"policy": name, **floor}, pick("CosineAnnealing", "LinearAnnealing"), floors),
        st.builds(
            lambda part, floor: {"policy": "FlatCosineAnnealing", "start_percent": part, **floor},
            pick(0.0, 0.3, 0.75), floors,
        ),
        st.builds(
            lambda weight, floor: {
                "policy": "CosineRestart", "periods": [2, run.iters], "restart_weights": [1, weight], **floor
            },
            pick(1, 0.5), floors,
        ),
    ]  # fmt: skip
    step = st.fixed_dictionaries(
        {
            "policy": pick("step", "Step"),
            "step": steps | st.lists(steps, min_size=1, max_size=3, unique=True).map(sorted),
        },
        optional={"gamma": pick(0.1, 0.5), "min_lr": st.just(base / 20)},
    )
    decays = [
        pick({"policy": "fixed"}),
        st.fixed_dictionaries({"policy": st.just("exp"), "gamma": pick(0.9, 0.99)}),
        st.fixed_dictionaries({"policy": st.just("inv"), "gamma": pick(0.1, 1.0)}, optional={"power": pick(0.75)}),
        st.fixed_dictionaries(
            {"policy": st.just("poly")}, optional={"power": pick(0.9, 1.0, 2.0), "min_lr": pick(1e-4, base / 10)}
        ),
    ]
    cycles = [
        st.fixed_dictionaries(
            {"policy": st.just("cyclic"), "target_ratio": pick((4, 0.1), (2.0, 1e-3)), "step_ratio_up": pick(0.4, 0.5)},
            optional={"anneal_strategy": pick("linear", "cos"), "gamma": pick(0.9)},
        ),
        st.fixed_dictionaries(
            {"policy": st.just("OneCycle"), "max_lr": pick(base, 2 * base), "pct_start": pick(0.3, 0.5)},
            optional={"three_phase": st.booleans(), "div_factor": pick(10), "anneal_strategy": pick("linear")},
        ),
    ]
    return st.one_of(step, step, *decays, *floored, *(cycles if run.iters >= 6 else []))


@st.composite
def evaluations(draw: Any, run: Run) -> dict[str, Any]:
    if draw(pick(True, True, False)):
        # v3 also evaluates after the last epoch, and counts intervals from 0: only these are the same in both
        interval = draw(st.sampled_from([every for every in range(1, run.length + 1) if run.length % every == 0]))
        made: dict[str, Any] = {"interval": interval}
        made.update(draw(pick({}, {}, {"start": interval * draw(st.integers(0, run.length // interval))})))
        made.update(
            draw(pick({}, {"save_best": "accuracy"}, {"save_best": "margin", "rule": "less"}, {"save_best": "auto"}))
        )
        if made.get("start") == 0:
            made.pop("save_best", None)  # the two number a best checkpoint of before training otherwise (EVA001)
            made.pop("rule", None)
        return {"evaluation": made}
    return draw(pick({}, {"evaluation": None}))  # type: ignore[no-any-return]


def checkpoints(run: Run) -> st.SearchStrategy[dict[str, Any]]:
    made = st.fixed_dictionaries(
        {"interval": st.integers(1, run.length)},
        optional={"max_keep_ckpts": pick(1, 2), "save_last": st.booleans(), "save_optimizer": pick(True)},
    )
    if not run.by_epoch:
        made = made.map(lambda options: {"by_epoch": False, **options})
    return pick({}, {"checkpoint_config": None}) | made.map(lambda options: {"checkpoint_config": options})


def resume_points(config: dict[str, Any], run: Run) -> st.SearchStrategy[int | None]:
    """Iterations after the first checkpoint: the last one before it is where the resumed runs begin."""
    options = config.get("checkpoint_config")
    phases = any(mode == "val" for mode, _ in config.get("workflow", ()))
    if options is None or (phases and not run.by_epoch):  # where the validation data stood is not in a checkpoint
        return st.none()
    unit = run.epoch_iters if run.by_epoch else 1
    due = range(options["interval"] * unit, run.iters)
    return st.sampled_from(due) if due else st.none()
