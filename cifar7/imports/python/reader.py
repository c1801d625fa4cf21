"""From the text of a network to the graph of its calls."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable

from cifar7.imports.graph import IMAGE, Graph, Node, Remark, UnreadableError, Unused
from cifar7.imports.python import claims
from cifar7.imports.python.bounds import CHARACTERS, LINE, STEPS_OF_A_STATEMENT, TOO_MUCH, ExhaustedError
from cifar7.imports.python.builtin import BUILTINS
from cifar7.imports.python.calls import CALLS
from cifar7.imports.python.choice import Choice, chosen
from cifar7.imports.python.expressions import EXPRESSIONS
from cifar7.imports.python.machine import Machine, Tables
from cifar7.imports.python.statements import STATEMENTS
from cifar7.imports.python.values import Map, OutsideError, Tensor, Thing, Unknown, Value, described

TABLES = Tables(EXPRESSIONS, STATEMENTS, BUILTINS, CALLS)


def read_source(text: str, class_name: str = "") -> Graph:
    """The network of a Python text: of `class_name`, or the one that the text is about.

    Raises UnreadableError, with the line, for what lies outside of what is read.
    """
    return read(text, class_name, lambda line: f"line {line}", [])


def read(
    text: str,
    class_name: str,
    where: Callable[[int], str],
    prose: list[claims.Prose],
    remarks: tuple[Remark, ...] = (),
) -> Graph:
    """The network of a text; `where` names a line, `prose` is what stands beside the code."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    tree = _parsed(text, where)
    machine = Machine(where, TABLES)
    _run(machine, tree)
    choice = chosen(machine, tree, class_name)
    graph = _traced(machine, choice)
    notes = claims.found(text, tree, prose)
    about = _remarks(machine, graph.nodes, tree)
    return Graph(
        notes.name or graph.name, graph.nodes, notes.image, graph.unused,
        (*remarks, *choice.remarks, *graph.remarks, *about), notes.claims,
    )  # fmt: skip


def _parsed(text: str, where: Callable[[int], str]) -> ast.Module:
    if len(text) > CHARACTERS:
        raise UnreadableError(f"the text has more than {CHARACTERS:,} characters", TOO_MUCH)
    long = next((n for n, row in enumerate(text.split("\n"), 1) if len(row) > LINE), 0)
    if long:
        raise UnreadableError(
            f"{where(long)}: more than {LINE:,} characters in a line", "break it, or leave it out"
        )
    if not text.strip():
        raise UnreadableError("the text is empty", "paste the class of a network")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        line = min(max(error.lineno or 1, 1), text.count("\n") + 1)
        what = (error.msg or "not Python").split(". Did you mean", 1)[0]
        cure = "correct the line, or leave it out"
        if "Missing parentheses" in what or "print" in what:
            cure = "this is Python 2; write it for Python 3: print(…)"
        raise UnreadableError(f"{where(line)}: this is not Python ({what[:100]})", cure) from None
    except ValueError:
        raise UnreadableError(
            "the text holds characters that no Python text has", "paste plain text"
        ) from None
    except (RecursionError, MemoryError):
        raise UnreadableError("the text is nested too deep to read", "write it with fewer levels") from None


def _run(machine: Machine, tree: ast.Module) -> None:
    """Go through the text once. What fails at the top level, such as training, leaves its names unknown."""
    budget = machine.budget
    for node in tree.body:
        budget.floor = max(0, budget.left - STEPS_OF_A_STATEMENT)
        try:
            machine.statement(node, machine.top)
        except UnreadableError as fault:
            if isinstance(fault, ExhaustedError) and budget.left < STEPS_OF_A_STATEMENT:
                raise
            for name in _assigned(node):
                machine.top.names[name] = Unknown(str(fault))
                if isinstance(node, ast.ClassDef):
                    machine.broken[name] = fault
        budget.depth = machine.inside = 0
    budget.floor = 0


def _assigned(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return [node.name]
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def _traced(machine: Machine, choice: Choice) -> Graph:
    """Follow an image through the network."""
    thing, tape = choice.thing, machine.tape
    _name(machine, thing, "", 0)
    try:
        result = machine.call(thing, [tape.image()], {}, choice.line)
        machine.budget.depth = 0
        out = _single(result)
    except OutsideError as outside:
        line = outside.line or machine.returned or choice.line
        raise machine.fault(line, outside.fault, outside.cure) from None
    nodes, dead = _reached(tuple(tape.nodes), out.place)
    if not nodes:
        raise machine.fault(choice.line, f"{choice.name} calls no layer", "choose the class of the network")
    for node in dead:
        if node.settings or node.kind:
            tape.remark("result-unused", f"what {node.name or node.kind} gives is not used", node.line)
    alive = {node.name for node in nodes if node.name}
    return Graph(
        choice.name, nodes, unused=tuple(_unused(machine, thing, alive)), remarks=tuple(tape.remarks)
    )


def _single(result: Value) -> Map:
    """What forward returns, where that is one map."""
    if isinstance(result, (tuple, list)):
        maps = [item for item in result if item is not None]
        if len(maps) != 1:
            raise OutsideError(f"forward returns {len(result)} values", "return the classes alone")
        result = maps[0]
    if not isinstance(result, Map):
        raise OutsideError(
            f"forward returns {described(result)} instead of a map", "return what the last layer gives"
        )
    if result.form not in ("map", "flat"):
        raise OutsideError(
            "forward returns a map in the middle of a change of its shape", "return (B, classes)"
        )
    return result


def _reached(nodes: tuple[Node, ...], last: int) -> tuple[tuple[Node, ...], list[Node]]:
    """The nodes that the result depends on, with their new places, and the others."""
    wanted, waiting = set(), [last]
    while waiting:
        at = waiting.pop()
        if at != IMAGE and at not in wanted:
            wanted.add(at)
            waiting.extend(nodes[at].inputs)
    places = {old: new for new, old in enumerate(sorted(wanted))} | {IMAGE: IMAGE}
    kept = tuple(
        Node(n.kind, tuple(places[at] for at in n.inputs), n.settings, n.name, n.line)
        for n in (nodes[at] for at in sorted(wanted))
    )
    return kept, [node for at, node in enumerate(nodes) if at not in wanted]


def _name(machine: Machine, value: Value, path: str, depth: int) -> None:
    """Give every module its path, the first where it has several; those in plain lists as well."""
    names, seen = machine.tape.names, set[int]()
    waiting: list[tuple[Value, str, bool]] = [(value, path, True)]
    while waiting:
        at, path, registered = waiting.pop()
        machine.budget.spend()
        if id(at) in seen or not isinstance(at, (Thing, list, tuple, dict)):
            continue
        seen.add(id(at))
        module = False
        if isinstance(at, Thing) and at.is_module:
            module = True
            names[id(at)] = path
            machine.tape.alive.append(at)
            if not registered and at.call and at.call.parameters:
                machine.tape.loose.add(id(at))
        inside = list(at.attributes.items()) if isinstance(at, Thing) else _pairs(at)
        for name, item in reversed(inside):
            waiting.append((item, f"{path}.{name}" if path else f"{name}", registered and module))


def _pairs(value: Value) -> list[tuple[Value, Value]]:
    return list(value.items()) if isinstance(value, dict) else list(enumerate(value))


def _unused(machine: Machine, thing: Thing, alive: set[str]) -> list[Unused]:
    """Layers with weights, and parameters by themselves, that the result does not depend on."""
    found = []
    for module in machine.tape.alive:
        path = machine.tape.names[id(module)]
        if (
            module.call
            and module.call.parameters
            and path not in alive
            and id(module) not in machine.tape.loose
        ):
            found.append(Unused(path, module.call.parameters, module.line))
        for name, value in module.attributes.items():
            if isinstance(value, Tensor) and value.learnt and value.shape is not None:
                count = 1
                for side in value.shape:
                    count *= side
                found.append(Unused(f"{path}.{name}" if path else name, count, module.line))
    return found


def _remarks(machine: Machine, nodes: tuple[Node, ...], tree: ast.Module) -> list[Remark]:
    """What the whole text shows."""
    made: list[Remark] = []
    last = nodes[-1]
    used = {
        n.attr if isinstance(n, ast.Attribute) else n.id
        for n in ast.walk(tree)
        if isinstance(n, (ast.Attribute, ast.Name))
    }
    if last.kind in ("softmax", "log_softmax") and used & {"CrossEntropyLoss", "cross_entropy"}:
        line = last.line
        made.append(
            Remark(
                "softmax-before-cross-entropy",
                f"the network ends with {last.kind}, and cross entropy takes the softmax once more",
                line,
            )
        )
    called = {id(module) for module, _ in machine.tape.called.values()}
    if machine.tape.loose & called:
        made.append(
            Remark(
                "not-registered",
                "layers in a plain list or dict are not trained; use nn.ModuleList or nn.ModuleDict",
                min(
                    module.line
                    for module, _ in machine.tape.called.values()
                    if id(module) in machine.tape.loose
                ),
            )
        )
    return made
