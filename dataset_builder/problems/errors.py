"""Exceptions whose messages are for users."""


class LlamocoError(Exception):
    """Base of every error that a person's input or machine can cause; the message says what to do.

    Errors of other kinds are faults of this package.
    """


class ProblemError(LlamocoError, ValueError):
    """A problem that cannot be read or used; the message names the file, the line or field, and the cure."""
