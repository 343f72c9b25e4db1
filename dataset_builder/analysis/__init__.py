"""Analyses of the benchmark: the grid study, the label report, baselines, landscape features."""
