"""The assignment as it is shown: its card, and which requirements a design or a run meets.

Shared by pages. Knows no page, and none of the pictures.
"""
