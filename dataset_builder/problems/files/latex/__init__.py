"""Reader of problem files in LaTeX, stage by stage; ``latex_file.read_latex`` is the entry point.

text         -> ``lexing``: source with macros expanded, tokens with places, units dropped, names and tables normalized
tokens       -> ``statements``: clauses, then chains of relations with the ranges of their indices
statements   -> ``model``: objective, variables, budget and starting point are recognized, definitions stored, dimensions inferred
definitions  -> ``symbols``: decision variables, index ranges and the values of names, built when first used
tokens       -> ``formulas``: the recursive-descent parser that turns one expression into a value, on demand of the others
rest         -> ``model``: bounds and constraints; what is left over is refused
prose        -> ``prose``: sentences between the formulas, judged: may they restrict or change the problem?
result       -> ``SymbolicProblem`` with bounds, budget, starting point and integers (``LatexFile``)
"""
