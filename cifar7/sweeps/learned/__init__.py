"""What is learned from a sweep: effects with their errors, what accuracy goes with, the best design."""
