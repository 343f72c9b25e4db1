"""Formulas to values: a recursive-descent parser over the tokens of one expression."""
