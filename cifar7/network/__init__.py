"""What a network is: its vocabulary, presets, arithmetic, the assignment, the module built from it.

Knows nothing of images, training or runs. Only `module` may load torch; nothing else here may load numpy
either, so that figures follow a click at once and `describe` starts without waiting.
"""
