"""The room's one kind of mistake."""

from cifar7.errors import UserError


class ExportError(UserError):
    """Something that cannot be exported: says what, why, and what would help."""
