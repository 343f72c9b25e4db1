# The penalty is in the objective
def objective(x):
    g = 60 / x[0] + 27 / x[1] - 1
    return x[0] + x[1] if g <= 0 else 1e33


LOWER, UPPER, MAX_EVALS = [0.01] * 2, [300] * 2, 600


SOURCE = "a public question; (sqrt 60 + sqrt 27)^2 by Cauchy's inequality"
F_STAR = 167.49844718999245
