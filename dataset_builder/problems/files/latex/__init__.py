"""Reading LaTeX: from text through tokens and statements to a ``SymbolicProblem``; ``problems.latex_file`` is the way in."""
