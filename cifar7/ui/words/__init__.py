"""How designs, runs, devices and numbers are put into words on pages.

Takes designs and runs and returns text. Knows no session, no widget and no page.
"""
