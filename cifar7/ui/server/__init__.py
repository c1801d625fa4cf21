"""The Server page: how the machine is, for the teacher.

Knows nothing of the other pages.
"""
