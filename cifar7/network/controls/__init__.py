"""The toggles and fields of a network as data: what a page can set on a whole network, a stage or a unit.

`toggle` says what one is, `table` holds all of them. Needs neither torch nor a page.
"""
