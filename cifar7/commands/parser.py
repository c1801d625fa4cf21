"""The commands and options of the command line, and the function that carries out each.

The contract for scripts: with --json one JSON object on stdout and nothing else; progress on stderr; a
mistake is one line on stderr and exit status 2.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, NoReturn

from cifar7 import paths
from cifar7.commands.arguments import NOT_TESTED, pair, settings, whole
from cifar7.commands.output import say
from cifar7.disk import is_trouble, why_not
from cifar7.errors import UserError
from cifar7.network.profiles import DEFAULT_PROFILE

Command = Callable[[argparse.Namespace], int | None]  # returns the exit status if it is not 0


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
        # Loaded only now: `describe` must not wait for torch.
        command: Command = resolve_name(f"cifar7.commands.{arguments.command}")
        return command(arguments) or 0
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
    except OSError as error:
        if not is_trouble(error):
            raise
        say(f"cifar7: {error.filename or 'a file'}: {why_not(error)}")
        return 2


def build() -> Parser:
    """The parser of all commands."""
    parser = Parser(
        prog="python -m cifar7", description="Design, train and understand small image classifiers."
    )
    parser.set_defaults(json=False)
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    # SUPPRESS: where --json is absent behind an action of `data`, it must not undo one before it.
    json = _shared("--json", action="store_true", default=argparse.SUPPRESS, help="one JSON object on stdout")
    runs = _shared("--runs", type=Path, default=paths.runs_dir(), metavar="DIR", help="default: %(default)s")
    run = _shared("run", runs, metavar="RUN", help="the run's id, or its beginning")
    network = _shared("network", metavar="PRESET|SPEC.json", help="a preset's name, or a file with a network")
    profile = _shared("--profile", metavar="NAME|FILE", default=DEFAULT_PROFILE,
                      help="version of the assignment, or a JSON file; default: %(default)s")  # fmt: skip

    def command(name: str, module: str, text: str, *shared: Parser) -> Parser:
        """One more command: the function of that name in a module of this folder, and shared arguments."""
        added = commands.add_parser(name, help=text, description=text, parents=[*shared, json])
        added.set_defaults(command=f"{module}:{name.replace('-', '_')}")
        return added

    command("presets", "networks", "List the networks to start from.")
    command("recipes", "recipes", "List the ways to train.")
    command(
        "describe", "networks", "Layers, parameters, MACs and receptive field of a network.", network, profile
    )
    take_in = command(
        "import", "importing", "Read a network from source, a notebook, a print-out or a table."
    )
    take_in.add_argument("file", metavar="FILE[:CLASS]",
                         help=".py, .ipynb, or what print(model), torchsummary, torchinfo show")  # fmt: skip
    take_in.add_argument("--out", type=Path, metavar="SPEC.json", help="write the network as a design")
    take_in.add_argument("--reading", type=whole, default=1, metavar="N",
                         help="which, where a table can be read in several ways")  # fmt: skip
    take_in.add_argument("--open", action="store_true",
                         help="list all that the text leaves open, for --choose and --sum")  # fmt: skip
    take_in.add_argument("--choose", type=partial(pair, "="), action="append", default=[], metavar="CALL=N",
                         help="of what a table leaves open at a call, the N-th")  # fmt: skip
    take_in.add_argument("--sum", type=partial(pair, ":"), action="append", default=[], metavar="FROM:TO",
                         help="what call FROM puts out is added behind call TO; 0: the image")  # fmt: skip
    take_in.add_argument("--run", action="store_true",
                         help="execute the file, which is your own, and trace its network")  # fmt: skip
    take_in.add_argument("--force", action="store_true", help="replace the file of --out if it is there")
    take_in.set_defaults(command="importing:import_")
    review = command("review", "reviewing", "Hold many hand-ins against the assignment, a row each.", profile)
    review.add_argument("paths", nargs="+", type=Path, metavar="PATH",
                        help="files or folders, a row each; of a single folder, what is in it")  # fmt: skip
    review.add_argument("--csv", type=Path, metavar="FILE", help="write the table for a spreadsheet")
    train = command(
        "train",
        "training",
        "Train a network and test it. Ctrl-C stops it and keeps what there is.",
        network,
        runs,
    )
    settings(train)
    find_lr = command("find-lr", "finding", "Find a learning rate that suits a network, by a test.", network)
    find_lr.add_argument("--steps", type=whole, metavar="N", help="default: 120, more with small batches")
    settings(find_lr, without=NOT_TESTED)
    bench = command("bench", "benching", "Measure how fast training is beside the usual loops.")
    bench.add_argument("--quick", action="store_true", help="about a minute; no time to 80 and 90 %%")
    bench.add_argument("--data", metavar="NAME|PATH", help="default: cifar10, or shapes with --quick")
    bench.add_argument("--device", metavar="DEVICE", help="default: the best there is")
    command("devices", "devices", "Tell what a training here would use: GPU or CPU, and why not the GPU.")
    sweep = command("sweep", "sweeping", "Train variants of a network, and say what it tells.", profile, runs)
    _sweep(sweep)
    command("sweeps", "sweeping", "List the sweeps.", runs)
    resume = command(
        "resume", "training", "Go on with a run that was paused, stopped or left, or for more epochs.", run
    )
    resume.add_argument("--epochs", type=whole, default=0, metavar="N",
                        help="so many more than it was to have; a finished run needs them")  # fmt: skip
    check = command(
        "check", "training", "Compute a run's figures again from its weights; status 1 if they differ.", run
    )
    check.add_argument("--device", metavar="DEVICE", help="default: the kind it was trained on")
    command("pause", "history", "Pause a run that waits or goes on.", run)
    command("stop", "history", "Stop a run and keep what there is of it; a second time, at once.", run)
    command("test", "history", "Test a run that was stopped before its test.", run)
    command("show", "history", "Tell about one run.", run)
    _runs(command("runs", "history", "List the runs; clean up, or delete one.", runs), json)
    export = command("export", "exporting", "Write a run to hand in, or a network as PyTorch.", profile, runs)
    export.add_argument("what", metavar="RUN|PRESET|SPEC.json",
                        help="a run's id or its beginning, a preset, or a file with a network")  # fmt: skip
    export.add_argument("--out", required=True, type=Path, metavar="FILE",
                        help=".zip: what is handed in; .py: model.py; .json: the design")  # fmt: skip
    export.add_argument("--force", action="store_true", help="replace the file if it is there")
    serve = command("serve", "serving", "Serve the pages: to this machine, or to a class.")
    serve.add_argument("--class", dest="class_", action="store_true",
                       help="on the network, with a teacher's link and a class's limits")  # fmt: skip
    serve.add_argument(
        "--limits", type=Path, metavar="FILE", help="JSON; default for a class: made in cifar7's home"
    )
    serve.add_argument(
        "--address", metavar="ADDRESS", help="to listen at; default: localhost, or all for a class"
    )
    serve.add_argument("--port", type=whole, default=8501, metavar="N", help="default: %(default)s")
    lesson = command("lesson", "lessons", "Check a teacher's lesson.")
    lesson.add_argument("action", choices=("check",), help="read it to its last field, and say what it asks")
    lesson.add_argument("lesson", metavar="FILE|NAME", help="a JSON file, or one of those that come along")
    _data(command("data", "images", "List the data sets; fetch, import, export or remove one."), json)
    return parser


def _sweep(sweep: Parser) -> None:
    sweep.add_argument("network", metavar="PRESET|SPEC.json|show|pause|stop|resume|delete",
                       help="what to start from; or what to do with the sweep whose ID follows")  # fmt: skip
    sweep.add_argument("id", nargs="?", default="", metavar="ID", help="of a sweep, or its beginning")
    settings(sweep, optional_data=True)
    sweep.usage = (
        "python -m cifar7 sweep PRESET|SPEC.json --data NAME|PATH --vary NAME=VALUES ... [SETTING ...]\n"
        "       python -m cifar7 sweep show|pause|stop|resume|delete ID"
    )
    about = sweep.add_argument_group("sweep")
    about.add_argument("--vary", action="append", default=[], metavar="NAME=VALUES",
                       help="c3.dilation=1,2,3, dropout=0:0.2 (a range) or lr=log:0.05:0.5")  # fmt: skip
    about.add_argument("--seeds", type=whole, default=1, metavar="N",
                       help="repeats of every trial, from --seed on; default: %(default)s")  # fmt: skip
    about.add_argument("--sampler", choices=("grid", "random", "tpe"), default="grid",
                       help="all combinations, by chance, or it learns; default: %(default)s")  # fmt: skip
    about.add_argument("--stop", choices=("none", "asha", "median"), default="none",
                       help="the rule by which the hopeless end early; default: %(default)s")  # fmt: skip
    about.add_argument("--budget", action="append", default=[], metavar="RUNS|TIME",
                       help="40 runs, or the time after which none begins, as 30m or 2h")  # fmt: skip
    about.add_argument("--require", action="append", default=[], metavar="MEASURE<N",
                       help="parameters<100000, receptive_field>44, or assignment")  # fmt: skip
    about.add_argument("--at-once", type=whole, default=2, metavar="N",
                       help="trials that go on beside each other; default: %(default)s")  # fmt: skip
    about.add_argument("--cluster", nargs="?", const="configured", default="", metavar="ADDRESS",
                       help="of a Ray cluster that trains, as auto; without one, $CIFAR7_CLUSTER or "
                       "cluster.json in cifar7's home")  # fmt: skip
    about.add_argument("--title", default="", metavar="TEXT", help="default: what varies")
    about.add_argument("--detach", action="store_true", help="start it, and do not wait for its end")


def _runs(runs: Parser, json: Parser) -> None:
    actions = runs.add_subparsers(metavar="ACTION", parser_class=Parser)
    where = _shared("--runs", type=Path, default=argparse.SUPPRESS, metavar="DIR",
                    help="default: the folder of runs")  # fmt: skip
    clean = actions.add_parser(
        "clean",
        help="remove runs that ended long ago, and caches that nobody needs",
        description="Remove the runs that ended long ago. Those of an experiment go together. Caches of data "
        "sets given by a path go too, where no run was trained on them and nobody opened them for 30 days.",
        parents=[where, json],
    )
    clean.add_argument("--older-than", required=True, metavar="TIME", help="as in 12h, 30d or 4w")
    clean.add_argument("--dry-run", action="store_true", help="only say what would go")
    clean.add_argument("--paused", action="store_true", help="also runs that are paused or wait")
    clean.add_argument("--damaged", action="store_true", help="also runs that cannot be read")
    clean.set_defaults(command="cleaning:clean_runs")
    delete = actions.add_parser(
        "delete", help="remove one run that is not being trained", parents=[where, json]
    )
    delete.add_argument("run", metavar="RUN", help="the run's id, or its beginning")
    delete.set_defaults(command="cleaning:delete")


def _data(data: Parser, json: Parser) -> None:
    actions = data.add_subparsers(metavar="ACTION", parser_class=Parser)
    fetch = actions.add_parser("fetch", help="download the official CIFAR-10 (170 MB)", parents=[json])
    fetch.add_argument("name", choices=("cifar10",))
    fetch.set_defaults(command="images:fetch")
    take_in = actions.add_parser(
        "import", help="take in class folders, an archive of them, or the official CIFAR-10", parents=[json]
    )
    take_in.add_argument(
        "path",
        type=Path,
        metavar="PATH",
        help="has train/<class>/ and test/<class>/ in it, or <class>/; or cifar-10-python.tar.gz",
    )
    take_in.add_argument("--name", help="small letters, digits, - and _; the official CIFAR-10 needs none")
    take_in.set_defaults(command="images:take_in")
    give_out = actions.add_parser("export", help="write a set as class folders of PNG files", parents=[json])
    give_out.add_argument("name", metavar="NAME", help="as `data` lists it")
    give_out.add_argument("--out", required=True, type=Path, metavar="DIR", help="not there yet, or empty")
    give_out.set_defaults(command="images:export")
    remove = actions.add_parser("remove", help="remove a set that no run waits for or uses", parents=[json])
    remove.add_argument("name", metavar="NAME", help="as `data` lists it")
    remove.set_defaults(command="cleaning:remove_data")


def _shared(name: str, *parents: Parser, **about: Any) -> Parser:
    """A parser of an argument, and those of `parents`, for the commands that have it."""
    parser = Parser(add_help=False, parents=parents)
    parser.add_argument(name, **about)
    return parser
