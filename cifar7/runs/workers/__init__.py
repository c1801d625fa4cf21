"""About workers: which devices have one, what each tells of its device and whether that is sound, manners.

Also ending a worker that does not let go of its run.
"""
