def objective(x):
    x, y = x
    return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2


LOWER, UPPER = [-3, -2], [3, 2]
MAX_EVALS = 60


SOURCE = "Dixon, Szegö 1978, Towards Global Optimisation 2, six-hump camel back"
F_STAR = -1.0316284534898774
