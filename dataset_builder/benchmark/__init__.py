"""Benchmark of the pool Lambda on the problems P: races, run store, labels."""
