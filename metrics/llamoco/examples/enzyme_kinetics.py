import numpy as np

# Fit of an enzyme reaction's rate to measurements (Kowalik, Osborne 1968; data set MGH09 of the
# NIST reference problems for nonlinear regression). Certified: sum of squares 3.0750560385e-04 at
# b = (0.19280693458, 0.19128232873, 0.12305650693, 0.13606233068).

rate = [0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246]
concentration = [4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]


def predict(b, u):
    return b[0] * (u**2 + b[1] * u) / (u**2 + b[2] * u + b[3])


def objective(b):
    total = 0.0
    for k in range(len(rate)):
        total += (rate[k] - predict(b, concentration[k])) ** 2
    return total


LOWER = np.zeros(4)
UPPER = np.ones(4)
MAX_EVALS = 800
