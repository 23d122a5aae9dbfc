"""Errors that are told to a person: what is wrong, where, and the way out."""


class UserError(Exception):
    """Something the caller can mend. The CLI prints the message without a stack and ends with exit code 2."""
