"""Whether this process can still be trusted with its device, asked where something went wrong on it.

After some errors, as when a laptop was put to sleep, a GPU refuses this process all further work, and a fresh
one nothing. Loads no torch.
"""

from __future__ import annotations

import sys

from cifar7.errors import UserError
from cifar7.training.errors import DeviceStateError


def lost(error: Exception, device: str) -> DeviceStateError | None:
    """What is wrong with the device by that name after `error`; None where it is sound, or never was used.

    What goes wrong on a device that is no longer sound says nothing about the run it came to.
    """
    if isinstance(error, DeviceStateError):
        return error
    if "torch" not in sys.modules:
        return None
    from cifar7.training import devices

    try:
        devices.probe(devices.choose(device))
    except DeviceStateError as found:
        return found
    except UserError:  # there is no such device
        return None
    return None
