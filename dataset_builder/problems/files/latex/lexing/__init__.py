"""Tokens of a LaTeX text: macros written out, commands by meaning, names and tables in one form."""
