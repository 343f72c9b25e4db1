"""Statements of a LaTeX text: clauses, chains of relations, and the letters that index them."""
