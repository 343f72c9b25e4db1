"""What goes around an evaluator: the journal, worker processes, the best point so far."""
