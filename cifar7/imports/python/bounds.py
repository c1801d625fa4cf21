"""How much a text may ask for: every step, item and character is counted before it is made."""

from __future__ import annotations

from collections.abc import Sized

from cifar7.imports.graph import UnreadableError
from cifar7.imports.python.values import OutsideError, Value

CHARACTERS = 128_000  # of source text
LINE = 10_000  # characters of one
STEPS = 200_000  # of one reading
STEPS_OF_A_STATEMENT = 40_000  # at the top level: a training loop is not read to its end
DEPTH = 36  # calls within calls
ITEMS = 10_000  # of a list or a string
BITS = 200  # of a whole number
LARGEST = 1_000_000  # channels, kernel and other sizes of a layer
TOO_MUCH = "paste the class of the network and what it needs, without training"


class ExhaustedError(UnreadableError):
    """A text asks for more steps than it gets."""


class Budget:
    """Steps and depth of one reading."""

    def __init__(self) -> None:
        self.left = STEPS
        self.floor = 0  # where the present statement of the top level ends
        self.depth = 0

    def spend(self, steps: int = 1) -> None:
        """Take so many steps."""
        if self.left - steps < self.floor:
            self.left = self.floor
            raise ExhaustedError("the text takes too many steps to read", TOO_MUCH)
        self.left -= steps

    def spend_on(self, value: Value) -> Value:
        """Take the steps that a new list or string costs, and give it back."""
        if isinstance(value, Sized) and not isinstance(value, range):
            size = len(value)
            limit_items(size)
            self.spend(size >> 4 if isinstance(value, str) else size)
        elif isinstance(value, int) and value.bit_length() > BITS:
            raise OutsideError("a number is too large to be part of a network", "check the calculation")
        return value


def limit_items(count: int) -> None:
    """Refuse lists and strings that no network needs."""
    if count > ITEMS:
        raise OutsideError(f"a list or string of more than {ITEMS:,} items is not read", TOO_MUCH)
