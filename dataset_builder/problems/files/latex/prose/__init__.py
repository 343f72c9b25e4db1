"""Prose around the formulas: sentences, and whether they may restrict or change the problem."""
