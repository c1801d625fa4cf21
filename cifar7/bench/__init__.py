"""Evidence, not product: training here beside the loops that people write, timed by phase on the same images.

Uses the rooms as anybody would, and no room but `commands` uses it.
"""
