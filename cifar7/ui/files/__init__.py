"""Files in and out of the browser: tables and pictures to take away, uploads to read.

Knows no session and no page.
"""
