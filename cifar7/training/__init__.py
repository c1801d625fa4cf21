"""How a network is trained: settings, recipes, schedule, steps, and the events that report progress.

Takes a module, an ImageSet and a TrainConfig and yields events. Knows no folder, no queue, no process and
no page: the listener decides what to keep.
"""
