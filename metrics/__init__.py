"""Scores of models that write optimizers, and the sandbox that their programs run in."""
