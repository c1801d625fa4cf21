"""What a node and the driver say to each other about a run, and the box where both leave it.

The box is an actor of Ray's beside the driver. Each side calls it, so that nothing waits for the other side,
and it works from outside the cluster too (a stream of results does not: Ray's client has none).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# What a node makes in a run's folder, in the order in which the driver puts it into its own: what a run goes
# on from comes last, so that a death in between leaves no checkpoint without the record before it.
FILES = ("environment.json", "worker.log", "predictions.npz", "model.pt", "checkpoint.pt")


@dataclass
class Message:
    """What has come of a run since the message before."""

    node: str = ""  # in the first one: Ray's id of the node
    events: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)  # those of FILES that have changed
    phase: str | None = None  # as in the status
    preparing: dict[str, Any] | None = None
    end: dict[str, Any] | None = None  # in the last one: the status


@dataclass(frozen=True)
class Given:
    """What a node gets of a run's folder."""

    run_id: str
    spec: dict[str, Any]
    config: dict[str, Any]
    status: dict[str, Any]
    checkpoint: bytes | None


class Box:
    """The messages that wait for the driver, and what it asks of each flight."""

    def __init__(self) -> None:
        self._messages: list[tuple[str, Message]] = []
        self._asks: dict[str, str | None] = {}
        self._over: set[str] = set()

    def exchange(self, flight: str, message: Message) -> str | None:
        """From a node: leave a message; returns what the run is to do, as `RunFolder.requested`.

        One that the driver has given up, whose node was taken for lost, is to end.
        """
        if flight in self._over:
            return "end"
        self._messages.append((flight, message))
        return self._asks.get(flight)

    def collect(self, asks: dict[str, str | None], over: set[str]) -> list[tuple[str, Message]]:
        """From the driver: take the messages, leave what it asks and which flights it has given up."""
        self._asks, self._over = asks, over
        messages, self._messages = self._messages, []
        return messages
