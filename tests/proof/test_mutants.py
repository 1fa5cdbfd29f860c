"""Each rule broken on purpose is caught, at the stage where it acts, with the keys to look at."""

from importlib import import_module

import pytest
from proof.drawn.training import prove_config
from proof.mutants import EXPERIMENTS, MUTANTS, Mutant


@pytest.mark.parametrize("name", EXPERIMENTS)
@pytest.mark.parametrize("resume_at", [None, 12], ids=["straight", "resumed"])
def test_what_is_not_broken_is_bit_equal(name: str, resume_at: int | None) -> None:
    if resume_at is not None and name != "steps":
        resume_at = {"polynomial": 7, "cosine": 6, "cycle": 12}[name]
    outcome = prove_config(EXPERIMENTS[name], resume_at=resume_at)
    assert {comparison.verdict for comparison in outcome.comparisons} == {"bit-equal"}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.title.replace(" ", "-"))
def test_every_mutant_is_caught_and_named(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    if mutant.target:
        module, _, path = mutant.target.partition(":")
        *owners, attribute = path.split(".")
        owner = import_module(module)
        for step in owners:
            owner = getattr(owner, step)
        monkeypatch.setattr(owner, attribute, mutant.by(getattr(owner, attribute)))

    def spoil(converted):
        if mutant.line:
            line = mutant.line.replace("SAVING", "default_hooks['checkpoint']")
            converted.write_text(f"{converted.read_text()}\n{line}\n")

    outcome = prove_config(
        EXPERIMENTS[mutant.experiment], spoil, resume_at=mutant.resume_at, seed_of_new=mutant.seed_of_new or None
    )
    found = next((each for each in outcome.comparisons if each.verdict != "bit-equal"), None)
    assert found is not None, "the mutant survived"
    assert (found.verdict, found.exit_code) == ("divergent", 1)
    assert (found.first.stage, found.first.name.startswith(mutant.name)) == (mutant.stage or found.first.stage, True), (
        str(found)
    )
    assert mutant.rule in found.first.rule


def test_there_are_enough_mutants_and_no_two_of_one_name() -> None:
    assert len({mutant.title for mutant in MUTANTS}) == len(MUTANTS) >= 40
