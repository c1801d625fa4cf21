"""Where images come from (CIFAR-10, class folders, the built-in set), and how they become batches.

Knows sets, not networks, and not what a batch is used for. Everything that is read here may be hostile or
damaged: it becomes an ImageSet or one DataError.
"""
