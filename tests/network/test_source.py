"""The written model.py against the built module: same weights, same logits, in a process without cifar7."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from random_specs import buildable, specs

from cifar7.export.model_source import model_source
from cifar7.network.module import build
from cifar7.network.presets import PRESETS, preset
from cifar7.network.problems import problems
from cifar7.network.source import renamed_keys, safe_name
from cifar7.network.spec import SpecError

RUNNER = """# forked: torch is loaded
import importlib.util, json, sys, torch
torch.set_num_threads(1)
for line in sys.stdin:
    job = json.loads(line)
    space = importlib.util.spec_from_file_location("model", job["file"])
    model = importlib.util.module_from_spec(space)
    space.loader.exec_module(model)
    network = model.Network()
    saved = torch.load(job["weights"], weights_only=True)
    network.load_state_dict(saved["state"])
    logits = network.eval()(saved["images"])
    assert "cifar7" not in sys.modules
    print(json.dumps(torch.equal(logits, saved["logits"])), flush=True)
"""


@pytest.fixture(scope="module")
def clean_process(tmp_path_factory):
    """A process that knows only torch and the written file: isolated, so cifar7 is not on its path."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    here = tmp_path_factory.mktemp("clean")
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", RUNNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=here,
    )
    count = iter(range(10_000))

    def agrees(spec) -> bool:
        number = next(count)
        file, weights = here / f"model{number}.py", here / f"weights{number}.pt"
        file.write_text(model_source(spec))
        module = build(spec, seed=number).eval()
        for _, value in module.named_buffers():
            if value.is_floating_point():  # running mean and variance as after some training
                value.copy_(torch.rand_like(value) + 0.5)
        images = torch.randn(3, spec.in_channels, spec.image_size, spec.image_size)
        prefixes = renamed_keys(spec)
        state = {
            f"{prefixes[name.rsplit('.', 1)[0]]}.{name.rsplit('.', 1)[1]}": value
            for name, value in module.state_dict().items()
        }
        with torch.no_grad():
            torch.save({"state": state, "images": images, "logits": module(images)}, weights)
        process.stdin.write(json.dumps({"file": str(file), "weights": str(weights)}) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline() or "null")

    yield agrees
    process.stdin.close()
    process.wait(10)
    torch.set_num_threads(threads)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_give_the_same_logits(clean_process, name):
    assert clean_process(preset(name)) is True


def test_random_networks_give_the_same_logits(clean_process):
    @settings(max_examples=50, deadline=None, derandomize=True, database=None)
    @given(specs().filter(buildable))
    def check(spec):
        assert clean_process(spec) is True

    check()


def test_the_text_shows_shapes_and_receptive_fields():
    lines = model_source(preset("velasoka-separable")).splitlines()
    at = next(line for line in lines if "dilation=2" in line)
    assert "nn.Conv2d(128, 128, kernel_size=3, padding=1, dilation=2)" in at
    assert at.endswith("# (128, 7, 7), RF 32, jump 4")
    assert "348,106 parameters" in "\n".join(lines)
    assert max(map(len, lines)) <= 120


def test_a_hostile_name_stays_a_name():
    spec = replace(preset("starter"), name='x"""\nimport os')
    assert safe_name(spec.name) == "x____import os"
    with pytest.raises(SpecError, match="printable"):
        model_source(spec)
    compile(model_source(replace(spec, name='x"""; import os #\\')), "model.py", "exec")


def test_what_cannot_be_built_is_not_written():
    head = replace(preset("starter").output, pool=2, classifier="conv")  # leaves 2x2 of 4x4
    spec = replace(preset("starter"), output=head)
    assert problems(spec)
    with pytest.raises(SpecError):
        model_source(spec)
