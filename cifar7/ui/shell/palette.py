"""Colours with a meaning, the same on every page: from Okabe and Ito's set, safe for the colour-blind.

Each has a contrast of at least 3:1 on white and on black; LEARNING and TEST have less on white, and are drawn
beside others. No colour carries a meaning alone: a word or a shape says the same.
"""

TRAINING = "#0072B2"  # blue: what the network learns from
LEARNING = "#56B4E9"  # sky blue: the running figure while it learns, drawn faint
HELD_OUT = "#D55E00"  # vermillion: the held-out images, to watch it
TEST = "#E69F00"  # orange: the test images, read once at the end
TRUE = "#009E73"  # green: the true class of a picture
PREDICTED = "#CC79A7"  # reddish purple: the class that the network predicts
MORE = "#C45F0B"  # dark orange: more often than in another run
FEWER = "#1E86C0"  # blue: less often; both as the figures' changes in the line at the top
# Runs beside each other, as A, B, C …: each is also drawn with its letter and a shape of its own.
RUNS = ("#6C63D9", "#8A8A1E", "#C2567A", "#2A9D8F")
