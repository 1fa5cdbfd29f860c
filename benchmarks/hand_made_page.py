"""docs/hand-made.md and its pictures, from what hand_made.py measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
from hand_made import BASE, BOTH, EARLY, EARLY_END, EPOCH, EQUAL, LENGTH, MAIN, WARM_UP, Pair

KINDS = (EQUAL, EARLY, EARLY_END, WARM_UP, MAIN, BOTH, BASE, LENGTH)
SHORT = dict(zip(KINDS, ("equal", "warm-up ends early", "schedule ends early", "other warm-up", "other rate after it",
                         "both", "other rate", "other length")))  # fmt: skip
mpl.rcParams.update(
    {"svg.hashsalt": "mmmigrate", "font.size": 10, "axes.spines.top": False, "axes.spines.right": False}
)

HEAD = """# Why your hand-made migration trains differently

The authors of mmdet, mmcls and mmseg migrated their own published configs by hand. For {total} experiments that
both generations published, the learning rate of either was predicted at every iteration ({epoch} in an epoch)
and compared; *equal* means to 1e-12 of the peak. Made by `make hand-made`; the predictions are held against the
real mmcv hooks and the real mmengine schedulers by the tests.

![what differs](hand-made-kinds.svg)

| | {names} | all |
|---|{rules}---|
"""
EARLY_TEXT = """
## The warm-up that ends one iteration early

mmcv sets the rate **before** each iteration from a closed form: in iteration i (from 0) of a warm-up of N the
factor is r + (1 - r) i / N, and iteration N is the first one with the full rate. mmengine's `LinearLR` steps
**after** each iteration and reaches its end factor after `end - begin - 1` steps. Whoever copies
`warmup_iters=500` to `end=500`, as the guides say, has the full rate in iteration 499: every iteration of the
warm-up but the first is trained with a larger rate.

![a warm-up that ends early](hand-made-warm-up.svg)

The step is {step:.2g} of the rate at its largest, in the very iterations in which training is least stable, and
after it no weight is what it was. `end=501` is equal: `mmmigrate config` writes that. In {share:.0%} of all pairs
this is the whole difference: with `end` one larger (nothing else changed) the two curves are equal at every
iteration.

A poly schedule has the same trap without any warm-up: mmcv's factor in iteration i of N is
(1 - i / N) ** p, mmengine's `PolyLR` with `end=N` reaches its floor in iteration N - 1. That
is all that differs in another {poly:.0%}.
"""
REST = """
## What else differs

Each of these is one pair; the deviation is the largest one over the run, in units of the old peak.

| what differs | pairs | median deviation | for example |
|---|---|---|---|
"""
TAIL = """
A deliberate change (another batch size with another rate, a longer run) is counted as a difference here, as it
is one for whoever trains it: `mmmigrate verify OLD NEW --timeline` says the same of any two configs, in a
second.
"""


def write(measured: Mapping[str, list[Pair]], docs: Path) -> None:
    pairs = [pair for found in measured.values() for pair in found]
    draw_kinds(measured, docs / "hand-made-kinds.svg")
    early = next(pair for pair in pairs if pair.kind == EARLY)
    draw_warm_up(early, docs / "hand-made-warm-up.svg")
    counts = {name: Counter(pair.kind for pair in found) for name, found in measured.items()}
    text = HEAD.format(total=len(pairs), epoch=EPOCH, names=" | ".join(counts), rules="---|" * len(counts))
    for kind in KINDS:
        of_each = [counted[kind] for counted in counts.values()]
        text += f"| {kind} | {' | '.join(map(str, of_each))} | {sum(of_each)} ({sum(of_each) / len(pairs):.1%}) |\n"
    count = sum(pair.kind == EARLY for pair in pairs)
    if count:
        text += EARLY_TEXT.format(
            step=largest_step(early),
            share=count / len(pairs),
            poly=sum(pair.kind == EARLY_END for pair in pairs) / len(pairs),
        )
    text += REST + "".join(rows(pairs)) + TAIL
    (docs / "hand-made.md").write_text(text, encoding="utf-8")


def largest_step(pair: Pair) -> float:
    """How much larger the new rate is at most, relative to the old one."""
    return float((pair.new / pair.old).max() - 1)


def rows(pairs: list[Pair]) -> Iterable[str]:
    for kind in KINDS[3:]:
        of_kind = sorted((pair for pair in pairs if pair.kind == kind), key=lambda pair: pair.deviation)
        if of_kind:
            example = of_kind[len(of_kind) // 2]
            deviation = median(pair.deviation for pair in of_kind)
            yield f"| {kind} | {len(of_kind)} | {deviation:.2g} | `{example.name}` |\n"


def draw_kinds(measured: Mapping[str, list[Pair]], target: Path) -> None:
    figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
    left = dict.fromkeys(KINDS, 0)
    for name, found in measured.items():
        counts = Counter(pair.kind for pair in found)
        axes.barh([SHORT[k] for k in KINDS], [counts[k] for k in KINDS], left=[left[k] for k in KINDS], label=name)
        left = {kind: left[kind] + counts[kind] for kind in KINDS}
    axes.invert_yaxis()
    axes.set_xlabel("experiments published in both generations")
    axes.legend(frameon=False)
    figure.savefig(target, metadata={"Date": None})


def draw_warm_up(pair: Pair, target: Path) -> None:
    shown = int((abs(pair.new - pair.old) > 1e-12 * pair.old.max()).nonzero()[0].max()) + 20
    figure, (rates, ratio) = plt.subplots(2, 1, figsize=(8, 5), sharex=True, layout="constrained")
    rates.plot(pair.old[:shown], label="v2 (mmcv)")
    rates.plot(pair.new[:shown], "--", label="migrated by hand")
    rates.set_ylabel("learning rate")
    rates.legend(frameon=False)
    rates.set_title(pair.name)
    ratio.plot((pair.new / pair.old)[:shown] - 1, color="tab:red")
    ratio.set_ylabel("new / old - 1")
    ratio.set_xlabel("iteration")
    figure.savefig(target, metadata={"Date": None})
