"""Each formula of the shared closed forms, broken on purpose, differs from real mmcv somewhere."""

import pytest
from schedule.closed_form_mutants import load, mutants
from schedule.test_plan_against_mmcv import CASES, predicted


def caught_by(plan, real):
    """The first schedule whose values are not mmcv's, or that cannot be computed; None if all are right."""
    for name, case in CASES.items():
        try:
            if predicted(*case, schedule=plan) != real[name]:
                return name
        except Exception as error:
            return f"{name} ({type(error).__name__})"
    return None


@pytest.mark.peer
def test_every_mutant_of_the_closed_forms_is_caught_by_real_mmcv(mmcv_values, capsys):
    assert caught_by(load(None), mmcv_values) is None
    found = {mutant: caught_by(load(mutant), mmcv_values) for mutant in mutants()}
    with capsys.disabled():
        print()
        for mutant, case in found.items():
            print(f"{'caught' if case else 'SURVIVES':8}  {mutant}" + (f"  [{case}]" if case else ""))
        print(f"{sum(map(bool, found.values()))} of {len(found)} mutants caught")
    assert [str(mutant) for mutant, case in found.items() if case is None] == []
    assert len(found) >= 40
