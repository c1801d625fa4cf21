"""The Compare page: what differs between runs, their curves together, and one toggle tried over seeds.

Reads runs that were made elsewhere, and lays those of an experiment. Knows no other page.
"""
