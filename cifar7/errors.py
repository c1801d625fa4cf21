"""The one error that people are meant to read."""


class UserError(ValueError):
    """A mistake that its user can mend: one line that says what was wrong, where, and what would be right.

    The command line prints it on stderr and exits with status 2; the page shows it as it is. `cure`, what
    would be right, may be given apart from `fault` for those who show the two apart.
    """

    def __init__(self, fault: str = "", cure: str = "") -> None:
        super().__init__(f"{fault}; {cure}" if cure else fault)
        self.fault, self.cure = fault, cure
