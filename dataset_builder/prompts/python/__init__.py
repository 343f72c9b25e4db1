"""Writers of problem files in Python: patterns, and the parts that they share."""
