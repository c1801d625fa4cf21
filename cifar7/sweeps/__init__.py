"""Many trainings that differ in what was chosen to vary: what varies, what is tried, and what it says.

A sweep is a folder beside its runs, and its trials are ordinary runs. Knows nothing of pages and commands.
"""
