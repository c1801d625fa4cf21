"""A run as a folder: its record, the queue, the claim of who trains it, and the worker process that does.

Whoever executes a run is the only writer of its folder; anybody may read it at any time. Knows no page
and no command, and starts processes by command line only. torch is loaded only by a process that trains
or checks a run.
"""
