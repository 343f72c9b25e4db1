# Tension/compression spring: wire diameter, coil diameter, number of active coils
LOWER = [0.05, 0.25, 2]
UPPER = [2.0, 1.3, 15]
MAX_EVALS = 1500


def objective(x):
    d, D, N = x
    return (N + 2) * D * d**2


def inequality(x):
    d, D, N = x
    return [
        1 - D**3 * N / (71785 * d**4),
        (4 * D**2 - d * D) / (12566 * (D * d**3 - d**4)) + 1 / (5108 * d**2) - 1,
        1 - 140.45 * d / (D**2 * N),
        (d + D) / 1.5 - 1,
    ]


SOURCE = "Arora 1989, Introduction to Optimum Design; Coello Coello 2000, doi:10.1016/S0166-3615(99)00046-9"
F_STAR = 0.012665232788319
