"""Solving: the model's answer, the robust rule, running, fallback, diagnosis."""
