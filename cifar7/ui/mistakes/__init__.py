"""The Mistakes page: the confusion matrix, the pictures behind it, figures per class, your own picture.

Reads the predictions of the chosen run. Knows no other page.
"""
