"""Where images come from: CIFAR-10, class folders and archives of them, the built-in shapes.

Every source becomes an `ImageSet`: uint8 pixels, labels, class names, memory-mapped from the data directory.
Here, too: splits of the training images, and augmentation as functions of tensors. The room knows `network/`
at most: nothing of training, runs or pages.
"""
