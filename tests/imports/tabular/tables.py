"""Tables in the manner of torchsummary and torchinfo, from a module that is called once."""

from __future__ import annotations

import torch
from torch import Tensor, nn

COLUMNS = {"input_size": "Input Shape", "output_size": "Output Shape", "num_params": "Param #"} | {
    "kernel_size": "Kernel Shape",
    "mult_adds": "Mult-Adds",
}


class Seen:
    """A call of a module."""

    def __init__(self, module: nn.Module, depth: int, name: str) -> None:
        self.module, self.depth, self.name = module, depth, name
        self.given: list[int] = []
        self.made: list[int] = []


def calls(model: nn.Module, image: tuple[int, ...]) -> tuple[list[Seen], list[Seen]]:
    """Calls in the order of their beginning, and of their end."""
    begun: list[Seen] = []
    ended: list[Seen] = []
    open_: list[Seen] = []
    names = {id(module): name for name, module in model.named_modules()}

    def before(module: nn.Module, _: tuple[Tensor, ...]) -> None:
        name = names[id(module)].rpartition(".")[2]
        seen = Seen(module, len(open_), name)
        begun.append(seen)
        open_.append(seen)

    def after(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        seen = open_.pop()
        seen.given, seen.made = list(inputs[0].shape), list(output.shape)
        ended.append(seen)

    handles = [one for module in model.modules() for one in (
        module.register_forward_pre_hook(before), module.register_forward_hook(after))]  # fmt: skip
    with torch.no_grad():
        model.eval()(torch.zeros(2, *image))
    for handle in handles:
        handle.remove()
    return begun, ended


def own(module: nn.Module) -> int:
    return sum(one.numel() for one in module.parameters(recurse=False))


def summary_like(model: nn.Module, image: tuple[int, ...] = (3, 32, 32)) -> str:
    """As torchsummary prints it: all calls but those of Sequentials, ModuleLists and the model itself."""
    _, ended = calls(model, image)
    listed = [
        one for one in ended if one.depth and not isinstance(one.module, (nn.Sequential, nn.ModuleList))
    ]
    line = "-" * 64
    rows = [line, f"{'Layer (type)':>20}  {'Output Shape':>25} {'Param #':>15}", "=" * 64]
    total = 0
    for at, one in enumerate(listed):
        count = own(one.module)
        total += count
        shape = str([-1, *one.made[1:]])
        rows.append(f"{f'{type(one.module).__name__}-{at + 1}':>20}  {shape:>25} {count:>15,}")
    return "\n".join([*rows, "=" * 64, f"Total params: {total:,}", line, "Input size (MB): 0.01", line])


def info_like(
    model: nn.Module,
    image: tuple[int, ...] = (3, 32, 32),
    columns: tuple[str, ...] = ("output_size", "num_params"),
    named: bool = False,
    ascii_only: bool = False,
    depth: int = 99,
) -> str:
    """As torchinfo prints it."""
    begun, _ = calls(model, image)
    numbers: dict[int, int] = {}
    rows = []
    counted: set[int] = set()
    for one in begun:
        if one.depth > depth:
            continue
        numbers[one.depth] = numbers.get(one.depth, 0) + 1
        title = type(one.module).__name__ + (f" ({one.name or type(one.module).__name__})" if named else "")
        below = sum(p.numel() for p in one.module.parameters()) if one.depth == depth else own(one.module)
        again = id(one.module) in counted and below
        counted.add(id(one.module))
        knot = ""
        if one.depth:
            title += f": {one.depth}-{numbers[one.depth]}"
            stem = "|    " if ascii_only else "│    "
            knot = stem * (one.depth - 1) + ("+ " if ascii_only else "├─" if one.depth == 1 else "└─")
        kernel = list(getattr(one.module, "kernel_size", ())) if isinstance(one.module, nn.Conv2d) else None
        cells = {
            "input_size": str(one.given), "output_size": str(one.made),
            "num_params": "(recursive)" if again else f"{below:,}" if below else "--",
            "kernel_size": str(kernel) if kernel else "--", "mult_adds": f"{below:,}" if below else "--",
        }  # fmt: skip
        rows.append((knot + title, [cells[column] for column in columns]))
    head = "Layer (type (var_name):depth-idx)" if named else "Layer (type:depth-idx)"
    width = max(len(head), *(len(row[0]) for row in rows)) + 4
    lines = [head.ljust(width) + "".join(COLUMNS[column].ljust(26) for column in columns)]
    lines += [title.ljust(width) + "".join(cell.ljust(26) for cell in cells) for title, cells in rows]
    rule = "=" * (width + 26 * len(columns))
    total = sum(one.numel() for one in model.parameters())
    return "\n".join([rule, lines[0], rule, *lines[1:], rule, f"Total params: {total:,}", rule])
