"""Operation profiles of problems, found by tracing their functions once."""
