"""Runs of every kind: their folders, the queue, the claim on a run, and the worker that executes them.

It trains through cifar7.training and knows neither pages nor the command line. torch is loaded only where a
run is executed or checked.
"""
