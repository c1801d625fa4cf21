"""The update of the weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw
from torch.optim.sgd import sgd

from cifar7.training.config import TrainConfig
from cifar7.training.step.muon import hidden_kernels, muon

BETA_2 = 0.999  # adamw: share of the mean square of the gradients that is kept
EPSILON = 1e-8  # adamw: added to its root


class Group:
    """Parameters that are updated alike, with what the optimiser remembers of each.

    `orthogonal`: by Muon. `state`: lists of tensors by name, a tensor a parameter. They begin at 0: a first
    step from there is the same as one from nothing.
    """

    def __init__(self, parameters: list[nn.Parameter], weight_decay: float, orthogonal: bool = False) -> None:
        self.parameters: list[Tensor] = [*parameters]
        self.weight_decay, self.orthogonal = weight_decay, orthogonal
        self.state: dict[str, list[Tensor]] = {"momenta": [torch.zeros_like(p) for p in parameters]}

    def gradients(self) -> list[Tensor]:
        """Those of its parameters."""
        return [p.grad for p in self.parameters if p.grad is not None]


def groups(module: nn.Module, config: TrainConfig) -> list[Group]:
    """Kernels and matrices, which decay, and biases and norms (one dimension), which do not.

    As in He et al. 2018, "Bag of tricks": decaying a norm's scale or a bias regularises nothing. Behind them
    the kernels that Muon updates, if it does.
    """
    trained = [p for p in module.parameters() if p.requires_grad]
    hidden = hidden_kernels(module) if config.optimiser == "muon" else []
    apart = {id(p) for p in hidden}
    rest = [p for p in trained if id(p) not in apart]
    made = [
        Group([p for p in rest if p.ndim > 1], config.weight_decay),
        Group([p for p in rest if p.ndim <= 1], 0.0),
    ]
    if hidden:
        made.append(Group(hidden, config.weight_decay, orthogonal=True))
    return made


class Optimiser:
    """Stochastic gradient descent with momentum, plain or Nesterov's (Sutskever et al. 2013), AdamW
    (Loshchilov & Hutter 2017), or Muon for the kernels that mix channels and Nesterov's for the rest.

    The arithmetic is torch's. Its optimiser classes are not used because making one loads torch's compiler,
    900 modules: 0.7 s of waiting before the first batch, several on a busy machine.
    """

    def __init__(self, module: nn.Module, config: TrainConfig) -> None:
        self.groups = groups(module, config)
        device = next(module.parameters()).device
        fused = device.type != "mps"  # one kernel for all parameters, where torch has it
        self._settings: dict[str, Any] = {"fused": fused, "foreach": not fused, "maximize": False}
        if config.optimiser == "adamw":
            self._settings |= {"beta1": config.momentum, "beta2": BETA_2, "eps": EPSILON, "amsgrad": False}
            for group in self.groups:
                group.state["squares"] = [torch.zeros_like(p) for p in group.parameters]
                counts = device if fused else torch.device("cpu")
                group.state["steps"] = [torch.zeros((), device=counts) for _ in group.parameters]
        else:
            nesterov = config.nesterov or (config.optimiser == "muon" and config.momentum > 0)
            self._settings |= {"momentum": config.momentum, "dampening": 0.0, "nesterov": nesterov}

    def clear(self) -> None:
        """Forget the gradients."""
        for group in self.groups:
            for parameter in group.parameters:
                parameter.grad = None

    def gradients(self) -> list[Tensor]:
        """The gradients of all parameters."""
        return [gradient for group in self.groups for gradient in group.gradients()]

    @torch.no_grad()
    def step(self, lr: float | Tensor, skipped: Tensor | None = None) -> None:
        """Update every parameter by its gradient, which each must have.

        `lr`: a tensor () on the device where a recorded step is to read it there; only fused kernels can.
        So it is with `skipped` (): where it is 1, all stays as it is.
        """
        for group in self.groups:
            if group.parameters:
                self._update(group, lr, skipped)

    def _update(self, group: Group, lr: float | Tensor, skipped: Tensor | None) -> None:
        gradients, state, decay = group.gradients(), group.state, group.weight_decay
        settings = {"lr": lr, "weight_decay": decay, **self._settings, "found_inf": skipped}
        if group.orthogonal:
            muon(
                group.parameters, gradients, state["momenta"], lr=lr, momentum=self._settings["momentum"],
                weight_decay=decay, skipped=skipped,
            )  # fmt: skip
        elif "squares" in state:
            squares, steps = state["squares"], state["steps"]
            adamw(group.parameters, gradients, state["momenta"], squares, [], steps, **settings)
        else:
            sgd(group.parameters, gradients, [*state["momenta"]], **settings)

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on, besides weights and gradients."""
        return {"groups": [group.state for group in self.groups]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from another's `state_dict`.

        Copied into the tensors that are there: fused kernels walk through them in the order in memory of the
        parameters, and a recorded step reads them where they are.
        """
        for group, saved in zip(self.groups, state["groups"], strict=True):
            for name, tensors in group.state.items():
                for tensor, value in zip(tensors, saved[name], strict=True):
                    tensor.copy_(value)
