"""Colours with a meaning, the same on every page: from Okabe and Ito's set, safe for the colour-blind.

Each has a contrast of at least 3:1 to the page in both themes, for which LEARNING and TEST are darker than
theirs; a test computes it for what charts draw. No colour carries a meaning alone: a word or a shape says the
same.
"""

TRAINING = "#0072B2"  # blue: what the network learns from
LEARNING = "#3A93CB"  # sky blue: the running figure while it learns, drawn thin
HELD_OUT = "#D55E00"  # vermillion: the held-out images, to watch it
TEST = "#C58600"  # orange: the test images, read once at the end
TRUE = "#009E73"  # green: the true class of a picture
PREDICTED = "#CC79A7"  # reddish purple: the class that the network predicts
MORE = "#C45F0B"  # dark orange: more often than in another run
FEWER = "#1E86C0"  # blue: less often; both as the figures' changes in the line at the top
OTHER = "#838C95"  # grey: what the others are compared with, and lines to read by
# Runs beside each other, as A, B, C …: each is also drawn with its letter and a shape of its own.
RUNS = ("#6C63D9", "#8A8A1E", "#C2567A", "#2A9D8F")
