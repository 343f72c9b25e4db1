"""Basic functions F, constraints Omega and problems from textbooks."""
