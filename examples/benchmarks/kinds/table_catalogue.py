"""Sections from a catalogue: the index is a variable."""

AREA = [5.7, 7.3, 9.2, 11.1, 14.0, 17.2, 20.5, 26.3, 33.4, 41.8, 52.1, 66.0]
INERTIA = [32, 65, 118, 210, 330, 520, 760, 1240, 1950, 3100, 4900, 7600]


def objective(x):
    columns, beams = int(min(x[0], 11)), int(min(x[1], 11))
    span = x[2]
    sag = 900 * span**3 / (INERTIA[beams] + 0.4 * INERTIA[columns])
    weight = AREA[columns] * 2 * 4 + AREA[beams] * span
    return weight + 1000 * max(0, sag - 300) + 25 * abs(span - 6.5)


LOWER, UPPER, MAX_EVALS = [0, 0, 3], [12, 12, 12], 1000
