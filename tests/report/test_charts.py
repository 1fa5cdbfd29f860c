from mmmigrate.compat.report.charts import chart_of, charts
from mmmigrate.compat.report.sides import side_by_side
from mmmigrate.compat.trace.reader import Curves


def curves(**numbers):
    return Curves({}, {("schedule", name): ([0, 1], values) for name, values in numbers.items()})


def test_groups_with_the_same_course_share_a_chart():
    groups = {"lr[0]": [1.0, 2.0], "lr[1]": [1.0, 2.0], "lr[2]": [2.0, 4.0]}
    made = charts(curves(**groups), curves(**groups))
    assert [chart.title for chart in made] == ["Learning rate, lr[0]", "Learning rate, lr[2]"]


def test_a_group_that_differs_in_one_run_has_a_chart_of_its_own():
    old = {"lr[0]": [1.0, 2.0], "lr[1]": [1.0, 2.0]}
    made = charts(curves(**old), curves(**{**old, "lr[1]": [1.0, 3.0]}))
    assert [chart.unequal for chart in made] == [0, 1]


def test_several_optimizers_are_told_apart():
    both = {"generator.lr[0]": [1.0, 2.0], "discriminator.lr[0]": [3.0, 4.0]}
    assert len(charts(curves(**both), curves(**both))) == 2


def test_momentum_and_weight_decay_are_no_learning_rates():
    assert charts(curves(**{"momentum[0]": [0.9, 0.9]}), curves()) == []


def test_an_iteration_that_one_run_lacks_is_a_gap_that_counts_as_unequal():
    chart = chart_of("Loss", ([0, 1], [1.0, 2.0]), ([0], [1.0]))
    assert (chart.new, chart.unequal, chart.largest) == ([1.0, None], 1, 0.0)


def test_every_line_of_both_texts_is_there_once():
    lines = list(side_by_side("a\nb\nc", "a\nx\ny\nc"))
    assert [line.old for line in lines if line.old_number] == ["a", "b", "c"]
    assert [line.new for line in lines if line.new_number] == ["a", "x", "y", "c"]
    assert [line.kind for line in lines] == ["same", "changed", "changed", "same"]
