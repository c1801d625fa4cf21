"""Hand-ins read one by one: their figures, what the assignment says of them, and what could not be read.

One hand-in that cannot be read harms no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cifar7.imports.files import read_text
from cifar7.imports.graph import UnreadableError
from cifar7.imports.reading import Read, choices, read
from cifar7.network.arithmetic import analyse
from cifar7.network.assignment import Verdict, card
from cifar7.network.lessons import lessons
from cifar7.network.profiles import Profile

ENDINGS = (".py", ".ipynb", ".txt", ".json")
USUAL = ("model", "network", "net", "arch")  # in the name of the file of a hand-in that has the network
SKIPPED = ("__pycache__", "venv", "node_modules", "site-packages", "data")
TURNED = ("dilated", "receptive_field", "receptive_field_before_pooling")  # by a dilation that a table hides
MOST_FILES = 200  # of one hand-in


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The row of one hand-in. `fault`: why it could not be read; then it has nothing else."""

    name: str
    file: str = ""  # that the network was found in
    network: str = ""  # name of its class
    parameters: int = 0
    receptive_field_before: int = 0
    receptive_field_total: int = 0
    verdicts: tuple[Verdict, ...] = ()
    notes: tuple[str, ...] = ()  # remarks of the import and classic mistakes
    fault: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        if self.fault:
            return {"name": self.name, "file": self.file, "could_not_be_read": self.fault}
        return {
            "name": self.name,
            "file": self.file,
            "network": self.network,
            "parameters": self.parameters,
            "receptive_field": {
                "before_pooling": self.receptive_field_before,
                "total": self.receptive_field_total,
            },
            "requirements": [verdict.to_dict() for verdict in self.verdicts],
            "warnings": list(self.notes),
        }


def hand_ins(paths: Sequence[Path]) -> list[Path]:
    """The files and folders that a row each is made of: several paths, or what is in the one folder given."""
    if len(paths) == 1 and paths[0].is_dir():
        inside = sorted(paths[0].iterdir(), key=lambda path: path.name.lower())
        return [path for path in inside if not _hidden(path) and (path.is_dir() or _may_be_one(path))]
    return list(paths)


def review_all(places: Sequence[Path], profile: Profile) -> list[Reviewed]:
    """A row for each hand-in, in their order."""
    return [_guarded(place, profile) for place in places]


def _guarded(place: Path, profile: Profile) -> Reviewed:
    try:
        return review_one(place, profile)
    except UnreadableError as fault:
        return Reviewed(place.name, fault=str(fault))
    except Exception as error:  # one hand-in must not end the review of the others
        return Reviewed(place.name, fault=f"reading it failed in a way that nobody foresaw ({error!r:.200})")


def review_one(place: Path, profile: Profile) -> Reviewed:
    """The row of one hand-in. Raises UnreadableError where no network in it can be read."""
    file, found = _network(place)
    reading = found.readings[0]
    analysis = analyse(reading.spec)
    notes = [f"line {r.line}: {r.message}" if r.line else r.message for r in reading.remarks]
    if len(found.readings) > 1:
        notes.append(f"The text can be read in {len(found.readings)} ways; this is the likeliest.")
    notes += [f"{x.stage or 'network'}: {x.message}" for x in lessons(reading.spec, profile)]
    return Reviewed(
        name=place.name,
        file=str(file.relative_to(place)) if place.is_dir() else file.name,
        network=reading.graph.name or reading.spec.name,
        parameters=analysis.parameters,
        receptive_field_before=analysis.receptive_field_before,
        receptive_field_total=analysis.receptive_field_total,
        verdicts=tuple(_open(verdict) for verdict in card(analysis, profile))
        if choices(reading.graph)
        else tuple(card(analysis, profile)),
        notes=tuple(notes),
    )


def _open(verdict: Verdict) -> Verdict:
    """The verdict on a network whose dilations a table leaves open: undecided where they may turn it."""
    if verdict.passed or verdict.requirement.id not in TURNED:
        return verdict
    return replace(verdict, passed=None, words=f"{verdict.words}; a table cannot tell", advice="")


def _network(place: Path) -> tuple[Path, Read]:
    """The file of a hand-in with its network. Raises UnreadableError: what the likeliest file says."""
    if not place.is_dir():
        return place, read(read_text(place))
    faults: list[UnreadableError] = []
    for file in _likely(place):
        try:
            return file, read(read_text(file))
        except UnreadableError as fault:
            faults.append(UnreadableError(f"{file.relative_to(place)}: {fault.fault}", fault.cure))
    if not faults:
        raise UnreadableError(
            "no file in it looks like a network", f"hand in a file that ends in {', '.join(ENDINGS)}."
        )
    raise faults[0]


def _likely(folder: Path) -> list[Path]:
    """The files of a folder that may hold a network, the likeliest first."""
    files: list[Path] = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if path.suffix in ENDINGS and path.is_file() and not any(map(_skipped, inside)):
            files.append(path)
        if len(files) >= MOST_FILES:
            break
    return sorted((file for file in files if _mentions(file)), key=_rank)


def _rank(file: Path) -> tuple[int, int, str]:
    usual = any(name in file.stem.lower() for name in USUAL)
    return ENDINGS.index(file.suffix) if not usual else -1, len(file.parts), str(file)


def _mentions(file: Path) -> bool:
    """Whether a file has the words of a network; an unreadable one is left for the reader to tell."""
    try:
        text = read_text(file)
    except UnreadableError:
        return True
    return any(word in text for word in ("nn.Module", "Sequential", "Conv2d", '"stages"'))


def _may_be_one(path: Path) -> bool:
    """Whether a file is a hand-in: source always, other text where it speaks of a network."""
    return path.suffix in (".py", ".ipynb") or (path.suffix in ENDINGS and _mentions(path))


def _hidden(path: Path) -> bool:
    return path.name.startswith((".", "_"))


def _skipped(part: str) -> bool:
    return part.startswith(".") or part in SKIPPED
