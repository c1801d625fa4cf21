"""A run or a design as files that need no cifar7: a repository to hand in, model.py, train.py, class folders.

Reads runs and never changes one. What is written holds no path and no name of the machine or its user.
Knows no page and no command.
"""
