"""What a trained network's predictions tell: confusion, figures per class, calibration, Grad-CAM.

Knows predictions and pictures, not where a run keeps them. Pages read it, so torch is loaded only where a
network is looked into: `gradcam` and `receptive`.
"""
