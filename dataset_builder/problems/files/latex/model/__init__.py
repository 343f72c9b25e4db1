"""Parts of the optimization problem: objective, variables, definitions, bounds, constraints, starting point, budget."""
