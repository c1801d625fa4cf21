"""Evidence: how fast training is, beside the ways that people write it, and where a step's time goes.

`report.bench` measures all of it and returns plain data. Stands on the training room as a run does, and knows
nothing of run folders and pages. Only the command `bench` imports it.
"""
