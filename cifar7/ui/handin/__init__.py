"""The Hand in page: the assignment card with measured values, and the run as a zip.

Reads the chosen run; the files are made by the room `export`. Knows no other page.
"""
