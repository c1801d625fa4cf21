"""The one error that people are meant to read."""


class UserError(ValueError):
    """A mistake that its user can mend: one line that says what was wrong, where, and what would be right.

    The command line prints it on stderr and exits with status 2; the page shows it as it is.
    """
