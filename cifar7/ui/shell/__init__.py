"""What all pages live in: the session's state, the address that carries it, the list of pages, the style.

Knows no page but by the path of its file, and nothing of what a page shows.
"""
