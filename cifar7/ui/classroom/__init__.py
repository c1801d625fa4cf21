"""The Class page and its projector view: everybody's tested runs, small against accurate.

A page of its own; knows no other page.
"""
