"""Summary tables, read: settings from shapes and counts, the likely first and the true among them."""

import pytest
from imports.tabular import handmade_nets as nets
from imports.tabular import reference
from imports.tabular.tables import info_like, summary_like
from torch import nn

from cifar7.imports.graph import UnreadableError
from cifar7.imports.tabular import looks_like, read_summary

shared = pytest.mark.skipif(not reference.NAMES, reason="the shared networks are not here")
ALL = ("mult_adds", "kernel_size", "num_params", "output_size", "input_size")


def true_at(text, model):
    """Place of the truth among the readings."""
    truth = reference.called(model)
    return [reference.allows(reference.shown(graph), truth) for graph in read_summary(text)].index(True)


@shared
@pytest.mark.parametrize("name", reference.NAMES)
def test_students_networks(name):
    text = reference.text(name, "summary")
    assert looks_like(text) == "summary"
    model = reference.network(name)
    assert true_at(text, model) == 0
    graph = read_summary(text)[0]
    idle = sum(p.numel() for key, p in model.named_parameters() if key.startswith("unused"))
    assert graph.claims.parameters == sum(p.numel() for p in model.parameters()) - idle
    assert sum(node.parameters or 0 for node in graph.nodes) == graph.claims.parameters
    assert graph.image == (3, 32, 32)


@pytest.mark.parametrize("columns", [("output_size", "num_params"), ALL])
@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("named", [False, True])
def test_layouts_of_torchinfo(columns, ascii_only, named):
    for model in (nets.ResNet(), nets.exported(), nets.Concatenated()):
        text = info_like(model, columns=columns, named=named, ascii_only=ascii_only)
        assert true_at(text, model) == 0
        if named:
            names = {name for name, _ in model.named_modules()}
            assert all(node.name in names for node in read_summary(text)[0].nodes if node.line)


@pytest.mark.parametrize("make", [nets.Tutorial, nets.Averaged, nets.Concatenated, nets.Listed, nets.Dense])
def test_flat_tables(make):
    model = make()
    assert true_at(summary_like(model), model) == 0


@pytest.mark.parametrize("make", [nets.Functional, nets.ResNet])
def test_flat_tables_that_leave_more_open(make):
    model = make()
    assert true_at(summary_like(model), model) == 1
    assert all(graph.difference and not graph.certain for graph in read_summary(summary_like(model)))


def test_dilation_is_among_the_alternatives():
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=2, dilation=2, bias=False), nn.MaxPool2d(2), nn.Conv2d(8, 4, 1)
    )
    first = read_summary(summary_like(model))[0].nodes[0].settings
    # 3x3 keeps its map with padding d at dilation d: 1 + 2d - 2d = 1.
    kept = [
        (one["dilation"], one["padding"]) for one in (first, *first["alternatives"]) if one["stride"] == 1
    ]
    assert kept[:4] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert "padding_mode" not in first
    assert (first["bias"], first["kernel"], first["groups"]) == (False, 3, 1)


def test_groups_of_a_group_norm_are_any_divisor():
    model = nn.Sequential(nn.Conv2d(3, 12, 3), nn.GroupNorm(4, 12), nn.AdaptiveAvgPool2d(1))
    norm = read_summary(summary_like(model))[0].nodes[1].settings
    assert sorted(one["groups"] for one in (norm, *norm["alternatives"])) == [1, 2, 3, 4, 6, 12]


def test_layers_that_were_never_called_are_counted_and_not_listed():
    class Spare(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.spare = nn.Conv2d(3, 8, 3), nn.Linear(5, 7)

        def forward(self, x):
            return self.conv(x)

    text = info_like(Spare())
    lines = [line.replace("--", "42") if line.startswith("Spare") else line for line in text.split("\n")]
    (graph,) = read_summary("\n".join(lines))
    assert [(one.name, one.parameters) for one in graph.unused] == [("Spare", 5 * 7 + 7)]


def test_a_layer_called_twice_has_its_settings_twice():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.again = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 5, padding=2, bias=False)

        def forward(self, x):
            return self.again(self.again(self.first(x)))

    text = info_like(Twice(), named=True)
    assert "(recursive)" in text
    assert true_at(text, Twice()) == 0


def test_a_table_cut_off_says_how_to_make_it_deeper():
    with pytest.raises(UnreadableError, match="larger depth") as fault:
        read_summary(info_like(nets.ResNet(), depth=2))
    assert fault.value.fault == "line 10: BasicBlock has 4,672 parameters and no rows of its own"


@pytest.mark.parametrize("columns", [("input_size", "num_params"), ("output_size", "kernel_size")])
def test_a_table_without_shapes_or_counts_is_asked_for_them(columns):
    with pytest.raises(
        UnreadableError, match=r"line 2: the table has no column (Output Shape|Param #); make it with"
    ):
        read_summary(info_like(nets.Concatenated(), columns=columns))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            "Conv2d-1  [-1, 8, 32, 32]  217\n ReLU-2  [-1, 8, 32, 32]  0",
            "line 1: Conv2d-1 with 217 parameters",
        ),
        ("Conv2d-1  [-1, 8, 32, 32]  216\n Linear-2  [-1, 10]  1,234", "line 2: Linear-2 needs"),
        ("Conv2d-1  [-1, 8, 32, 32]  216\n LSTM-2  [-1, 10]  1,234", "line 2: LSTM cannot be read"),
        ("ReLU-1  [-1, 8, 32, 32]  0\n ReLU-2  [-1, 8, 32, 32]  0", "no layer with weights"),
    ],
)
def test_faults_name_the_line(rows, said):
    with pytest.raises(UnreadableError) as fault:
        read_summary(rows)
    assert said in fault.value.fault
    assert fault.value.cure
