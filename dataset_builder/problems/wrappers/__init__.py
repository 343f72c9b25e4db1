"""Wrappers of evaluators: the journal, parallel workers, the best point so far."""
