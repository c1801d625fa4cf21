"""The pages' files, for st.Page, st.page_link and st.switch_page."""

DESIGN = "cifar7/ui/design.py"
TRAIN = "cifar7/ui/train.py"
MISTAKES = "cifar7/ui/mistakes.py"
COMPARE = "cifar7/ui/compare.py"
HAND_IN = "cifar7/ui/handin.py"
PATHS = ("train", "mistakes", "compare", "handin")  # the last part of their addresses; Design has none
