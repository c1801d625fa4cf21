"""What is kept: saving it while a disk is full, checking it, lists that tell of damage, and removing it."""
