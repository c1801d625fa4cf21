"""The arithmetic against the built module over the whole vocabulary, and data that reads back the same."""

import os

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from random_specs import buildable
from wide_specs import wide_specs
from witness import witness

from cifar7.network.spec import NetSpec

EXAMPLES = int(os.environ.get("CIFAR7_RANDOM_SPECS", "50"))
MANY = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@settings(max_examples=EXAMPLES, **MANY)
@given(wide_specs().filter(buildable))
def test_random_networks_agree_with_their_modules(spec):
    witness(spec)


@settings(max_examples=EXAMPLES, **MANY)
@given(wide_specs())
def test_data_reads_back_the_same(spec):
    assert NetSpec.from_dict(spec.to_dict()) == spec
