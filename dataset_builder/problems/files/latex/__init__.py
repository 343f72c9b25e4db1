"""Reading LaTeX: from text through tokens and statements to a ``System``; ``problems.latex_file`` is the way in."""
