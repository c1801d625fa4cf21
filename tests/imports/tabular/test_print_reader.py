"""print(model), read: the settings it shows, the calls it does not, what is said where it cannot be read."""

import pytest
from imports.tabular import handmade_nets as nets
from imports.tabular import reference
from torch import nn

from cifar7.imports.graph import UnreadableError, Unused
from cifar7.imports.tabular import looks_like, read_print

shared = pytest.mark.skipif(not reference.NAMES, reason="the shared networks are not here")
# Of these print cannot tell the calls: a pool is called twice, two paths meet, a dropout is defined last.
OPEN = {"s03_eva4_c": 2, "s05_eva4_e": 3, "s07_eva4_g": 2, "s09_eva4_h": 3, "s21_era_d": 6}


@shared
@pytest.mark.parametrize("name", reference.NAMES)
def test_students_networks(name):
    text = reference.text(name, "print")
    assert looks_like(text) == "print"
    readings = [reference.printed(reference.shown(graph)) for graph in read_print(text)]
    assert len(readings) == OPEN.get(name, 1)
    assert reference.printed(reference.called(reference.network(name))) in readings
    if name != "s21_era_d":  # whose dropout may be anywhere
        assert readings[0] == reference.printed(reference.called(reference.network(name)))


def test_what_fits_nowhere_was_never_called():
    text = """Net(
  (conv): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))
  (mean): AdaptiveAvgPool2d(output_size=1)
  (out): Conv2d(8, 10, kernel_size=(1, 1), stride=(1, 1))
  (unused_fc): Conv2d(64, 10, kernel_size=(1, 1), stride=(1, 1), bias=False)
)"""
    (graph,) = read_print(text)
    assert [node.name for node in graph.nodes] == ["conv", "mean", "out"]
    assert graph.unused == (Unused("unused_fc", 640, 5),)
    assert [remark.id for remark in graph.remarks] == ["functional-unseen", "never-called"]


@pytest.mark.parametrize(
    ("make", "count"),
    [
        (nets.Tutorial, 1), (nets.LatePool, 1), (nets.Functional, 1), (nets.Averaged, 1), (nets.ResNet, 2),
        (nets.Concatenated, 1), (nets.exported, 1), (nets.Listed, 1),
    ],
)  # fmt: skip
def test_textbook_networks(make, count):
    model = make()
    readings = read_print(str(model))
    assert len(readings) == count
    assert reference.shown(readings[0]) == reference.called(model)
    assert all(graph.certain == (count == 1) == (not graph.difference) for graph in readings)


def test_functions_that_print_hides_are_put_in_and_said():
    (graph,) = read_print(str(nets.Averaged()))
    put_in = [node.kind for node in graph.nodes if not node.line]
    assert put_in == ["adaptive_avg_pool", "flatten"]
    assert [remark.id for remark in graph.remarks] == ["functional-mean"]


def test_pools_in_too_many_places_are_asked_for():
    # Nine convolutions and two halvings of 32: 9 * 8 / 2 = 36 places.
    convs = {f"c{at}": nn.Conv2d(8 if at else 3, 8, 3, padding=1) for at in range(9)}
    fc = "  (fc): Linear(in_features=512, out_features=10, bias=True)\n)"
    text = str(nn.ModuleDict(convs)).replace("ModuleDict", "Net")[:-1] + fc
    with pytest.raises(UnreadableError, match="paste the source"):
        read_print(text)


def test_an_activation_that_is_defined_once():
    text = """Net(
  (conv1): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=same)
  (conv2): Conv2d(8, 10, kernel_size=(3, 3), stride=(1, 1), padding=same)
  (conv3): Conv2d(10, 10, kernel_size=(1, 1), stride=(1, 1))
  (relu): ReLU(inplace=True)
  (mean): AdaptiveAvgPool2d(output_size=(1, 1))
)"""
    spread, written = read_print(text)
    kinds = ["conv", "relu", "conv", "relu", "conv", "adaptive_avg_pool"]
    assert [node.kind for node in spread.nodes] == kinds
    assert [node.kind for node in written.nodes] == ["conv", "conv", "conv", "relu", "adaptive_avg_pool"]
    assert spread.nodes[0].settings["padding"] == "same"


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ("Conv2d(3, 8, kernel_size=(3, 1), stride=(1, 1))", "kernel 3×1 is not square"),
        ("ConvTranspose2d(3, 8, kernel_size=(3, 3), stride=(1, 1))", "ConvTranspose2d cannot be read"),
        ("LSTM(3, 8)", "LSTM cannot be read"),
        ("Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), groups=2)", "2 groups do not divide 3 into 8"),
        ("Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding_mode=mirror)", "padding_mode is 'mirror'"),
        ("Conv2d(x, 8, kernel_size=(3, 3), stride=(1, 1))", "in_channels is 'x'"),
    ],
)
def test_faults_name_the_line_and_what_would_be_right(layer, said):
    text = f"Net(\n  (relu): ReLU()\n  (odd): {layer}\n  (fc): Linear(in_features=8, out_features=2)\n)"
    with pytest.raises(UnreadableError) as fault:
        read_print("here is mine:\n" + text)
    assert f"line 4: {said}"[:30] in str(fault.value)
    assert said in fault.value.fault
    assert fault.value.cure


def test_a_layer_that_fits_nothing():
    text = """Net(
  (body): Sequential(
    (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))
    (1): Conv2d(9, 9, kernel_size=(3, 3), stride=(1, 1))
  )
)"""
    with pytest.raises(
        UnreadableError, match=r"line 4: body.1 \(Conv2d\) needs 9 channels, and gets 8×30×30"
    ):
        read_print(text)
