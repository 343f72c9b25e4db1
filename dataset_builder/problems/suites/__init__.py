"""Suites of problems that no generator drew: problem files with best known values, for acceptance tests and comparisons."""
