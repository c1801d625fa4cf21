"""Pictures with what a network says about them: gallery, dialog, probabilities, attention, matrix.

Shared by pages. Knows no page. `inference` is the one module of the pages that loads torch, on the CPU.
"""
