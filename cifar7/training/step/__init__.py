"""One training step and what it is made of: batches, gradients, update, average, metrics, and its recording.

Every part can be recorded as a CUDA graph: it waits for no device, and works on tensors that stay in place.
Knows nothing of epochs' figures, protocols, events and checkpoints.
"""
