"""The house rules: style, types, and which room may import which."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import grimp
import pytest
from where import ROOT

BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        [BIN / "ruff", "check", "."],
        [BIN / "ruff", "format", "--check", "."],
        [BIN / "mypy"],
        [BIN / "lint-imports"],
    ],
    ids=lambda c: " ".join([c[0].name, *c[1:]]),
)
def test_the_linters_find_nothing(command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def circles(above: dict[str, list[str]]) -> list[list[str]]:
    """The sets of modules that reach each other, by Tarjan's algorithm; `above`: what each imports."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    waiting: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        waiting.append(module)
        for other in above[module]:
            if other not in order:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in waiting:
                lowest[module] = min(lowest[module], order[other])
        if lowest[module] == order[module]:
            at = waiting.index(module)
            found.append(sorted(waiting[at:]))
            del waiting[at:]

    for module in above:
        if module not in order:
            visit(module)
    return [each for each in found if len(each) > 1]


def test_circles_are_found():
    above = {"a": ["b"], "b": ["c", "d"], "c": ["a"], "d": ["e"], "e": ["d"], "f": ["a", "d"]}
    assert circles(above) == [["d", "e"], ["a", "b", "c"]]
    assert circles({"a": ["b", "c"], "b": ["c"], "c": []}) == []


def test_no_circle_between_files():
    """Imports within functions count as well; those for types alone do not."""
    graph = grimp.build_graph("cifar7", exclude_type_checking_imports=True, cache_dir=None)
    above = {name: sorted(graph.find_modules_directly_imported_by(name)) for name in sorted(graph.modules)}
    assert circles(above) == []


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines()]


def test_the_top_level_holds_what_was_agreed():
    agreed = {"streamlit_app.py", "cifar7", "tests", "requirements.txt", "README.md"}
    top = {path.relative_to(ROOT).parts[0] for path in tracked_files()}
    assert {name for name in top if not name.startswith(".")} <= agreed


def test_files_have_at_most_300_lines_and_folders_20_files():
    files = [path for path in tracked_files() if path.is_file()]
    long = {
        str(path): n
        for path in files
        if path.suffix == ".py" and (n := len(path.read_text().splitlines())) > 300
    }
    full = {str(folder): n for folder, n in Counter(path.parent for path in files).items() if n > 20}
    assert (long, full) == ({}, {})


NETWORK = sorted(p.stem for p in (ROOT / "cifar7" / "network").glob("[a-z]*.py") if p.stem != "module")


def test_the_arithmetic_loads_neither_torch_nor_streamlit():
    imports = "; ".join(f"import cifar7.network.{name}" for name in NETWORK)
    code = f"import sys; {imports}; print(sorted({{'torch', 'streamlit', 'numpy'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_describe_loads_neither_torch_nor_streamlit():
    code = (
        "import sys; from cifar7.commands.parser import main; main(['describe', 'starter', '--json']); "
        "print(sorted({'torch', 'streamlit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_one_page_module_alone_may_load_torch():
    asking = {
        path.name
        for path in (ROOT / "cifar7" / "ui").rglob("*.py")
        if any(
            line.split()[:2] in (["import", "torch"], ["from", "torch"])
            for line in path.read_text().splitlines()
        )
    }
    assert asking <= {"inference.py"}
