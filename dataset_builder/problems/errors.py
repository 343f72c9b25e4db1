"""What is raised about problems that cannot be read or used."""


class ProblemError(ValueError):
    """A problem that cannot be read or used; the message names the file, the line or field, and the cure."""
