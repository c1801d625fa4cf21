"""Explore: which toggle pays? A sweep is chosen, watched, and read.

Knows of a sweep what its folder says; what varies, what is tried and what follows is `cifar7.sweeps`'.
"""
