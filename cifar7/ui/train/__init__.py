"""The Train page: data, recipe and learning-rate test on one side, the run in progress on the other.

Lays runs in the queue and watches their folders; nothing is trained in this process. Knows no other page.
"""
