"""Least cost of a cylindrical pressure vessel, thicknesses continuous.

Kannan, Kramer 1994, doi:10.1115/1.2919393. Best known: f = 5885.33 at x = (0.778169, 0.384649, 40.319619, 200).
"""

import numpy as np

# thickness of the shell, thickness of the heads, inner radius, length of the cylinder (inches)
LOWER = [0.0625, 0.0625, 10.0, 10.0]
UPPER = [6.1875, 6.1875, 200.0, 200.0]
MAX_EVALS = 1000

VOLUME = 1296000.0


def objective(x):
    """Cost of material, forming and welding."""
    shell, head, radius, length = x
    return (
        0.6224 * shell * radius * length
        + 1.7781 * head * radius**2
        + 3.1661 * shell**2 * length
        + 19.84 * shell**2 * radius
    )


def inequality(x):
    shell, head, radius, length = x
    return np.array(
        [
            0.0193 * radius - shell,
            0.00954 * radius - head,
            1 - (np.pi * radius**2 * length + 4 / 3 * np.pi * radius**3) / VOLUME,
            length / 240 - 1,
        ]
    )
