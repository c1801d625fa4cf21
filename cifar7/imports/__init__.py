"""Somebody's network, read and never executed: from source, a notebook, `print(model)` or a summary table.

Readers make a `Graph` of calls; what they have in common turns it into a network of the vocabulary and says
what differs. Knows `network` and nothing of data, training, runs or pages; needs no torch but in `tracing`,
which runs the user's own file when he says so.
"""
