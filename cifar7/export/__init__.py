"""A run or a design as a repository that needs no cifar7: templates that read like the files they make.

Knows networks, data, results and run folders. Must not know the pages or the command line, and loads torch
only to rename weights.
"""
