"""A network as a stand-alone model.py: what a student would have written by hand, shapes in the comments.

The learnt tensors of the written class come in the same order as those of the module that cifar7 trains, so
`network.source.renamed_keys` is all that its weights need.
"""

from __future__ import annotations

from itertools import groupby

from cifar7.export.templates import render
from cifar7.network.arithmetic import analyse
from cifar7.network.problems import check
from cifar7.network.source import pieces, safe_name
from cifar7.network.spec import NetSpec


def model_source(spec: NetSpec) -> str:
    """The text of `model.py`, class `Network`: (B, in_channels, H, W) to logits (B, classes).

    Raises SpecError where the network cannot be built.
    """
    check(spec)
    analysis = analyse(spec)
    stages = {
        stage: pieces(list(rows)) for stage, rows in groupby(analysis.rows, key=lambda row: row.layer.stage)
    }
    return render("model.py", name=safe_name(spec.name), spec=spec, analysis=analysis, stages=stages)
