"""Colours with a meaning, the same on every page: of the Okabe-Ito set, safe for the colour-blind.

Each was chosen to be seen on white and on black alike (contrast 3:1 and more on both, TEST excepted on white).
None carries a meaning alone: a word or a shape says the same.
"""

TRAINING = "#0072B2"  # blue: what the network learns from
HELD_OUT = "#D55E00"  # vermillion: what is kept from it, to watch it
TEST = "#E69F00"  # orange: what is read once, at the end
TRUE = "#009E73"  # green: the class that a picture is of
PREDICTED = "#CC79A7"  # reddish purple: the class that the network says
