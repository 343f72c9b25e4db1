"""Reader of problem files in Python: source -> variables, settings, functions -> checked evaluation."""
