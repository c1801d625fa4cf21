"""A record of `tests/on_a_gpu.py` as Markdown, to stand in tests/measured/README.md."""

from __future__ import annotations

from typing import Any

from cifar7.wording import count

Record = dict[str, Any]


def markdown(record: Record) -> str:
    """Hardware, versions and data in a paragraph, a table of the parts, and one of the loops of `bench`."""
    parts = record["parts"]
    rows = [row for name, part in parts.items() for row in _ROWS.get(name, _failed)(part)]
    head = ["what", "runs", "result", "time"]
    lines = [_paragraph(record), "", _line(head), _line(["---"] * len(head)), *map(_line, rows)]
    loops = parts.get("bench", {}).get("loops")
    return "\n".join([*lines, *(_loops(loops, parts["bench"]["ratios"]) if loops else [])])


def _paragraph(record: Record) -> str:
    machine, data = record["machine"], record["data"]
    graphics = "" if machine["device"].startswith("CPU") else f", {machine['device']}"
    cuda = f", CUDA {machine['cuda']}" if machine["cuda"] else ""
    versions = f"torch {machine['torch']}{cuda}, torchvision {machine['torchvision']}, {machine['system']}"
    images = f"{data['title']}, {data['train']:,} and {data['test']:,} images"
    return (
        f"**Hardware**: {machine['processor']}, {machine['cores']} cores{graphics}. "
        f"Python {machine['python']}, {versions}. **Data**: {images}, "
        f"fingerprint {data['fingerprint']}. Commit {record['commit']}, "
        f"{record['when']} (`{record['command']}`)."
    )


def _tests(part: Record) -> list[list[str]]:
    if "why" in part:
        return _failed(part, "tests that need CUDA")
    failed = len(part["failed"])
    words = f"{part['passed']} passed, {failed} failed, {part['skipped']} skipped"
    named = f": {', '.join(part['failed'])}" if failed else ""
    return [["tests that need CUDA", "1", words + named, _seconds(part)]]


def _bench(part: Record) -> list[list[str]]:
    if "why" in part:
        return _failed(part, "bench")
    loop = part["loops"]["ours"]
    speed = f"{loop['images_per_second']:,.0f} images/s ({loop['slowest']:,.0f}–{loop['fastest']:,.0f})"
    row = ["`bench`: ours, `starter`", count(loop["laps"], "lap"), speed, _seconds(part)]
    return [row, *_marks(part["accuracy"])]


def _marks(marks: Record) -> list[list[str]]:
    rows = []
    for mark, outcome in marks.items():
        if isinstance(outcome, dict):
            at = outcome["reached"]
            words = f"after {at['epochs']} epochs" if at else str(outcome["why"])
            time = f"{at['seconds']:.1f} s" if at else "–"
            rows.append([f"`bench`: until {mark}, `{outcome['network']}`", "1", words, time])
    return rows


def _result(part: Record) -> list[list[str]]:
    if "why" in part:
        return _failed(part, "from Train to the result")
    progress = min(run["first_progress"] for run in part["runs"])
    time = f"{part['first']:.2f} s the first time, {part['later']:.2f} s after it; progress after "
    time += f"{progress:.2f} s"
    what = f"from Train to the result, warm worker, `{part['network']}`, {count(part['epochs'], 'epoch')}"
    return [[what, str(len(part["runs"])), _accuracy(part), time]]


def _long(part: Record) -> list[list[str]]:
    if "why" in part:
        return _failed(part)
    what = f"`{part['network']}`, {part['parameters']:,} parameters, {part['epochs']:g} epochs"
    what += f", {part['precision']}, {part['protocol']}" if "precision" in part else ""
    speed = f", {part['images_per_second']:,.0f} images/s" if "images_per_second" in part else ""
    plainly = (
        f"; {100 * part['mean_plain']:.2f} % without mirror images and shifts" if "mean_plain" in part else ""
    )
    time = f"{part['seconds']:.1f} s{speed}"
    return [[what, str(len(part["runs"])), _accuracy(part) + plainly, time]]


def _failed(part: Record, what: str = "") -> list[list[str]]:
    return [[what or str(part.get("part", "")), "–", f"not measured: {_flat(part['why'])}", "–"]]


_ROWS = {
    "tests": _tests, "bench": _bench, "result": _result, "champion": _long, "featherweight": _long,
    "airbench": _long,
}  # fmt: skip


def _loops(loops: Record, ratios: dict[str, float]) -> list[str]:
    """The loops side by side, as they stand in the notebook."""
    lines = ["", _line(["loop", "network", "batch", "images/s", "ours is", "first progress", "on the GPU"])]
    lines.append(_line(["---"] * 7))
    for name, loop in loops.items():
        ratio = ratios.get(f"ours/{name}")
        memory = loop["cuda_memory"]
        lines.append(_line([
            loop["title"], f"`{loop['network']}`", f"{loop['batch_size']:g}",
            f"{loop['images_per_second']:,.0f} ({loop['slowest']:,.0f}–{loop['fastest']:,.0f})",
            f"{ratio:.1f} times as fast" if ratio else "", f"{loop['first_progress']:.2f} s",
            "–" if memory is None else f"{memory / 2**20:,.0f} MiB",
        ]))  # fmt: skip
    return lines


def _accuracy(part: Record) -> str:
    spread = "" if part["deviation"] is None else f" ± {100 * part['deviation']:.2f}"
    return f"{100 * part['mean']:.2f}{spread} % of the test images"


def _seconds(part: Record) -> str:
    return f"{part['part_seconds']:.0f} s in all" if "part_seconds" in part else ""


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(_flat(cell).replace('|', '/') for cell in cells)} |"


def _flat(text: str) -> str:
    return " ".join(str(text).split())
