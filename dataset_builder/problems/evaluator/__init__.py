"""The evaluator of symbolic problems: compiled to bytecode for one interpreter, or by NumPy."""
