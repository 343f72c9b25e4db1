"""Problem files that people write, in Python and LaTeX."""
