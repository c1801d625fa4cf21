"""Accelerators: whether this process can train on one, waking it, its health, and how its errors are told.

Knows nothing of a run; `cifar7.training.devices` is the door to it.
"""
