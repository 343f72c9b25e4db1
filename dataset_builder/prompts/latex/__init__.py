"""Writers of problem files in LaTeX: patterns, and the parts that they share."""
