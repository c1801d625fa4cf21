"""The one kind of error of an export."""

from cifar7.errors import UserError


class ExportError(UserError):
    """Something that cannot be exported: says what, why, and what would be right."""
