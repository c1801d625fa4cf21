"""A page of a trial: it greets. Knows no other page."""
