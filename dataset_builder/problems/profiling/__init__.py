"""Operation profiles: what a problem's functions compute, found by tracing them once."""
