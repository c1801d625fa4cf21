"""Workers seen from outside: which devices have one, and ending one that does not let go of its run."""
