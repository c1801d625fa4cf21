"""The commands and options of the command line, and the function that carries out each.

The contract for scripts: with --json one JSON object on stdout and nothing else; progress on stderr; a
mistake is one line on stderr and exit status 2.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Collection
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from cifar7 import paths
from cifar7.commands.output import say
from cifar7.errors import UserError
from cifar7.fields import Option
from cifar7.network.profiles import DEFAULT_PROFILE
from cifar7.training.config import DEVICES, GROUPS, OPTIONS, SCHEDULE, SCORING

# What a learning-rate test does not read: it takes far less than an epoch, and no score.
NOT_TESTED = {"epochs", "lr", "averaging", "test_flip"} | {
    name for name, option in OPTIONS.items() if option.group in (SCHEDULE, SCORING)
}


class Parser(argparse.ArgumentParser):
    """argparse, with errors of one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to read what is right; exit status 2."""
        say(f"{self.prog}: {message}; `{self.prog} --help` shows what can be said")
        sys.exit(2)


def main(argv: list[str] | None = None) -> int:
    """Carry out one command; returns its exit status.

    0; 1 where `check` finds a difference; 2 after a mistake or failure; 130 interrupted.
    """
    arguments = build().parse_args(argv)
    logging.getLogger("cifar7").addHandler(logging.NullHandler())  # the commands tell what matters
    try:
        return _call(arguments)
    except UserError as error:
        say(f"cifar7: {' '.join(str(error).split())}")
        return 2
    except KeyboardInterrupt:
        say("cifar7: interrupted")
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`); keep the interpreter from complaining at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _call(arguments: argparse.Namespace) -> int:
    module, function = arguments.function.split(":")
    # Loaded only now: `describe` must not wait for torch.
    command: Callable[[argparse.Namespace], int] = getattr(
        import_module(f"cifar7.commands.{module}"), function
    )
    return command(arguments)


def build() -> Parser:
    """The parser of all commands."""
    parser = Parser(
        prog="python -m cifar7", description="Design, train and understand small image classifiers."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)

    def command(name: str, function: str, text: str) -> Parser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(function=function)
        return added

    _json(command("presets", "networks:presets", "List the networks to start from."))
    _json(command("recipes", "recipes:recipes", "List the ways to train."))
    describe = command(
        "describe", "networks:describe", "Layers, parameters, MACs and receptive field of a network."
    )
    _network(describe)
    _profile(describe)
    _json(describe)
    _train(
        command(
            "train", "training:train", "Train a network and test it. Ctrl-C stops it and keeps what there is."
        )
    )
    _find_lr(command("find-lr", "finding:find_lr", "Find a learning rate that suits a network, by a test."))
    _bench(command("bench", "benching:bench", "Measure how fast training is beside the usual loops."))
    resume = command("resume", "training:resume",
                     "Go on with a run that was paused, stopped or left, or for more epochs.")  # fmt: skip
    resume.add_argument("--epochs", type=whole, default=0, metavar="N",
                        help="so many more than it was to have; a finished run needs them")  # fmt: skip
    check = command("check", "checking:check",
                    "Compute a run's figures again from its weights; status 1 if they differ.")  # fmt: skip
    check.add_argument("--device", choices=DEVICES, default=None, help="default: the kind it was trained on")
    of_one_run = [
        resume,
        check,
        command("pause", "control:pause", "Pause a run that waits or goes on."),
        command("stop", "control:stop", "Stop a run; what there is of it is tested and kept."),
        command("show", "history:show", "Tell about one run."),
    ]
    for subparser in of_one_run:
        subparser.add_argument("run", metavar="RUN", help="the run's id, or its beginning")
        _runs(subparser)
        _json(subparser)
    runs = command("runs", "history:runs", "List the runs.")
    _runs(runs)
    _json(runs)
    _export(command("export", "exporting:export", "Write a run to hand in, or a network as PyTorch."))
    _data(command("data", "images:data", "List the data sets; fetch, import or export one."))
    return parser


def _train(train: Parser) -> None:
    _recipe(train)
    _runs(train)
    _json(train)
    _settings(train)


def _find_lr(find_lr: Parser) -> None:
    _recipe(find_lr)
    find_lr.add_argument("--steps", type=whole, metavar="N", help="default: 120, more with small batches")
    _json(find_lr)
    _settings(find_lr, without=NOT_TESTED)


def _bench(bench: Parser) -> None:
    bench.add_argument("--quick", action="store_true", help="about a minute; no time to 80 and 90 %%")
    bench.add_argument("--data", metavar="NAME|PATH", help="default: cifar10, or shapes with --quick")
    bench.add_argument("--device", choices=DEVICES, default=None, help="default: the best there is")
    _json(bench)


def _network(parser: Parser) -> None:
    parser.add_argument(
        "network", metavar="PRESET|SPEC.json", help="a preset's name, or a file with a network"
    )


def _recipe(parser: Parser) -> None:
    """What learns from what, and by which recipe."""
    parser.usage = f"{parser.prog} PRESET|SPEC.json --data NAME|PATH [--recipe NAME|FILE.json] [SETTING ...]"
    _network(parser)
    parser.add_argument("--data", required=True, metavar="NAME|PATH",
                        help="a data set's name, or class folders, or an archive of them")  # fmt: skip
    parser.add_argument("--recipe", metavar="NAME|FILE.json", default="default",
                        help="way to train, see `recipes`, or a file with settings, as a run's config.json; "
                        "default: %(default)s")  # fmt: skip


def _settings(parser: Parser, without: Collection[str] = ()) -> None:
    """A flag for each field of `TrainConfig`, by group; one that is absent leaves the recipe's value."""
    parser.epilog = "The defaults of the settings are those of the recipe `default`; another has its own."
    for group in GROUPS:
        options = [o for o in OPTIONS.values() if o.group == group and o.name not in without]
        if options:
            section = parser.add_argument_group(group)
            for option in options:
                section.add_argument(f"--{option.name.replace('_', '-')}", **_flag(option))


def _flag(option: Option) -> dict[str, Any]:
    """How argparse takes the option. The range is checked by TrainConfig, beside the other settings."""
    meaning = f"{option.unit}, {option.span}" if option.unit else option.help.rstrip(".")
    default = option.default if option.kind == "choice" else option.label(option.default)
    idle = "".join(f"; read with --{name} {value} only" for name, value in option.when.items())
    form: dict[str, dict[str, Any]] = {
        "whole": {"type": whole, "metavar": "N"},
        "decimal": {"type": decimal, "metavar": "X"},
        "choice": {"choices": option.choices},
        "flag": {"action": argparse.BooleanOptionalAction},
    }
    text = f"{meaning}; default: {default}{idle}".replace("%", "%%")
    return {**form[option.kind], "default": None, "help": text}


def _export(export: Parser) -> None:
    export.add_argument("what", metavar="RUN|PRESET|SPEC.json",
                        help="a run's id or its beginning, a preset, or a file with a network")  # fmt: skip
    export.add_argument("--out", required=True, type=Path, metavar="FILE",
                        help=".zip: what is handed in; .py: model.py; .json: the design")  # fmt: skip
    export.add_argument("--force", action="store_true", help="replace the file if it is there")
    _profile(export)
    _runs(export)
    _json(export)


def _data(data: Parser) -> None:
    _json(data)
    actions = data.add_subparsers(metavar="ACTION", parser_class=Parser)
    fetch = actions.add_parser("fetch", help="download the official CIFAR-10 (170 MB)")
    fetch.add_argument("name", choices=("cifar10",))
    fetch.set_defaults(function="images:fetch")
    take_in = actions.add_parser("import", help="take in class folders, or an archive of them, under a name")
    take_in.add_argument("path", type=Path, metavar="PATH", help="has train/<class>/ and test/<class>/ in it")
    take_in.add_argument("--name", required=True, help="small letters, digits, - and _")
    take_in.set_defaults(function="images:take_in")
    give_out = actions.add_parser("export", help="write a set as class folders of PNG files")
    give_out.add_argument("name", metavar="NAME", help="as `data` lists it")
    give_out.add_argument("--out", required=True, type=Path, metavar="DIR", help="not there yet, or empty")
    give_out.set_defaults(function="exporting:export_data")
    for action in (fetch, take_in, give_out):
        # SUPPRESS: an absent --json must not undo one that stands before the action.
        action.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="one JSON object on stdout"
        )


def _profile(parser: Parser) -> None:
    """Which version of the assignment."""
    parser.add_argument("--profile", metavar="NAME|FILE", default=DEFAULT_PROFILE,
                        help="version of the assignment, or a JSON file; default: %(default)s")  # fmt: skip


def _json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def _runs(parser: Parser) -> None:
    parser.add_argument(
        "--runs", type=Path, default=paths.runs_dir(), metavar="DIR", help="default: %(default)s"
    )


def whole(text: str) -> int:
    """An argument that is a whole number."""
    return _number(text, int, "a whole number")


def decimal(text: str) -> float:
    """An argument that is a number."""
    return _number(text, float, "a number")


def _number(text: str, kind: type[Any], noun: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not {noun}") from None
