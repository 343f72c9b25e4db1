# Enzyme reaction rates: fit a rational function of four parameters
U = [4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]
Y = [0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246]

LOWER = [0, 0, 0, 0]
UPPER = [0.42, 0.42, 0.42, 0.42]
MAX_EVALS = 800


def model(u, p):
    return p[0] * u * (u + p[1]) / (u * (u + p[2]) + p[3])


def objective(p):
    return sum((y - model(u, p)) ** 2 for u, y in zip(U, Y))


SOURCE = "Moré, Garbow, Hillstrom 1981, doi:10.1145/355934.355936, problem 15 (Kowalik and Osborne)"
F_STAR = 0.0003075056038492
