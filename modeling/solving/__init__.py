"""From a problem to a solved problem."""
