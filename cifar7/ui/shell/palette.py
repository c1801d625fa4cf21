"""Colours with a meaning, the same on every page: of Okabe and Ito's set, safe for the colour-blind.

Each is seen on white and on black alike, with a contrast of 3:1 and more; LEARNING and TEST have less on
white, and are drawn beside others. None carries a meaning alone: a word or a shape says the same.
"""

TRAINING = "#0072B2"  # blue: what the network learns from
LEARNING = "#56B4E9"  # sky blue: the same, as it goes by: a running figure, drawn faint
HELD_OUT = "#D55E00"  # vermillion: what is kept from it, to watch it
TEST = "#E69F00"  # orange: what is read once, at the end
TRUE = "#009E73"  # green: the class that a picture is of
PREDICTED = "#CC79A7"  # reddish purple: the class that the network says
MORE = "#C45F0B"  # dark orange: more often than in another run
FEWER = "#1E86C0"  # blue: less often; both as the figures' changes in the line at the top
# Runs beside each other, as A, B, C …: each is also drawn with its letter and a shape of its own.
RUNS = ("#6C63D9", "#8A8A1E", "#C2567A", "#2A9D8F")
